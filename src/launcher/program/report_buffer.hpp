// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Many small findings of a worker, told together.

#include "launcher/program/work.hpp"

namespace dunnage::launcher {

class ReportBuffer {
 public:
  explicit ReportBuffer(Worker& worker) noexcept : worker_{worker} {}

  /// Makes room for a finding of that many bytes: what is there is told if there is none. 0 or -errno
  long begin(size_t size) noexcept { return used_ + size > sizeof bytes_ ? flush() : 0; }
  void add(const void* bytes, size_t size) noexcept {
    __builtin_memcpy(bytes_ + used_, bytes, size);
    used_ += size;
  }
  /// A record, which has a `path_size`, with that path behind it. 0 or -errno
  template <typename Record>
  long tell_of(Record& record, const char* path) noexcept {
    record.path_size = static_cast<uint32_t>(text_size(path));
    if (const long result = begin(sizeof record + record.path_size); result < 0) {
      return result;
    }
    add(&record, sizeof record);
    add(path, record.path_size);
    return 0;
  }
  /// Tells what is there. 0 or -errno
  long flush() noexcept {
    const long result = used_ == 0 ? 0 : tell(worker_, bytes_, used_, "", 0);
    used_ = 0;
    return result;
  }

 private:
  Worker& worker_;
  size_t used_ = 0;
  char bytes_[size_t{32} << 10U] = {};
};

}  // namespace dunnage::launcher
