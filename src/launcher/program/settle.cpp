// SPDX-License-Identifier: Apache-2.0
#include "launcher/program/settle.hpp"

#include "launcher/program/time_slice.hpp"
#include "launcher/program/transfer.hpp"

#include <linux/keyctl.h>
#include <linux/prctl.h>
#include <sys/resource.h>

namespace dunnage::launcher {
namespace {

constexpr int kFailed = -2;
// IOPRIO_WHO_PROCESS; <linux/ioprio.h> has a parameter named `class` in some versions, which is no C++
constexpr int kIoPriorityOfProcess = 1;

void write_setting(const char* path, const char* text) noexcept {
  const int fd = open_at(AT_FDCWD, path, O_WRONLY);
  if (fd >= 0) {
    (void)write_bytes(fd, text, text_size(text));
    (void)close_descriptor(fd);
  }
}

/// How memory is had, written out and taken away, as the kernel has it for who says nothing.
void reset_memory() noexcept {
  constexpr long kDefaultPolicy = 0;  // MPOL_DEFAULT
  (void)raw_syscall(__NR_set_mempolicy, kDefaultPolicy, 0, 0);
  (void)raw_syscall(__NR_prctl, PR_SET_THP_DISABLE, 0, 0, 0, 0);
  write_setting("/proc/self/coredump_filter", "0x33");
  // lowering the score takes CAP_SYS_RESOURCE; a host that is preferred by the killer has raised it by itself
  write_setting("/proc/self/oom_score_adj", "0");
}

/// In this order: the slack of a real-time thread is none, and no timer of its children has any then.
void reset_scheduling() noexcept {
  constexpr long kSlack = 50'000;  // nanoseconds; 0 would be that of the host, and not the kernel's default
  const int32_t parameter = 0;
  (void)raw_syscall(__NR_sched_setscheduler, 0, 0, as_argument(&parameter));
  (void)raw_syscall(__NR_setpriority, PRIO_PROCESS, 0, 0);
  (void)shorten_time_slice();
  (void)raw_syscall(__NR_prctl, PR_SET_TIMERSLACK, kSlack, 0, 0, 0);
  (void)raw_syscall(__NR_ioprio_set, kIoPriorityOfProcess, 0, 0);
  uint8_t every_cpu[1024];
  __builtin_memset(every_cpu, 0xff, sizeof every_cpu);
  (void)raw_syscall(__NR_sched_setaffinity, 0, sizeof every_cpu, as_argument(every_cpu));
}

}  // namespace

int receive_configuration(Configuration& configuration, int& asking) noexcept {
  struct {
    Message message;
    Configuration configuration;
  } frame{};
  Descriptors descriptors;
  long size = 0;
  do {
    size = receive_message(kSocketDescriptor, &frame, sizeof frame, descriptors, 0);
  } while (size == -EINTR);
  if (size != sizeof frame || frame.message.kind != MessageKind::Configure) {
    descriptors.close_all();
    return kFailed;
  }
  configuration = frame.configuration;
  asking = descriptors.count > 1 ? descriptors.values[1] : -1;
  return descriptors.count > 0 ? descriptors.values[0] : -1;
}

Failure settle(const Surroundings& surroundings) noexcept {
  (void)raw_syscall(__NR_setsid);
  (void)raw_syscall(__NR_umask, 022);
  (void)raw_syscall(__NR_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0);
  (void)raw_syscall(__NR_prctl, PR_SET_NAME, as_argument("dunnage"), 0, 0, 0);
  (void)raw_syscall(__NR_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  (void)raw_syscall(__NR_personality, 0);
  reset_scheduling();
  reset_memory();
  Failure failure;
  if (surroundings.rootless && raw_syscall(__NR_keyctl, KEYCTL_JOIN_SESSION_KEYRING, 0) == 0) {
    failure.step = Step::SetKeyring;  // no keyring has that number: nobody has joined one
    failure.error = EPERM;
  }
  return failure;
}

}  // namespace dunnage::launcher
