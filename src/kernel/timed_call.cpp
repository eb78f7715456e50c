// SPDX-License-Identifier: Apache-2.0
#include "kernel/timed_call.hpp"

#include "kernel/calls.hpp"
#include "kernel/clone.hpp"
#include "kernel/descriptor_path.hpp"
#include "kernel/file_descriptor.hpp"
#include "kernel/per_process.hpp"

#include <linux/openat2.h>
#include <linux/wait.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <utility>

namespace dunnage::kernel {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t kStack = std::size_t{16} << 10U;
constexpr milliseconds kDying{1000};

/// What the process that makes the call has for itself. It may outlive the call, where even killing it has to wait.
struct TimedCall {
  TimedCall() {
    message.msg_iov = &words;
    message.msg_iovlen = 1;
    auto* header = reinterpret_cast<cmsghdr*>(control);
    header->cmsg_len = CMSG_LEN(sizeof(int));
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
  }
  TimedCall(const TimedCall&) = delete;
  TimedCall& operator=(const TimedCall&) = delete;

  alignas(16) std::byte stack[kStack];
  long (*make)(TimedCall&) = nullptr;
  int fd = -1;
  long number = 0;  ///< a mode, a mask, a request
  long other = 0;
  bool makes_descriptor = false;
  int kept[3]{-1, -1, -1};  ///< what the call is about, and `answers`, sorted by make_in_time(); -1: nothing
  int answers = -1;
  std::string text{};
  open_how how{};
  alignas(16) std::byte data[512]{};  ///< what it reads or writes
  long result = 0;
  iovec words{&result, sizeof result};
  alignas(cmsghdr) unsigned char control[CMSG_SPACE(sizeof(int))]{};
  msghdr message{};
  FileDescriptor process{};           ///< that makes it
  std::unique_ptr<TimedCall> next{};  ///< of those that were given up
};

/// A table of its own with these in it. Those with higher numbers are not even copied.
DUNNAGE_UNSANITIZED long keep_only(const int (&kept)[3]) noexcept {
  constexpr unsigned kUnshare = 1U << 1U;  // CLOSE_RANGE_UNSHARE
  long result = raw_syscall(__NR_close_range, kept[2] + 1, ~0U, kUnshare);
  for (int index = 2; result == 0 && index >= 0 && kept[index] >= 0; --index) {
    const int first = index == 0 ? 0 : kept[index - 1] + 1;
    if (first < kept[index]) {
      result = raw_syscall(__NR_close_range, first, kept[index] - 1, 0);
    }
  }
  return result;
}

DUNNAGE_UNSANITIZED void tell(TimedCall& call) noexcept {
  if (call.makes_descriptor && call.result >= 0) {
    *reinterpret_cast<int*>(call.control + CMSG_LEN(0)) = static_cast<int>(call.result);
    call.message.msg_control = call.control;
    call.message.msg_controllen = sizeof call.control;
  }
  (void)raw_syscall(__NR_sendmsg, call.answers, as_argument(&call.message), MSG_NOSIGNAL);
}

DUNNAGE_UNSANITIZED void make_call(void* argument) noexcept {
  auto* call = static_cast<TimedCall*>(argument);
  const unsigned long all = ~0UL;  // a signal for the host's whole group is not for this one
  (void)raw_syscall(__NR_rt_sigprocmask, SIG_BLOCK, as_argument(&all), 0, sizeof all);
  call->result = keep_only(call->kept);
  if (call->result == 0) {
    call->result = call->make(*call);
  }
  tell(*call);
  for (;;) {
    (void)raw_syscall(__NR_exit_group, 0);
  }
}

/// \return false if neither can be read when the time is over
bool await_either(int one, int other, milliseconds patience) noexcept {
  const auto deadline = steady_clock::now() + patience;
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now());
    pollfd items[] = {{one, POLLIN, 0}, {other, POLLIN, 0}};
    const int result = ::poll(items, 2, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
    if (result >= 0 || errno != EINTR) {
      return result > 0;
    }
  }
}

bool take_end(int process, milliseconds patience) noexcept {
  if (!await_either(process, -1, patience)) {
    return false;
  }
  (void)raw_syscall(__NR_waitid, P_PIDFD, process, 0, WEXITED | __WALL, 0);
  return true;
}

