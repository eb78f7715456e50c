// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Reading one file of the log of a record (launcher/log_format.hpp), also while the launcher writes it.

#include <dunnage/container_store.hpp>

#include "kernel/file_descriptor.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace dunnage::container {

inline constexpr const char* kLogName = "log";
inline constexpr const char* kOlderLogName = "log.1";

/// One file of a log, entry by entry.
class LogFile {
 public:
  /// Reads what it holds now; look_again() for what came later. Throws: kernel::CallError.
  explicit LogFile(kernel::FileDescriptor file);

  /// The next whole entry, valid until the next call. Nothing at the end, and before an entry that was cut off.
  /// Throws: kernel::CallError.
  [[nodiscard]] std::optional<LogEntry> next();

  void look_again();
  void rewind() noexcept;

  [[nodiscard]] int fd() const noexcept { return file_.get(); }
  /// Where the next entry begins.
  [[nodiscard]] std::uint64_t position() const noexcept { return position_; }

 private:
  [[nodiscard]] const char* bytes(std::size_t count);

  kernel::FileDescriptor file_;
  std::uint64_t end_ = 0;
  std::uint64_t position_ = 0;
  std::string buffer_;
  std::uint64_t buffer_position_ = 0;  ///< in the file
};

/// The size of a log without an entry that was cut off at its end. Throws: kernel::CallError.
[[nodiscard]] std::uint64_t whole_size(kernel::FileDescriptor log);

}  // namespace dunnage::container
