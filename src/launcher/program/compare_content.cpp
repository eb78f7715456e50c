// SPDX-License-Identifier: Apache-2.0
#include "launcher/program/compare_content.hpp"

#include "launcher/program/copy.hpp"
#include "launcher/program/file_attributes.hpp"

#include <linux/fiemap.h>
#include <linux/fs.h>

namespace dunnage::launcher {
namespace {

constexpr uint32_t kExtents = 32;
constexpr uint64_t kWorthMapping = uint64_t{256} << 10U;  ///< below it, reading is as fast

/// A part of the list of a file's extents. The kernel's struct ends in an array of no size.
struct ExtentMap {
  alignas(8) char bytes[sizeof(fiemap) + kExtents * sizeof(fiemap_extent)] = {};

  [[nodiscard]] fiemap* header() noexcept { return reinterpret_cast<fiemap*>(bytes); }
  [[nodiscard]] uint32_t count() noexcept { return header()->fm_mapped_extents; }
  [[nodiscard]] const fiemap_extent& at(uint32_t index) noexcept { return header()->fm_extents[index]; }

  long read(int fd, uint64_t start) noexcept {
    __builtin_memset(bytes, 0, sizeof(fiemap));
    header()->fm_start = start;
    header()->fm_length = UINT64_MAX - start;
    header()->fm_flags = FIEMAP_FLAG_SYNC;
    header()->fm_extent_count = kExtents;
    return raw_syscall(__NR_ioctl, fd, FS_IOC_FIEMAP, as_argument(bytes));
  }
};

bool is_same_extent(const fiemap_extent& one, const fiemap_extent& other) noexcept {
  constexpr uint32_t kVague = FIEMAP_EXTENT_UNKNOWN | FIEMAP_EXTENT_DELALLOC | FIEMAP_EXTENT_ENCODED |
                              FIEMAP_EXTENT_NOT_ALIGNED | FIEMAP_EXTENT_DATA_INLINE | FIEMAP_EXTENT_DATA_TAIL;
  constexpr uint32_t kUnwritten = FIEMAP_EXTENT_UNWRITTEN;
  return ((one.fe_flags | other.fe_flags) & kVague) == 0 && one.fe_logical == other.fe_logical &&
         one.fe_physical == other.fe_physical && one.fe_length == other.fe_length &&
         (one.fe_flags & kUnwritten) == (other.fe_flags & kUnwritten);
}

/// Whether both files of one file system are made of the same blocks of the disk, as a reflink and its original are
/// until one of them is written to. False says nothing.
bool share_all_extents(int one, int other) noexcept {
  static ExtentMap first;
  static ExtentMap second;
  for (uint64_t start = 0;;) {
    if (first.read(one, start) < 0 || second.read(other, start) < 0 || first.count() != second.count() ||
        first.count() == 0) {
      return false;
    }
    for (uint32_t index = 0; index < first.count(); ++index) {
      if (!is_same_extent(first.at(index), second.at(index))) {
        return false;
      }
    }
    const fiemap_extent& last = first.at(first.count() - 1);
    const uint32_t other_flags = second.at(second.count() - 1).fe_flags;
    if (((last.fe_flags | other_flags) & FIEMAP_EXTENT_LAST) != 0) {
      return (last.fe_flags & other_flags & FIEMAP_EXTENT_LAST) != 0;
    }
    start = last.fe_logical + last.fe_length;
  }
}

bool is_same_time(const struct statx& one, const struct statx& other) noexcept {
  return one.stx_mtime.tv_sec == other.stx_mtime.tv_sec && one.stx_mtime.tv_nsec == other.stx_mtime.tv_nsec;
}

uint32_t flag_if(bool differs, CompareWhat flag) noexcept { return differs ? static_cast<uint32_t>(flag) : 0U; }

uint32_t compare_status(const struct statx& one, const struct statx& other) noexcept {
  const unsigned kind = kind_of(one);
  const bool device = kind == S_IFCHR || kind == S_IFBLK;
  const bool other_owner = one.stx_uid != other.stx_uid || one.stx_gid != other.stx_gid;
  const bool other_device = one.stx_rdev_major != other.stx_rdev_major || one.stx_rdev_minor != other.stx_rdev_minor;
  return flag_if(one.stx_mode != other.stx_mode, kDiffersMode) | flag_if(other_owner, kDiffersOwner) |
         flag_if(kind != S_IFDIR && !is_same_time(one, other), kDiffersTime) |
         flag_if(device && other_device, kDiffersDevice);
}

long read_part(int fd, char* data, size_t size, uint64_t position) noexcept {
  size_t got = 0;
  while (got < size) {
    const long result = raw_syscall(__NR_pread64, fd, as_argument(data + got), static_cast<long>(size - got),
                                    static_cast<long>(position + got));
    if (result < 0) {
      return result;
    }
    if (result == 0) {
      break;
    }
    got += static_cast<size_t>(result);
  }
  return static_cast<long>(got);
}

/// Eight bytes at a time; there is no C library here that would. Both begin at multiples of eight.
bool is_same(const char* one, const char* other, size_t size) noexcept {
  size_t index = 0;
  for (; index + 8 <= size; index += 8) {
    uint64_t first = 0;
    uint64_t second = 0;
    __builtin_memcpy(&first, one + index, 8);
    __builtin_memcpy(&second, other + index, 8);
    if (first != second) {
      return false;
    }
  }
  for (; index < size; ++index) {
    if (one[index] != other[index]) {
      return false;
    }
  }
  return true;
}

int open_for_reading(int fd) noexcept {
  return open_at(AT_FDCWD, DescriptorPath{fd}.text, O_RDONLY | O_NONBLOCK | O_NOCTTY);
}

}  // namespace

long ContentComparison::compare(const ComparedEntry& one, const ComparedEntry& other, uint32_t& what) noexcept {
  what = compare_status(one.status, other.status);
  long result = 0;
  switch (kind_of(one.status)) {
    case S_IFREG:
      result = compare_files(one, other, what);
      break;
    case S_IFLNK:
      return compare_targets(one.fd, other.fd, what);  // the kernel has no attributes of the user for it
    default:
      break;
  }
  return result < 0 ? result : compare_attributes(one.fd, other.fd, what);
}

long ContentComparison::compare_files(const ComparedEntry& one, const ComparedEntry& other, uint32_t& what) noexcept {
  const uint64_t size = one.status.stx_size;
  if (size != other.status.stx_size) {
    what |= kDiffersContent;
    return 0;
  }
  const bool trusted = (worker_.request.flags & kCompareTrustTimes) != 0 && is_same_time(one.status, other.status);
  if (size == 0 || trusted) {
    return 0;
  }
  const int first = open_for_reading(one.fd);
  const int second = first < 0 ? first : open_for_reading(other.fd);
  long result = second < 0 ? second : 0;
  const bool one_disk = device_of(one.status) == device_of(other.status);
  if (result >= 0 && !(one_disk && size >= kWorthMapping && share_all_extents(first, second))) {
    result = compare_bytes(first, second, size, what);
  }
  if (first >= 0) {
    (void)close_descriptor(first);
  }
  if (second >= 0) {
    (void)close_descriptor(second);
  }
  return result;
}

long ContentComparison::compare_bytes(int one, int other, uint64_t size, uint32_t& what) noexcept {
  for (uint64_t position = 0; position < size; position += kData) {
    const long first = read_part(one, one_, kData, position);
    const long second = first < 0 ? first : read_part(other, other_, kData, position);
    if (second < 0) {
      return second;
    }
    if (first != second || !is_same(one_, other_, static_cast<size_t>(first))) {
      what |= kDiffersContent;
      return 0;
    }
    worker_.bytes.fetch_add(static_cast<uint64_t>(first), std::memory_order_relaxed);
  }
  return 0;
}

long ContentComparison::compare_targets(int one, int other, uint32_t& what) noexcept {
  const long first = raw_syscall(__NR_readlinkat, one, as_argument(""), as_argument(one_), kMostPath);
  const long second = raw_syscall(__NR_readlinkat, other, as_argument(""), as_argument(other_), kMostPath);
  if (first < 0 || second < 0) {
    return first < 0 ? first : second;
  }
  const bool same = first == second && is_same(one_, other_, static_cast<size_t>(first));
  what |= flag_if(!same, kDiffersTarget);
  return 0;
}

long ContentComparison::count_attributes(int fd, long& size, unsigned& count) noexcept {
  count = 0;
  size = list_attributes(fd, names_, sizeof names_);
  return each_attribute(names_, size, [&](const char*) -> long {
    ++count;
    return 0;
  });
}

long ContentComparison::compare_attributes(int one, int other, uint32_t& what) noexcept {
  long size = 0;
  unsigned of_other = 0;
  unsigned of_one = 0;
  long result = count_attributes(other, size, of_other);
  result = result < 0 ? result : count_attributes(one, size, of_one);  // these names stay
  if (result < 0) {
    return result;
  }
  if (of_one != of_other) {
    what |= kDiffersAttributes;
    return 0;
  }
  constexpr long kDiffers = 1;
  result = each_attribute(names_, size, [&](const char* name) -> long {
    const long first = get_attribute(one, name, one_, kAttributes);
    const long second = get_attribute(other, name, other_, kAttributes);
    if (first < 0 && first != -ENODATA) {
      return first;
    }
    const bool same = first == second && (first <= 0 || is_same(one_, other_, static_cast<size_t>(first)));
    return same ? 0 : kDiffers;
  });
  what |= flag_if(result == kDiffers, kDiffersAttributes);
  return result < 0 ? result : 0;
}

}  // namespace dunnage::launcher
