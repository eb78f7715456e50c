// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Copying a tree, by as many threads as there are processors, at most four. What there is to do is a stack of
/// directories: one that is not open yet, or one of which more is to be read. Whoever has read a part of a directory
/// puts the rest back before the part is worked on, so that one huge directory keeps every thread busy; and as what was
/// found last is done first, few directories are open at a time.
///
/// Nothing of the source is trusted, as containers may change it meanwhile: every entry is opened by its one name in
/// its open directory, its kind is seen on the descriptor before it is opened for reading, and no link is followed.

#include "launcher/program/entry.hpp"
#include "launcher/program/lock.hpp"
#include "launcher/program/work.hpp"

namespace dunnage::launcher {

inline constexpr uint32_t kDeepestCopy = 1024;
inline constexpr uint32_t kMostWaiting = 1U << 17U;  ///< directories that are known and not done
inline constexpr size_t kLongestName = 255;
inline constexpr size_t kDataBuffer = size_t{256} << 10U;
inline constexpr size_t kEntryBuffer = size_t{8} << 10U;
inline constexpr size_t kAttributeBuffer = size_t{64} << 10U;  ///< the kernel's XATTR_SIZE_MAX and XATTR_LIST_MAX

/// A directory that is copied.
struct CopyNode {
  CopyNode* parent = nullptr;
  CopyNode* next = nullptr;  ///< on the stack, or among the free
  int source = -1;           ///< -1: not open yet
  int target = -1;
  uint32_t depth = 0;
  std::atomic<uint32_t> pending{0};  ///< parts and directories in it that are not done
  bool fresh = false;                ///< this copy made it, and all it is in
  bool made = false;                 ///< this copy made it
  bool inherits_group = false;       ///< what is made in it does not get our group by itself
  struct statx status {};            ///< of the source
  char name[kLongestName + 1] = {};  ///< in the target
};

/// The first copy of a file with several names, by which the others are linked.
struct CopyLink {
  uint64_t inode = 0;  ///< of the source; 0: a free place
  uint64_t device = 0;
  uint64_t copy = 0;           ///< inode of the copy; 0: it is being made
  const char* path = nullptr;  ///< of the copy, below the top
};

/// Files with several names. For any thread.
class CopyLinks {
 public:
  /// \return the link of this inode, `fresh` if it was not known: the caller has to make it then; null and `result`
  /// without memory for it
  CopyLink* find(const struct statx& status, const char* path, bool& fresh, long& result) noexcept;
  /// The caller has made it.
  void made(const struct statx& status, uint64_t copy) noexcept;
  /// \return what is known of this inode by now
  CopyLink look(const struct statx& status) noexcept;

 private:
  CopyLink* place_of(uint64_t device, uint64_t inode) noexcept;
  bool grow() noexcept;
  const char* keep(const char* path) noexcept;

  Lock lock_;
  CopyLink* places_ = nullptr;
  size_t capacity_ = 0;
  size_t used_ = 0;
  char* texts_ = nullptr;
  size_t texts_left_ = 0;
  size_t texts_total_ = 0;
};

/// The directories that are to be worked on.
class CopyStack {
 public:
  /// Null when there are too many.
  CopyNode* take_free() noexcept;
  void give_back(CopyNode* node) noexcept;

  void push(CopyNode* node) noexcept;
  /// Waits for one. Null at the end.
  CopyNode* pop() noexcept;
  /// Everything is done, or has failed.
  void close() noexcept;
  /// Somebody would have something to do who is not there.
  [[nodiscard]] bool is_backed_up() const noexcept { return size_.load(std::memory_order_relaxed) > 1; }

