// SPDX-License-Identifier: Apache-2.0
// Telling a tree, for an archive of it: what each entry is, and the descriptor of each file, opened here because the
// host may not open it by itself.

#include "launcher/program/copy.hpp"
#include "launcher/program/entry.hpp"
#include "launcher/program/file_attributes.hpp"
#include "launcher/program/sorted_walk.hpp"
#include "launcher/program/work.hpp"

namespace dunnage::launcher {
namespace {

constexpr size_t kMostTexts = size_t{40} << 10U;

class Pack {
 public:
  explicit Pack(Worker& worker) noexcept : worker_{worker} {}

  void run() noexcept {
    const char* path = text_at(worker_, 0);
    const unsigned nofollow = (worker_.request.flags & kLookFollow) != 0 ? 0 : O_NOFOLLOW;
    WalkEntry top;
    top.path = "";
    top.fd = kernel::open_at2(worker_.descriptors[0], path[0] == '\0' ? "." : path, O_PATH | nofollow,
                              RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
    long result = top.fd < 0 ? top.fd : status_of(top.fd, top.status);
    Visit visit = Visit::Descend;
    result = result < 0 ? fail(Step::OpenSource, result, path) : tell_entry(top, visit);
    if (result >= 0 && visit == Visit::Descend && kind_of(top.status) == S_IFDIR) {
      result = walk_.run(top.fd, [&](const WalkEntry& entry, Visit& answer) { return tell_entry(entry, answer); });
      if (result < 0) {
        (void)fail(step_of_walk(result, Step::ReadDirectory), result, last_);
      }
    }
  }

 private:
  long fail(Step step, long result, const char* path) noexcept {
    fail_work(worker_, step, result, path);
    return result;
  }

  /// 0 or -errno
  long tell_entry(const WalkEntry& entry, Visit& visit) noexcept {
    last_ = entry.path;
    if (worker_.entries.fetch_add(1, std::memory_order_relaxed) >= worker_.request.most_entries) {
      return fail(Step::BoundEntries, -E2BIG, entry.path);
    }
    const unsigned kind = kind_of(entry.status);
    if (kind == S_IFDIR && is_of_kernel(entry.fd)) {
      visit = Visit::Pass;
    }
    if (kind == S_IFSOCK) {
      return 0;  // nobody could use it
    }
    PackRecord record = record_of(entry.status);
    size_ = 0;
    record.path_size = static_cast<uint32_t>(text_size(entry.path));
    long result = add(entry.path, record.path_size);
    if (result >= 0 && kind == S_IFLNK) {
      result = read_link(entry.fd, record);
    } else if (result >= 0) {
      result = read_attributes(entry.fd);
    }
    if (result < 0) {
      return fail(Step::ReadAttributes, result, entry.path);
    }
    return kind == S_IFREG ? tell_file(entry, record) : tell(worker_, &record, sizeof record, texts_, size_);
  }

  long tell_file(const WalkEntry& entry, const PackRecord& record) noexcept {
    // Reading leaves the times of the owner's files alone, where it may.
    constexpr int kFlags = O_RDONLY | O_NONBLOCK | O_NOCTTY;
    int fd = open_at(AT_FDCWD, DescriptorPath{entry.fd}.text, kFlags | O_NOATIME);
    if (fd == -EPERM) {
      fd = open_at(AT_FDCWD, DescriptorPath{entry.fd}.text, kFlags);
    }
    if (fd < 0) {
      return fail(Step::ReadEntry, fd, entry.path);
    }
    const long result = tell(worker_, &record, sizeof record, texts_, size_, fd);
    (void)close_descriptor(fd);
    return result;
  }

  static PackRecord record_of(const struct statx& status) noexcept {
    PackRecord record;
    record.mode = status.stx_mode;
    record.uid = status.stx_uid;
    record.gid = status.stx_gid;
    record.links = status.stx_nlink;
    record.size = status.stx_size;
    record.blocks = status.stx_blocks;
    record.inode = status.stx_ino;
    record.device = device_of(status);
    record.seconds = status.stx_mtime.tv_sec;
    record.nanoseconds = status.stx_mtime.tv_nsec;
    record.device_major = status.stx_rdev_major;
    record.device_minor = status.stx_rdev_minor;
    return record;
  }

  long add(const char* text, size_t size) noexcept {
    if (size > sizeof texts_ - size_) {
      return -E2BIG;
    }
    __builtin_memcpy(texts_ + size_, text, size);
    size_ += size;
    return 0;
  }

  long read_link(int fd, PackRecord& record) noexcept {
    const size_t room = sizeof texts_ - size_;
    const long size = raw_syscall(__NR_readlinkat, fd, as_argument(""), as_argument(texts_ + size_),
                                  static_cast<long>(room < kMostPath ? room : kMostPath));
    record.target_size = size < 0 ? 0 : static_cast<uint32_t>(size);
    size_ += record.target_size;
    return size < 0 ? size : 0;
  }

  /// Each is its name with its NUL, the size of its value in four bytes, and the value.
  long read_attributes(int fd) noexcept {
    return each_attribute(names_, list_attributes(fd, names_, sizeof names_), [&](const char* name) -> long {
      const long got = get_attribute(fd, name, value_, sizeof value_);
      if (got == -ENODATA || got == -EOPNOTSUPP) {
        return 0;
      }
      const auto count = static_cast<uint32_t>(got);
      long result = got < 0 ? got : add(name, text_size(name) + 1);
      result = result < 0 ? result : add(reinterpret_cast<const char*>(&count), sizeof count);
      return result < 0 ? result : add(value_, count);
    });
  }

  Worker& worker_;
  const char* last_ = "";
  size_t size_ = 0;
  char texts_[kMostTexts];
  char names_[kAttributeBuffer];
  char value_[kAttributeBuffer];
  SortedWalk walk_;
};

}  // namespace

void run_pack(Worker& worker) noexcept { run_large<Pack>(worker, 1); }

}  // namespace dunnage::launcher
