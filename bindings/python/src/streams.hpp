// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <pybind11/pybind11.h>

#include <optional>
#include <string>

namespace dunnage::python {

/// What launch() and exec() were told about text; subprocess has the same words.
struct TextMode {
  bool text = false;
  std::optional<std::string> encoding{};
  std::optional<std::string> errors{};
};

/// The ends of pipes and terminals as file objects of Python, made when they are asked for. They own descriptors of
/// their own, so they can be read to the end when the container is gone, and no number is ever closed twice.
class Streams {
 public:
  explicit Streams(TextMode mode) : mode_{std::move(mode)} {}

  /// `fd` is the library's; None if it is -1. `letter` is 'r', 'w', or '+' for a terminal.
  [[nodiscard]] pybind11::object input(int fd);
  [[nodiscard]] pybind11::object output(int fd) { return file(out_, fd, 'r'); }
  [[nodiscard]] pybind11::object error(int fd) { return file(err_, fd, 'r'); }
  [[nodiscard]] pybind11::object terminal(int fd) { return file(terminal_, fd, '+'); }

  /// The program reads the end of its input.
  void close_input();
  void close();

 private:
  pybind11::object file(pybind11::object& slot, int fd, char letter);

  TextMode mode_;
  pybind11::object in_;
  pybind11::object out_;
  pybind11::object err_;
  pybind11::object terminal_;
};

}  // namespace dunnage::python
