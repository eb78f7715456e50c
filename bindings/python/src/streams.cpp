// SPDX-License-Identifier: Apache-2.0
#include "streams.hpp"

#include <pybind11/stl.h>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace py = pybind11;

namespace dunnage::python {
namespace {

py::object open_file(int fd, char letter, const TextMode& mode) {
  const int own = ::fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (own < 0) {
    PyErr_SetFromErrno(PyExc_OSError);
    throw py::error_already_set{};
  }
  const bool text = letter != '+' && (mode.text || mode.encoding || mode.errors);
  const std::string how = letter == '+' ? "r+b" : std::string{letter} + (text ? "" : "b");
  try {
    const auto io = py::module_::import("io");
    if (!text) return io.attr("open")(own, how, py::arg("buffering") = letter == 'r' ? -1 : 0);
    return io.attr("open")(own, how, py::arg("encoding") = mode.encoding.value_or("utf-8"),
                           py::arg("errors") = mode.errors.value_or("strict"));
  } catch (...) {
    (void)::close(own);
    throw;
  }
}

/// A file that is closed may have something to flush for a program that is gone.
void close_quietly(const py::object& file) {
  if (!file) return;
  try {
    file.attr("close")();
  } catch (const py::error_already_set& error) {
    if (!error.matches(PyExc_OSError)) throw;
  }
}

}  // namespace

py::object Streams::file(py::object& slot, int fd, char letter) {
  if (!slot && fd >= 0) slot = open_file(fd, letter, mode_);
  return slot ? slot : py::object{py::none{}};
}

py::object Streams::input(int fd) { return file(in_, fd, 'w'); }

void Streams::close_input() { close_quietly(in_); }

void Streams::close() {
  for (py::object* file : {&in_, &out_, &err_, &terminal_}) {
    const py::object closing = *file;
    close_quietly(closing);
  }
}

}  // namespace dunnage::python
