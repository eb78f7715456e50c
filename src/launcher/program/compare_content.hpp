// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// In what two entries of one kind differ.

#include "launcher/program/entry.hpp"
#include "launcher/program/work.hpp"

namespace dunnage::launcher {

struct ComparedEntry {
  int fd;  ///< O_PATH
  const struct statx& status;
};

/// Large: keep it off the stack.
class ContentComparison {
 public:
  explicit ContentComparison(Worker& worker) noexcept : worker_{worker} {}

  /// \param what  gets CompareWhat for all that differs. 0 or -errno
  long compare(const ComparedEntry& one, const ComparedEntry& other, uint32_t& what) noexcept;

 private:
  static constexpr size_t kData = size_t{128} << 10U;
  static constexpr size_t kAttributes = size_t{64} << 10U;  ///< the kernel's XATTR_SIZE_MAX and XATTR_LIST_MAX

  long compare_files(const ComparedEntry& one, const ComparedEntry& other, uint32_t& what) noexcept;
  long compare_bytes(int one, int other, uint64_t size, uint32_t& what) noexcept;
  long compare_targets(int one, int other, uint32_t& what) noexcept;
  long compare_attributes(int one, int other, uint32_t& what) noexcept;
  long count_attributes(int fd, long& size, unsigned& count) noexcept;

  Worker& worker_;
  char names_[kAttributes];
  alignas(16) char one_[kData];
  alignas(16) char other_[kData];
};

}  // namespace dunnage::launcher
