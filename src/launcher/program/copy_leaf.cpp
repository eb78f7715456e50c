// SPDX-License-Identifier: Apache-2.0
// Files, links, FIFOs and devices.

#include "launcher/program/copy.hpp"
#include "launcher/program/passing_name.hpp"

namespace dunnage::launcher {
namespace {

/// A name that is taken is taken over in the end, if the copy is one into what is there; a directory never is.
/// \param make  makes the copy under the name it is given
template <typename Make>
long make_entry(const CopyThread& thread, const CopySource& source, PassingName& passing, Make&& make,
                Step& step) noexcept {
  step = Step::MakeEntry;
  const long result = make(source.target_name());
  if (result != -EEXIST || !thread.copy->is(kCopyMerge)) {
    return result;
  }
  step = Step::ReplaceEntry;
  return passing.make(make);
}

long take_over(PassingName& passing, Step& step) noexcept {
  if (!passing.is_made()) {
    return 0;
  }
  step = Step::ReplaceEntry;
  return passing.take_over();
}

/// Owner, mode, attributes, times, in the order in which none takes away another. \param made what it was made with
long give_metadata(CopyThread& thread, const CopySource& source, int from, int to, uint32_t made, Step& step) noexcept {
  const Copy& copy = *thread.copy;
  const uint32_t uid = uid_of_copy(copy, source.status);
  const uint32_t gid = gid_of_copy(copy, source.status);
  const uint32_t mode = source.status.stx_mode & (copy.gives_away() ? 01777U : 07777U);
  long result = 0;
  if (uid != copy.own_uid || gid != copy.own_gid || source.parent.inherits_group) {
    step = Step::SetOwner;
    result = set_owner(to, uid, gid);
  }
  if (result >= 0 && kind_of(source.status) != S_IFLNK && (mode != made || !source.parent.fresh)) {
    step = Step::SetMode;
    result = set_mode(to, mode);
  }
  result = result < 0 ? result : copy_attributes(thread, from, to, step);
  if (result >= 0) {
    step = Step::SetTimes;
    result = set_times(to, time_of(source.status.stx_atime), time_of(source.status.stx_mtime));
  }
  return result;
}

/// The mode a file is made with: nobody else may have it before it is theirs.
uint32_t first_mode(const CopyThread& thread, const CopySource& source) noexcept {
  const Copy& copy = *thread.copy;
  const bool ours =
      uid_of_copy(copy, source.status) == copy.own_uid && gid_of_copy(copy, source.status) == copy.own_gid;
  return ours && source.parent.fresh ? source.status.stx_mode & 0777U : 0600U;
}

/// They wait for it, so there is no going on without.
long tell_other_names(CopyThread& thread, const CopySource& source, int made) noexcept {
  struct statx status {};
  const long result = status_of(made, status);
  if (result >= 0) {
    thread.copy->links.made(source.status, status.stx_ino);
  }
  return result;
}

/// A file without a name, which is not seen before it is whole. Else under a name that is there for a moment, where the
/// file system has no such files, or, in a directory that is nobody's yet, under its own. -errno
int make_file(const CopyThread& thread, const CopySource& source, PassingName& passing, uint32_t mode, bool& named,
              Step& step) noexcept {
  constexpr unsigned kNew = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_NOCTTY;
  const auto make = [&](const char* name) -> long { return open_at(source.parent.target, name, kNew, mode); };
  step = Step::MakeEntry;
  named = true;
  if (!thread.copy->is(kCopyMerge)) {
    return static_cast<int>(make(source.target_name()));
  }
  const int nameless = open_at(source.parent.target, ".", O_TMPFILE | O_WRONLY, mode);
  named = nameless < 0;
  const bool unknown = nameless == -EOPNOTSUPP || nameless == -EISDIR || nameless == -ENOENT || nameless == -EINVAL;
  return unknown ? static_cast<int>(passing.make(make)) : nameless;
}

/// Gives a file without a name the one it shall have.
long give_name(const CopyThread& thread, const CopySource& source, PassingName& passing, int file,
               Step& step) noexcept {
  const DescriptorPath path{file};
  return make_entry(
      thread, source, passing,
      [&](const char* name) {
        return raw_syscall(__NR_linkat, AT_FDCWD, as_argument(path.text), source.parent.target, as_argument(name),
                           AT_SYMLINK_FOLLOW);
      },
      step);
}

long copy_file(CopyThread& thread, const CopySource& source, bool shared, Step& step) noexcept {
  step = Step::ReadEntry;
  const int from =
      source.readable ? source.fd : open_at(AT_FDCWD, DescriptorPath{source.fd}.text, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (from < 0) {
    return from;
  }
  const uint32_t mode = first_mode(thread, source);
  PassingName passing{thread.copy->worker, source.parent.target, source.target_name()};
  bool named = false;
  const int to = make_file(thread, source, passing, mode, named, step);
  long result = to;
  if (to >= 0) {
    result = copy_content(thread, from, to, source.status, step);
    result = result < 0 ? result : give_metadata(thread, source, from, to, mode, step);
    result = result < 0 || named ? result : give_name(thread, source, passing, to, step);
    result = result < 0 ? result : take_over(passing, step);
    result = result < 0 || !shared ? result : tell_other_names(thread, source, to);
    (void)close_descriptor(to);
  }
  if (!source.readable) {
    (void)close_descriptor(from);
  }
  return result;
}

long make_link(CopyThread& thread, const CopySource& source, PassingName& passing, Step& step) noexcept {
  step = Step::ReadEntry;
  const long size = raw_syscall(__NR_readlinkat, source.fd, as_argument(""), as_argument(thread.data), kMostPath);
  if (size < 0) {
    return size;
  }
  thread.data[size] = '\0';
  return make_entry(
      thread, source, passing,
      [&](const char* name) {
        return raw_syscall(__NR_symlinkat, as_argument(thread.data), source.parent.target, as_argument(name));
      },
      step);
}

long make_node(const CopyThread& thread, const CopySource& source, PassingName& passing, Step& step) noexcept {
  const uint64_t major = source.status.stx_rdev_major;
  const uint64_t minor = source.status.stx_rdev_minor;
  const uint64_t device = (minor & 0xffU) | major << 8U | (minor & ~uint64_t{0xff}) << 12U;  // as mknod(2) takes it
  return make_entry(
      thread, source, passing,
      [&](const char* name) {
        return raw_syscall(__NR_mknodat, source.parent.target, as_argument(name), kind_of(source.status) | 0600U,
                           static_cast<long>(device));
      },
      step);
}

/// Anything that has no content: made by its name, then held to make sure that it is still what was made.
long copy_special(CopyThread& thread, const CopySource& source, bool shared, Step& step) noexcept {
  PassingName passing{thread.copy->worker, source.parent.target, source.target_name()};
  const bool link = kind_of(source.status) == S_IFLNK;
  long result = link ? make_link(thread, source, passing, step) : make_node(thread, source, passing, step);
  if (result < 0) {
    return result;
  }
  step = Step::OpenEntry;
  const char* name = passing.is_made() ? passing.text() : source.target_name();
  const int to = kernel::open_at2(source.parent.target, name, O_PATH | O_NOFOLLOW, kOneComponent);
  if (to < 0) {
    return to;
  }
  struct statx status {};
  result = status_of(to, status);
  if (result >= 0 && kind_of(status) != kind_of(source.status)) {
    result = -ESTALE;
  }
  result = result < 0 ? result : give_metadata(thread, source, source.fd, to, 0600, step);
  result = result < 0 ? result : take_over(passing, step);
  if (result >= 0 && shared) {
    thread.copy->links.made(source.status, status.stx_ino);
  }
  (void)close_descriptor(to);
  return result;
}

/// Whether what has the name already is the very file: renaming one name of it to another does nothing.
bool has_name(const CopySource& source, uint64_t inode, uint64_t device) noexcept {
  const int fd = kernel::open_at2(source.parent.target, source.target_name(), O_PATH | O_NOFOLLOW, kOneComponent);
  struct statx status {};
  const bool same = fd >= 0 && status_of(fd, status) >= 0 && status.stx_ino == inode && device_of(status) == device;
  if (fd >= 0) {
    (void)close_descriptor(fd);
  }
  return same;
}

/// Another name for what was copied already.
long link_entry(CopyThread& thread, const CopySource& source, const CopyLink& link, Step& step) noexcept {
  step = Step::LinkEntry;
  const int first =
      kernel::open_at2(thread.copy->top, link.path, O_PATH | O_NOFOLLOW, RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS);
  if (first < 0) {
    return first;
  }
  struct statx status {};
  long result = status_of(first, status);
  result = result < 0 || status.stx_ino == link.copy ? result : -ESTALE;
  if (result >= 0 && !has_name(source, link.copy, device_of(status))) {
    PassingName passing{thread.copy->worker, source.parent.target, source.target_name()};
    result = give_name(thread, source, passing, first, step);
    result = result < 0 ? result : take_over(passing, step);
  }
  (void)close_descriptor(first);
  return result;
}

/// Its first name may just be being made by another thread. False when the copy has ended meanwhile.
bool await_first(CopyThread& thread, const CopySource& source, CopyLink& link) noexcept {
  for (link = thread.copy->links.look(source.status); link.copy == 0; link = thread.copy->links.look(source.status)) {
    if (has_failed(thread.copy->worker)) {
      return false;
    }
    const timespec moment{0, 50'000};
    (void)raw_syscall(__NR_ppoll, 0, 0, as_argument(&moment), 0, 8);
  }
  return true;
}

}  // namespace

bool copy_leaf(CopyThread& thread, const CopySource& source) noexcept {
  const bool shared = source.status.stx_nlink > 1;
  Step step = Step::LinkEntry;
  long result = 0;
  bool first = true;
  if (shared) {
    const char* path = path_of(thread, &source.parent, source.name);
    if (thread.copy->links.find(source.status, path, first, result) == nullptr) {
      return fail_copy(thread, step, result, &source.parent, source.name);
    }
  }
  if (!first) {
    CopyLink link;
    if (!await_first(thread, source, link)) {
      return false;
    }
    result = link_entry(thread, source, link, step);
  } else if (kind_of(source.status) == S_IFREG) {
    result = copy_file(thread, source, shared, step);
  } else {
    result = copy_special(thread, source, shared, step);
  }
  return result >= 0 || fail_copy(thread, step, result, &source.parent, source.name);
}

}  // namespace dunnage::launcher
