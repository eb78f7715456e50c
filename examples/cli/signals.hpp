// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Signals as something to read. The library never touches the signals of its host; a command line tool has to.

#include <signal.h>

#include <initializer_list>
#include <optional>

namespace cli {

/// While it lives, the signals wait to be read instead of doing what they do. Used before any thread is started.
class Signals {
 public:
  /// Throws: std::system_error.
  explicit Signals(std::initializer_list<int> signals);
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;
  ~Signals();

  [[nodiscard]] int fd() const noexcept { return fd_; }  ///< readable when a signal waits
  [[nodiscard]] std::optional<int> next() const;         ///< empty: none waits

 private:
  sigset_t before_{};
  int fd_ = -1;
};

}  // namespace cli
