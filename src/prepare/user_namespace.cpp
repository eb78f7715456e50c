// SPDX-License-Identifier: Apache-2.0
#include "prepare/user_namespace.hpp"

#include "kernel/call_error.hpp"
#include "kernel/calls.hpp"
#include "kernel/clone.hpp"

#include <fcntl.h>
#include <linux/sched.h>
#include <linux/wait.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace dunnage::prepare {
namespace {

using kernel::as_argument;
using kernel::raw_syscall;

constexpr std::size_t kStack = std::size_t{16} << 10U;

/// Waits in the new namespace until it is killed. It shares our memory and touches none of it but its stack.
DUNNAGE_UNSANITIZED void wait_for_the_end(void*) noexcept {
  (void)raw_syscall(__NR_close_range, 0, ~0U, 0);  // a table of its own; nothing of the host's stays open by it
  for (;;) {
    (void)raw_syscall(__NR_ppoll, 0, 0, 0, 0, 8);
  }
}

/// The process whose namespace is taken. Ends with this object, and only then its stack is freed.
class Holder {
 public:
  Holder() : stack_{std::make_unique<Stack>()} {
    int process = -1;
    clone_args arguments{};
    arguments.flags = CLONE_VM | CLONE_PIDFD | CLONE_NEWUSER | CLONE_CLEAR_SIGHAND;
    arguments.pidfd = reinterpret_cast<std::uint64_t>(&process);
    arguments.exit_signal = 0;  // no child the host could wait for by chance
    arguments.stack = reinterpret_cast<std::uint64_t>(stack_->bytes);
    arguments.stack_size = kStack;
    const long result = kernel::clone_onto_stack(&arguments, wait_for_the_end, nullptr);
    if (result < 0) {
      throw kernel::CallError{"clone3", static_cast<int>(-result)};
    }
    pid_ = static_cast<int>(result);
    process_.reset(process);
  }
  Holder(const Holder&) = delete;
  Holder& operator=(const Holder&) = delete;
  ~Holder() {
    (void)raw_syscall(__NR_pidfd_send_signal, process_.get(), SIGKILL, 0, 0);
    (void)raw_syscall(__NR_waitid, P_PIDFD, process_.get(), 0, WEXITED | __WALL, 0);
  }

  void write(const char* name, const std::vector<launcher::IdRange>& ranges) const {
    std::string text;
    for (const launcher::IdRange& range : ranges) {
      text +=
          std::to_string(range.inside) + " " + std::to_string(range.outside) + " " + std::to_string(range.count) + "\n";
    }
    const kernel::FileDescriptor file{::open(path_of(name).c_str(), O_WRONLY | O_CLOEXEC)};
    // the kernel takes a map in one write or not at all
    if (!file || ::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
      throw kernel::CallError{name, errno};
    }
  }

  [[nodiscard]] std::string path_of(const char* name) const { return "/proc/" + std::to_string(pid_) + "/" + name; }

 private:
  struct Stack {
    alignas(16) std::byte bytes[kStack];
  };
  std::unique_ptr<Stack> stack_;
  int pid_ = 0;
  kernel::FileDescriptor process_;
};

}  // namespace

kernel::FileDescriptor make_user_namespace(const std::vector<launcher::IdRange>& users,
                                           const std::vector<launcher::IdRange>& groups) {
  const Holder holder;
  holder.write("uid_map", users);
  holder.write("gid_map", groups);
  kernel::FileDescriptor result{::open(holder.path_of("ns/user").c_str(), O_RDONLY | O_CLOEXEC)};
  if (!result) {
    throw kernel::CallError{"open user namespace", errno};
  }
  return result;
}

}  // namespace dunnage::prepare
