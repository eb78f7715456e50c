// SPDX-License-Identifier: Apache-2.0
// A child looks what has the name of a source, with the rights a launch would look with, and mounts it.

#include "launcher/detach.hpp"
#include "launcher/program/added_mounts.hpp"
#include "launcher/program/container.hpp"
#include "launcher/program/hold.hpp"
#include "launcher/program/look_slot.hpp"
#include "launcher/program/mount_change.hpp"
#include "launcher/program/named_source.hpp"
#include "launcher/program/transfer.hpp"

#include <linux/capability.h>
#include <linux/sched.h>

namespace dunnage::launcher {
namespace {

constexpr uint64_t kOneStep = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
constexpr size_t kLongestName = 255;

/// Of a user's own, root of the user namespace may look into what the user may not. While it walks it is the user.
class Rights {
 public:
  explicit Rights(bool rootless) noexcept : rootless_{rootless} {
    if (rootless_) {
      (void)raw_syscall(__NR_capget, as_argument(&header_), as_argument(all_));
      __user_cap_data_struct fewer[2] = {all_[0], all_[1]};
      fewer[0].effective &= ~(1U << CAP_DAC_OVERRIDE | 1U << CAP_DAC_READ_SEARCH);
      result_ = raw_syscall(__NR_capset, as_argument(&header_), as_argument(fewer));
    }
  }
  Rights(const Rights&) = delete;
  Rights& operator=(const Rights&) = delete;
  ~Rights() {
    if (rootless_) {
      (void)raw_syscall(__NR_capset, as_argument(&header_), as_argument(all_));
    }
  }
  long result() const noexcept { return result_; }

