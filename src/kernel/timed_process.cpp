// SPDX-License-Identifier: Apache-2.0
#include "kernel/timed_process.hpp"

#include "kernel/calls.hpp"
#include "kernel/clone.hpp"
#include "kernel/per_process.hpp"

#include <linux/wait.h>
#include <poll.h>
#include <signal.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <utility>

namespace dunnage::kernel {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kDying{1000};

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

DUNNAGE_UNSANITIZED void tell(TimedProcess& call) noexcept {
  if (call.makes_descriptor && call.result >= 0) {
    *reinterpret_cast<int*>(call.control + CMSG_LEN(0)) = static_cast<int>(call.result);
    call.message.msg_control = call.control;
    call.message.msg_controllen = sizeof call.control;
  }
  (void)raw_syscall(__NR_sendmsg, call.answers, as_argument(&call.message), MSG_NOSIGNAL);
}

DUNNAGE_UNSANITIZED void make_call(void* argument) noexcept {
  auto* call = static_cast<TimedProcess*>(argument);
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
  void take(std::unique_ptr<TimedProcess> call) {
    const std::scoped_lock lock{mutex_};
    call->next = std::move(first_);
    first_ = std::move(call);
  }
  void sweep() {
    const std::unique_lock lock{mutex_, std::try_to_lock};
    for (std::unique_ptr<TimedProcess>* link = &first_; lock && *link;) {
      if (take_end((*link)->process.get(), milliseconds{0})) {
        *link = std::move((*link)->next);
      } else {
        link = &(*link)->next;
      }
    }
  }

 private:
  std::mutex mutex_;
  std::unique_ptr<TimedProcess> first_;
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

long begin(TimedProcess& call) {
  int number = -1;
  clone_args arguments{};
  arguments.flags = CLONE_VM | CLONE_FILES | CLONE_FS | CLONE_PIDFD | CLONE_CLEAR_SIGHAND;
  arguments.pidfd = reinterpret_cast<std::uint64_t>(&number);
  arguments.exit_signal = 0;  // no child the host could wait for by chance
  arguments.stack = reinterpret_cast<std::uint64_t>(call.stack);
  arguments.stack_size = sizeof call.stack;
  const long result = clone_onto_stack(&arguments, make_call, &call);
  call.process.reset(number);
  return result < 0 ? result : 0;
}

}  // namespace

long make_in_time(std::unique_ptr<TimedProcess> call, const CallTerms& terms) {
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
  const bool answered = await_either(ours.get(), call->process.get(), terms.patience);
  const long result = answered ? receive(ours.get(), call->makes_descriptor) : -ETIMEDOUT;
  if (result >= 0 && terms.data.size > 0) {
    std::memcpy(terms.data.bytes, call->data, terms.data.size);
  }
  if (!answered) {
    (void)raw_syscall(__NR_pidfd_send_signal, call->process.get(), SIGKILL, 0, 0);
  }
  if (!take_end(call->process.get(), kDying)) {
    given_up.get().take(std::move(call));
  }
  return result;
}

}  // namespace dunnage::kernel