 private:
  Lock lock_;
  CopyNode* top_ = nullptr;
  CopyNode* free_ = nullptr;
  uint32_t made_ = 0;
  uint32_t waiting_ = 0;
  std::atomic<uint32_t> size_{0};
  std::atomic<uint32_t> turn_{0};
  bool closed_ = false;
};

/// What all threads of a copy share.
struct Copy {
  Worker& worker;
  CopyStack stack;
  CopyLinks links;
  int top = -1;  ///< of the target
  uint64_t top_device = 0;
  uint64_t top_inode = 0;
  uint32_t own_uid = 0;
  uint32_t own_gid = 0;
  std::atomic<bool> no_clone{false};  ///< what the file systems have refused once
  std::atomic<bool> no_copy_range{false};
  std::atomic<uint32_t> threads{0};
  uint32_t most_threads = 1;

  explicit Copy(Worker& of) noexcept : worker{of} {}
  /// Copies get another owner, who must not inherit what a file may do for the one it had: no set-user-ID, no
  /// capabilities.
  [[nodiscard]] bool gives_away() const noexcept { return worker.request.uid != UINT32_MAX; }
  [[nodiscard]] bool is(CopyFlags flag) const noexcept { return (worker.request.flags & flag) != 0; }
};

/// What each has of its own.
struct CopyThread {
  Copy* copy;
  char path[kMostPath];
  char link[kMostPath];
  char names[kAttributeBuffer];
  char value[kAttributeBuffer];
  alignas(16) char data[kDataBuffer];
};

/// An entry of a directory that is about to be copied.
struct CopySource {
  CopyNode& parent;  ///< its `target` is where the copy goes
  const char* name;  ///< in the target, and in what is said of it
  int fd;            ///< O_PATH, unless `readable`
  struct statx status {};
  bool readable = false;
  const char* made_as = nullptr;  ///< another name in the target

  [[nodiscard]] const char* target_name() const noexcept { return made_as != nullptr ? made_as : name; }
};

/// How names in the trees are opened: one component, no link.
inline uint64_t resolve_of(const Copy& copy) noexcept {
  const uint64_t one = kOneComponent | RESOLVE_NO_SYMLINKS;
  return copy.is(kCopyMounts) ? one & ~static_cast<uint64_t>(RESOLVE_NO_XDEV) : one;
}

inline timespec time_of(const struct statx_timestamp& time) noexcept {
  return {time.tv_sec, static_cast<long>(time.tv_nsec)};
}

/// Notes a failure and ends the copy. False, for brevity.
bool fail_copy(CopyThread& thread, Step step, long result, const CopyNode* parent, const char* name) noexcept;

/// Whom the copy of an entry belongs to.
[[nodiscard]] uint32_t uid_of_copy(const Copy& copy, const struct statx& status) noexcept;
[[nodiscard]] uint32_t gid_of_copy(const Copy& copy, const struct statx& status) noexcept;

/// The path of an entry below the top, for people; what does not fit is left out at its beginning.
const char* path_of(CopyThread& thread, const CopyNode* parent, const char* name) noexcept;

/// Copies the attributes of `from` that are the file's own: of the user, access lists, capabilities. Descriptors may be
/// O_PATH. 0 or -errno; `step` says of what.
long copy_attributes(CopyThread& thread, int from, int to, Step& step) noexcept;

/// Whether a directory is of a file system the kernel makes up.
[[nodiscard]] bool is_of_kernel(int fd) noexcept;

/// False when it is one too many.
bool count_entry(CopyThread& thread, const CopyNode* parent, const char* name) noexcept;

/// The store may lie in a directory that gives access lists to all that is made in it. False when it failed.
bool forget_inherited(CopyThread& thread, const CopyNode& node) noexcept;

/// Opens both sides of a directory, which `fd` holds. False when it failed.
bool open_directory(CopyThread& thread, CopyNode& node, int fd, int target_parent) noexcept;

/// Null without memory.
CopyThread* new_thread(Copy& copy) noexcept;

/// Takes directories from the stack until everything is done, or has failed.
void work_off(CopyThread& thread) noexcept;

/// Copies anything but a directory. False when it failed.
bool copy_leaf(CopyThread& thread, const CopySource& source) noexcept;

/// The content of a file, holes as holes. 0 or -errno; `step` says of what.
long copy_content(CopyThread& thread, int from, int to, const struct statx& status, Step& step) noexcept;

}  // namespace dunnage::launcher