 private:
  bool rootless_;
  long result_ = 0;
  __user_cap_header_struct header_{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct all_[2] = {};
};

/// What tells that something else has a name in it: that it was made there, or renamed to there.
int watch_directory(int directory) noexcept {
  constexpr long kMovedTo = 0x80;
  constexpr long kCreate = 0x100;
  constexpr long kDirectoryOnly = 0x01000000;
  const long entered = raw_syscall(__NR_fchdir, directory);
  return static_cast<int>(entered < 0 ? entered
                                      : raw_syscall(__NR_inotify_add_watch, launcher().names, as_argument("."),
                                                    kMovedTo | kCreate | kDirectoryOnly));
}

/// The name behind the slash. \return where the next slash is, or the end
const char* take_name(const char* path, char* name) noexcept {
  size_t size = 0;
  for (++path; *path != '\0' && *path != '/'; ++path) {
    if (size < kLongestName) {
      name[size++] = *path;
    }
  }
  name[size] = '\0';
  return path;
}

/// In the host's mount namespace, for only there the kernel clones a mount of it.
DetachResult clone_as_root(Child& child, const NamedSource& source, int found, const DetachRequest& request) noexcept {
  const int own = static_cast<int>(require(child, Step::JoinNamespaces, open_at(child.proc, "self/ns/mnt", O_RDONLY)));
  require(child, Step::JoinNamespaces, raw_syscall(__NR_setns, source.host_mounts, CLONE_NEWNS));
  const DetachResult made = detach_bind(found, "", "", request, source.user_namespace);
  require(child, Step::JoinNamespaces, raw_syscall(__NR_setns, own, CLONE_NEWNS));
  (void)close_descriptor(own);
  return made;
}

constexpr uint32_t kLongestLook = 20'000;  ///< milliseconds, as every change may take

/// The broker is in the host's mount namespace; it takes what was found, or nothing.
DetachResult clone_by_broker(const NamedSource& source, const DetachRequest& request) noexcept {
  struct {
    Message message;
    DetachRequest request;
    char texts[kMostTarget + 2];
  } frame;
  const size_t size = text_size(source.path) + 2;  // nothing below it is asked for
  int pair[2] = {-1, -1};
  const long made = size > sizeof frame.texts
                        ? -ENAMETOOLONG
                        : raw_syscall(__NR_socketpair, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, as_argument(pair));
  if (made < 0) {
    return detach_failure(Step::OpenSource, static_cast<int>(-made));
  }
  frame.message = Message{};
  frame.message.kind = MessageKind::DetachBind;
  frame.message.payload_size = static_cast<uint32_t>(sizeof frame.request + size);
  frame.request = request;
  frame.request.kind = DetachKind::Bind;
  frame.request.apart = is_checked(source) ? source.record.timeout : kLongestLook;
  frame.request.path_size = static_cast<uint32_t>(size);
  __builtin_memcpy(frame.texts, source.path, size - 1);
  frame.texts[size - 1] = '\0';
  const size_t whole = sizeof frame.message + frame.message.payload_size;
  const long sent = send_message(source.host_mounts, &frame, whole, pair[1]);
  (void)close_descriptor(pair[1]);
  Message answer;
  Descriptors descriptors;
  const long received = sent < 0 ? sent : receive_message(pair[0], &answer, sizeof answer, descriptors, 0);
  (void)close_descriptor(pair[0]);
  if (received < static_cast<long>(sizeof answer) || answer.failure.error != 0 || descriptors.count != 1) {
    const bool said = received == static_cast<long>(sizeof answer) && answer.failure.error != 0;
    return said ? detach_failure(answer.failure.step, answer.failure.error)
                : detach_failure(Step::OpenSource, received < 0 ? static_cast<int>(-received) : ESTALE);
  }
  DetachResult result;
  result.fd = descriptors.values[0];
  return result;
}

/// \return a detached mount of it with the options of the plan
int mount_found(Child& child, NamedSource& source, int found, const Looked& looked) noexcept {
  DetachRequest request = source.record.request;
  request.check_inode = 1;
  request.device = looked.device;
  request.inode = looked.inode;
  const DetachResult made =
      child.surroundings.rootless ? clone_by_broker(source, request) : clone_as_root(child, source, found, request);
  (void)close_descriptor(found);
  if (made.failure.error != 0) {
    fail(child, made.failure.step, made.failure.error);
  }
  return made.fd;
}

/// For the next starts, which take clones of it.
void hold_found(Child& child, int& mount) noexcept {
  if (child.slot.container->mounts_held) {
    const Failure failure = hold_later(*child.slot.container, *child.slot.added, mount);
    if (failure.error != 0) {
      fail(child, failure.step, failure.error);
    }
  }
}

void watch_one(Child& child, NamedSource& source) noexcept {
  Step step = Step::WatchSource;
  int found = -1;
  {
    const Rights rights{child.surroundings.rootless};
    found = walk_to_source(source, false, step);
  }
  const int index = source.mount.plan_index;
  if (found >= 0) {
    (void)close_descriptor(found);
  } else if (step == Step::WatchSource) {
    fail(child, step, -found, index);
  }
  if (kernel::ask_for_move_beneath() == -EINVAL) {
    fail(child, Step::KnowBeneath, EOPNOTSUPP, index);
  }
}

void watch_all(Child& child) noexcept {
  bool any = false;
  for (NamedSource* source = named_sources(); source != nullptr; source = source->next) {
    if (source->holder == &child.slot && source->record.watched != 0) {
      any = true;
      watch_one(child, *source);
    }
  }
  if (any) {
    (void)raw_syscall(__NR_chdir, as_argument("/"));
  }
}

/// What was mounted on the way has to be mounted there again: below an unmounted file system are other files.
/// \return 0 or -errno
int check_mounted(const NamedSource& source, int fd, bool careful) noexcept {
  const Looked looked = look_at(fd, false);
  if (looked.error < 0) {
    return static_cast<int>(looked.error);
  }
  if (!looked.is_mount) {
    return -ENXIO;
  }
  return careful && looked.device == source.record.device ? -EINPROGRESS : 0;
}

/// It is what was mounted, or cannot be.
void compare_source(Child& child, NamedSource& source, int found, Step step, const Looked& looked) noexcept {
  if (step == Step::OpenSource && (found == -ENOENT || found == -ENOTDIR)) {
    source.found = Found::Missing;
    exit_process(0);
  }
  require(child, step, found);
  require(child, Step::OpenSource, looked.error);
  if (looked.type != source.record.type) {
    fail(child, Step::OpenSource, EMEDIUMTYPE);
  }
  if (looked.device == source.record.device && looked.inode == source.record.inode) {
    source.found = Found::Same;
    exit_process(0);
  }
}

}  // namespace

int walk_to_source(NamedSource& source, bool careful, Step& step) noexcept {
  char name[kLongestName + 1];
  const char* path = source.path;
  int directory = control_descriptor(source.host_root, F_DUPFD_CLOEXEC, 3);
  for (int& watch : source.walked) {
    watch = -1;
  }
  for (uint32_t depth = 0; directory >= 0 && depth < kMostWatches; ++depth) {
    path = take_name(path, name);
    const bool last = *path == '\0';
    const int watched = source.record.watched != 0 ? watch_directory(directory) : -EACCES;
    source.walked[depth] = watched;
    if (source.record.watched != 0 && watched < 0 &&
        (last || watched != -EACCES)) {  // the plan says which directories above nobody may watch
      step = Step::WatchSource;
      (void)close_descriptor(directory);
      return watched;
    }
    step = Step::OpenSource;
    const int next = kernel::open_at2(directory, name, O_PATH | (last ? 0 : O_DIRECTORY), kOneStep);
    (void)close_descriptor(directory);
    if (next >= 0 && depth + 1 == source.record.mounted_depth) {
      const int mounted = check_mounted(source, next, careful);
      if (mounted < 0) {
        step = Step::RequireMountpoint;
        (void)close_descriptor(next);
        return mounted;
      }
    }
    if (last) {
      return next;
    }
    directory = next;
  }
  return directory < 0 ? directory : -ENAMETOOLONG;
}

void watch_named_sources(Child& child) noexcept {
  if (!child.slot.started_once) {
    watch_all(child);
  }
}

void watch_sources_of_change(Child& child) noexcept {
  int kept[] = {-1, -1};
  for (const NamedSource* source = named_sources(); source != nullptr; source = source->next) {
    if (source->holder == &child.slot) {  // a change has one mount
      kept[0] = launcher().names;
      kept[1] = source->host_root;
    }
  }
  begin_change(child, kept, 2);
  watch_all(child);
}

void look_for_source(Child& child) noexcept {
  NamedSource& source = *child.slot.looks_for;
  const int kept[] = {launcher().names, source.host_root, source.host_mounts, source.user_namespace};
  begin_change(child, kept, sizeof kept / sizeof kept[0]);
  Step step = Step::OpenSource;
  int found = -1;
  Looked looked;
  {
    const Rights rights{child.surroundings.rootless};
    require(child, Step::SetCapabilities, rights.result());
    found = walk_to_source(source, child.slot.careful, step);
    looked = found >= 0 ? look_at(found, true) : Looked{};
  }
  if (is_checked(source)) {
    judge_source(child, source, found, step, looked);
  } else {
    compare_source(child, source, found, step, looked);
  }
  source.device = looked.device;
  source.inode = looked.inode;
  int mount = mount_found(child, source, found, looked);
  begin_exchange(child);
  hold_found(child, mount);
  child.slot.descriptors[0] = mount;
  if (child.slot.container_life == Life::Running) {
    join_container(child);
    replace_mount(child);
  }
  source.found = Found::Another;
  child.slot.done = true;
  exit_process(0);
}

}  // namespace dunnage::launcher
