// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Where archives come from: files, and pipes that may be slow or have no end.

#include "image/watching.hpp"
#include "kernel/file_descriptor.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

namespace dunnage::image {

/// Opens what the caller named. A FIFO does not block, a device is refused.
/// Throws: Fault(image_invalid), CallError.
[[nodiscard]] kernel::FileDescriptor open_input(const std::filesystem::path& path);

/// Reads to the end of a file, pipe or socket, whatever its flags are, and looks at the caller's wishes meanwhile.
/// Throws: Fault(limit_exceeded) if there are more than `limit` bytes, Fault(cancelled, timed_out), CallError, what
/// `take` throws.
void read_input(int fd, std::uint64_t limit, Watching& watching, const std::string& subject,
                const std::function<void(std::string_view)>& take);

/// The file itself if it is a regular one that has not been read from; otherwise all that can be read from it, copied
/// into a file in `directory`. Throws: as read_input(), Fault(image_invalid) if it is neither file, pipe nor socket.
class Spooled {
 public:
  Spooled(int fd, int directory, std::uint64_t limit, Watching& watching, const std::string& subject);

  /// A regular file, to be read from its beginning by pread(2).
  [[nodiscard]] int get() const noexcept { return copy_ ? copy_.get() : fd_; }

 private:
  int fd_;
  kernel::FileDescriptor copy_;
};

}  // namespace dunnage::image
