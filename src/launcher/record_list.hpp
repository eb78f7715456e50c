// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Many records for a worker, in a file in memory: each with what follows it, padded to eight bytes. Read by
/// program/record_list.hpp.

#include "kernel/file_descriptor.hpp"

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace dunnage::launcher {

/// Not for several threads at once.
class RecordList {
 public:
  /// \param name  of the file, for who looks at descriptors. Throws: kernel::CallError.
  explicit RecordList(const char* name);

  /// \tparam Record  has a `size`, which becomes that of all of it \param parts  follow it, one after the other
  /// Throws: kernel::CallError.
  template <typename Record>
  void add(Record record, std::initializer_list<std::string_view> parts) {
    std::size_t used = sizeof record;
    for (const std::string_view part : parts) {
      used += part.size();
    }
    record.size = static_cast<std::uint32_t>((used + 7) / 8 * 8);
    append({reinterpret_cast<const char*>(&record), sizeof record}, parts, record.size - used);
  }

  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }

  /// The file, with all that was added. Throws: kernel::CallError.
  [[nodiscard]] int file();

 private:
  void append(std::string_view record, std::initializer_list<std::string_view> parts, std::size_t padding);
  void flush();

  kernel::FileDescriptor memory_;
  std::string buffer_;
  std::uint64_t count_ = 0;
};

/// The end of a text in a record.
inline constexpr std::string_view kNul{"", 1};

/// A path below a tree, as it may stand in a record. Throws: kernel::CallError(EINVAL, ENAMETOOLONG) of `call`.
void require_listable(const char* call, std::string_view path);

}  // namespace dunnage::launcher
