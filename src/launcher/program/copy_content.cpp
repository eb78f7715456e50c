// SPDX-License-Identifier: Apache-2.0
#include "launcher/program/copy.hpp"

#include <linux/fs.h>

namespace dunnage::launcher {
namespace {

constexpr uint64_t kAtOnce = uint64_t{16} << 20U;  ///< between looks whether the copy is still wanted
constexpr long kSeekData = 3;
constexpr long kSeekHole = 4;
constexpr long kStartWriting = 2;  // SYNC_FILE_RANGE_WRITE

/// What file systems say that cannot do something at all, or not from one to another.
bool is_refusal(long result) noexcept {
  return result == -EXDEV || result == -EOPNOTSUPP || result == -EINVAL || result == -ENOSYS || result == -ENOTTY ||
         result == -EPERM;
}

/// Content that is under way, from `position` on.
struct Range {
  int from;
  int to;
  uint64_t position;
  uint64_t end;
};

/// The disk shall not wait until everything is copied.
void start_writing(CopyThread& thread, const Range& range, uint64_t size) noexcept {
  if (thread.copy->is(kCopySync) && size >= kAtOnce) {
    (void)raw_syscall(__NR_sync_file_range, range.to, static_cast<long>(range.position), static_cast<long>(size),
                      kStartWriting);
  }
}

long account(CopyThread& thread, uint64_t size, Step& step) noexcept {
  Worker& worker = thread.copy->worker;
  const uint64_t before = worker.bytes.fetch_add(size, std::memory_order_relaxed);
  if (before + size > worker.request.most_bytes) {
    step = Step::BoundBytes;
    return -EFBIG;
  }
  return has_failed(worker) ? -ECANCELED : 0;
}

long write_all(CopyThread& thread, const Range& range, uint64_t size) noexcept {
  uint64_t done = 0;
  while (done < size) {
    const long result = raw_syscall(__NR_pwrite64, range.to, as_argument(thread.data + done),
                                    static_cast<long>(size - done), static_cast<long>(range.position + done));
    if (result <= 0) {
      return result < 0 ? result : -EIO;
    }
    done += static_cast<uint64_t>(result);
  }
  return 0;
}

/// By way of our memory. Stops where the file ends, wherever that is by now.
long copy_by_hand(CopyThread& thread, Range range, Step& step) noexcept {
  while (range.position < range.end) {
    const uint64_t left = range.end - range.position;
    const auto wanted = static_cast<long>(left < kDataBuffer ? left : kDataBuffer);
    const long size =
        raw_syscall(__NR_pread64, range.from, as_argument(thread.data), wanted, static_cast<long>(range.position));
    if (size <= 0) {
      step = Step::ReadEntry;
      return size;
    }
    step = Step::WriteEntry;
    long result = write_all(thread, range, static_cast<uint64_t>(size));
    result = result < 0 ? result : account(thread, static_cast<uint64_t>(size), step);
    if (result < 0) {
      return result;
    }
    range.position += static_cast<uint64_t>(size);
    if (range.position % kAtOnce < static_cast<uint64_t>(size)) {
      Range written = range;
      written.position = range.position >= kAtOnce ? range.position - kAtOnce : 0;
      start_writing(thread, written, kAtOnce);
    }
  }
  return 0;
}

/// Inside of the kernel, where the file systems can.
long copy_range(CopyThread& thread, Range range, Step& step) noexcept {
  step = Step::WriteEntry;
  while (range.position < range.end && !thread.copy->no_copy_range.load(std::memory_order_relaxed)) {
    const uint64_t left = range.end - range.position;
    auto from = static_cast<int64_t>(range.position);
    int64_t to = from;
    const long size = raw_syscall(__NR_copy_file_range, range.from, as_argument(&from), range.to, as_argument(&to),
                                  static_cast<long>(left < kAtOnce ? left : kAtOnce), 0);
    if (is_refusal(size)) {
      thread.copy->no_copy_range.store(true, std::memory_order_relaxed);
      break;
    }
    if (size < 0) {
      return size;
    }
    if (size == 0) {
      break;  // its end, or a file system whose files have a content and no size
    }
    start_writing(thread, range, static_cast<uint64_t>(size));
    range.position += static_cast<uint64_t>(size);
    if (const long result = account(thread, static_cast<uint64_t>(size), step); result < 0) {
      return result;
    }
  }
  return range.position < range.end ? copy_by_hand(thread, range, step) : 0;
}

long copy_data(CopyThread& thread, const Range& range, Step& step) noexcept {
  return range.end - range.position <= kDataBuffer ? copy_by_hand(thread, range, step)
                                                   : copy_range(thread, range, step);
}

/// Data only; what lies between stays a hole. The file's size comes first.
long copy_sparse(CopyThread& thread, Range range, Step& step) noexcept {
  step = Step::WriteEntry;
  const uint64_t size = range.end;
  long result = raw_syscall(__NR_ftruncate, range.to, static_cast<long>(size));
  uint64_t position = 0;
  while (result >= 0 && position < size) {
    const long data = raw_syscall(__NR_lseek, range.from, static_cast<long>(position), kSeekData);
    if (data < 0) {
      step = Step::ReadEntry;
      return data == -ENXIO ? 0 : data;  // none is left
    }
    const long hole = raw_syscall(__NR_lseek, range.from, data, kSeekHole);
    if (hole < 0) {
      step = Step::ReadEntry;
      return hole == -ENXIO ? 0 : hole;  // it became shorter
    }
    range.position = static_cast<uint64_t>(data);
    range.end = static_cast<uint64_t>(hole) < size ? static_cast<uint64_t>(hole) : size;
    if (range.position >= size) {
      return 0;
    }
    result = copy_data(thread, range, step);
    position = range.end;
  }
  return result;
}

}  // namespace

long copy_content(CopyThread& thread, int from, int to, const struct statx& status, Step& step) noexcept {
  if (status.stx_size == 0) {
    return 0;
  }
  if (!thread.copy->no_clone.load(std::memory_order_relaxed)) {
    const long result = raw_syscall(__NR_ioctl, to, FICLONE, from);
    if (result >= 0) {
      thread.copy->worker.cloned.fetch_add(status.stx_size, std::memory_order_relaxed);
      step = Step::WriteEntry;
      return account(thread, status.stx_size, step);
    }
    if (is_refusal(result)) {
      thread.copy->no_clone.store(true, std::memory_order_relaxed);
    } else if (result != -ETXTBSY) {
      step = Step::WriteEntry;
      return result;
    }
  }
  const Range whole{from, to, 0, status.stx_size};
  return status.stx_blocks * 512 < status.stx_size ? copy_sparse(thread, whole, step) : copy_data(thread, whole, step);
}

}  // namespace dunnage::launcher
