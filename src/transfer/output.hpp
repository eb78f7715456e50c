// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A descriptor of the host's that is written to: a file, a pipe, a terminal.

#include "image/watching.hpp"

#include <string_view>

namespace dunnage::transfer {

class Output {
 public:
  /// \param fd  stays the caller's \param watching  outlives this
  /// Throws: kernel::CallError.
  Output(int fd, const image::Watching& watching);

  /// Waits for room, and looks at the caller's wishes meanwhile. Raises no SIGPIPE.
  /// Throws: kernel::CallError, EPIPE if nobody reads any more; image::Fault(cancelled, timed_out).
  void write(std::string_view bytes) const;

 private:
  int fd_;
  bool waits_ = false;  ///< it may keep its writer waiting
  const image::Watching& watching_;
};

}  // namespace dunnage::transfer