/// Those the kernel would not let end are seen to when the next one is made. A copy of this process has none of them.
class GivenUpCalls {
 public:
  void take(std::unique_ptr<TimedCall> call) {
    const std::scoped_lock lock{mutex_};
    call->next = std::move(first_);
    first_ = std::move(call);
  }
  void sweep() {
    const std::unique_lock lock{mutex_, std::try_to_lock};
    for (std::unique_ptr<TimedCall>* link = &first_; lock && *link;) {
      if (take_end((*link)->process.get(), milliseconds{0})) {
        *link = std::move((*link)->next);
      } else {
        link = &(*link)->next;
      }
    }
  }

 private:
  std::mutex mutex_;
  std::unique_ptr<TimedCall> first_;
};

PerProcess<GivenUpCalls> given_up;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)

long receive(int socket, bool is_descriptor) noexcept {
  long result = -EINTR;
  iovec data{&result, sizeof result};
  alignas(cmsghdr) unsigned char control[CMSG_SPACE(sizeof(int))];
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  if (::recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) != static_cast<ssize_t>(sizeof result)) {
    return -EINTR;  // it was killed, by somebody else
  }
  if (!is_descriptor || result < 0) {
    return result;
  }
  const cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (header == nullptr) {
    return -EMFILE;
  }
  int fd = -1;
  std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
  return fd;
}

long begin(TimedCall& call) {
  int number = -1;
  clone_args arguments{};
  arguments.flags = CLONE_VM | CLONE_FILES | CLONE_FS | CLONE_PIDFD | CLONE_CLEAR_SIGHAND;
  arguments.pidfd = reinterpret_cast<std::uint64_t>(&number);
  arguments.exit_signal = 0;  // no child the host could wait for by chance
  arguments.stack = reinterpret_cast<std::uint64_t>(call.stack);
  arguments.stack_size = kStack;
  const long result = clone_onto_stack(&arguments, make_call, &call);
  call.process.reset(number);
  return result < 0 ? result : 0;
}

/// What of the caller's the call reads and writes; he gets what it has written if there is an answer.
struct Data {
  void* bytes = nullptr;
  std::size_t size = 0;
};

struct Limits {
  milliseconds patience = kPatience;
  Data data{};
};

long make_in_time(std::unique_ptr<TimedCall> call, const Limits& limits) {
  given_up.get().sweep();
  int pair[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
    return -errno;
  }
  const FileDescriptor ours{pair[0]};
  const FileDescriptor theirs{pair[1]};
  call->answers = call->kept[2] = theirs.get();
  std::ranges::sort(call->kept);
  if (const long result = begin(*call); result < 0) {
    return result;
  }
  // until it has a table of its own it needs `theirs` in ours, so nothing else tells that it was killed
  const bool answered = await_either(ours.get(), call->process.get(), limits.patience);
  const long result = answered ? receive(ours.get(), call->makes_descriptor) : -ETIMEDOUT;
  if (result >= 0 && limits.data.size > 0) {
    std::memcpy(limits.data.bytes, call->data, limits.data.size);
  }
  if (!answered) {
    (void)raw_syscall(__NR_pidfd_send_signal, call->process.get(), SIGKILL, 0, 0);
  }
  if (!take_end(call->process.get(), kDying)) {
    given_up.get().take(std::move(call));
  }
  return result;
}

/// \param about  at most two descriptors; -1: none
/// \param give  gives the call what it is made with
template <typename Give>
int in_time(std::array<int, 2> about, const char* text, const Give& give, const Limits& limits = {}) noexcept {
  try {
    auto call = std::make_unique<TimedCall>();
    call->fd = about[0];
    std::ranges::transform(about, call->kept, [](int fd) { return std::max(fd, -1); });
    call->text = text;
    if (limits.data.size > 0) {
      std::memcpy(call->data, limits.data.bytes, limits.data.size);
    }
    give(*call);
    return static_cast<int>(make_in_time(std::move(call), limits));
  } catch (const std::bad_alloc&) {
    return -ENOMEM;
  }
}

DUNNAGE_UNSANITIZED long open_there(TimedCall& call) noexcept {
  return raw_syscall(__NR_openat2, call.fd, as_argument(call.text.c_str()), as_argument(&call.how), sizeof call.how);
}
DUNNAGE_UNSANITIZED long look_at_path(TimedCall& call) noexcept {
  return raw_syscall(__NR_statx, AT_FDCWD, as_argument(call.text.c_str()), AT_NO_AUTOMOUNT, STATX_TYPE,
                     as_argument(call.data));
}
DUNNAGE_UNSANITIZED long look_at_descriptor(TimedCall& call) noexcept {
  return raw_syscall(__NR_statx, call.fd, as_argument(""), AT_EMPTY_PATH, call.number, as_argument(call.data));
}
DUNNAGE_UNSANITIZED long make_directory_there(TimedCall& call) noexcept {
  return raw_syscall(__NR_mkdirat, call.fd, as_argument(call.text.c_str()), call.number);
}
DUNNAGE_UNSANITIZED long set_mode_there(TimedCall& call) noexcept {
  return raw_syscall(__NR_fchmodat, AT_FDCWD, as_argument(call.text.c_str()), call.number);
}
DUNNAGE_UNSANITIZED long set_owner_there(TimedCall& call) noexcept {
  return raw_syscall(__NR_fchownat, call.fd, as_argument(""), call.number, call.other, AT_EMPTY_PATH);
}
DUNNAGE_UNSANITIZED long control_there(TimedCall& call) noexcept {
  return raw_syscall(__NR_ioctl, call.fd, call.number, as_argument(call.data));
}
DUNNAGE_UNSANITIZED long create_there(TimedCall& call) noexcept {
  return raw_syscall(__NR_fsconfig, call.fd, FSCONFIG_CMD_CREATE, 0, 0, 0);
}

}  // namespace

int open_served_in_time(int directory, const char* path, std::uint64_t flags, std::uint64_t resolve) noexcept {
  return in_time({directory, -1}, path, [&](TimedCall& call) {
    call.make = open_there;
    call.how.flags = flags | O_CLOEXEC;
    call.how.resolve = resolve;
    call.makes_descriptor = true;
  });
}

int open_in_time(int directory, const char* path, std::uint64_t flags, std::uint64_t resolve) noexcept {
  constexpr int kTries = 4;  // a rename or mount anywhere at that moment looks like what is not in memory
  open_how how{};
  how.flags = flags | O_CLOEXEC;
  how.resolve = resolve | RESOLVE_CACHED;
  long result = -EAGAIN;
  for (int tries = 0; result == -EAGAIN && tries < kTries; ++tries) {
    result = raw_syscall(__NR_openat2, directory, as_argument(path), as_argument(&how), sizeof how);
  }
  return result == -EAGAIN ? open_served_in_time(directory, path, flags, resolve) : static_cast<int>(result);
}

int look_in_time(const char* path, milliseconds patience) noexcept {
  return in_time({-1, -1}, path, [](TimedCall& call) { call.make = look_at_path; }, {.patience = patience});
}

int TimedCalls::open_at2(int directory, const char* path, std::uint64_t flags, std::uint64_t resolve) noexcept {
  return (flags & O_PATH) != 0 ? open_in_time(directory, path, flags, resolve)
                               : open_served_in_time(directory, path, flags, resolve);
}

int TimedCalls::look(int fd, unsigned mask, struct statx& status) noexcept {
  const auto give = [&](TimedCall& call) {
    call.make = look_at_descriptor;
    call.number = mask;
  };
  return in_time({fd, -1}, "", give, {.data = {&status, sizeof status}});
}

int TimedCalls::make_directory(int parent, const char* name, mode_t mode) noexcept {
  return in_time({parent, -1}, name, [&](TimedCall& call) {
    call.make = make_directory_there;
    call.number = mode;
  });
}

int TimedCalls::set_mode(int fd, mode_t mode) noexcept {
  const DescriptorPath path{fd};  // it has the same number there
  return in_time({fd, -1}, path.text, [&](TimedCall& call) {
    call.make = set_mode_there;
    call.number = mode;
  });
}

int TimedCalls::set_owner(int fd, uid_t uid, gid_t gid) noexcept {
  return in_time({fd, -1}, "", [&](TimedCall& call) {
    call.make = set_owner_there;
    call.number = uid;
    call.other = gid;
  });
}

int TimedCalls::control(int fd, unsigned long request, void* data, std::size_t size, int other) noexcept {
  const auto give = [&](TimedCall& call) {
    call.make = control_there;
    call.number = static_cast<long>(request);
  };
  return in_time({fd, other}, "", give, {.data = {data, size}});
}

int TimedCalls::create_file_system(int context) noexcept {
  return in_time({context, -1}, "", [](TimedCall& call) { call.make = create_there; });
}

}  // namespace dunnage::kernel
