// SPDX-License-Identifier: Apache-2.0
#include "launcher/program/settle.hpp"

#include "launcher/program/time_slice.hpp"
#include "launcher/program/transfer.hpp"

#include <linux/ioprio.h>
#include <linux/keyctl.h>
#include <linux/prctl.h>
#include <sys/resource.h>

namespace dunnage::launcher {
namespace {

constexpr int kFailed = -2;

/// Lowering the score takes CAP_SYS_RESOURCE; a host that is preferred by the killer has raised it by itself.
void reset_memory_score() noexcept {
  const int fd = open_at(AT_FDCWD, "/proc/self/oom_score_adj", O_WRONLY);
  if (fd >= 0) {
    (void)write_bytes(fd, "0", 1);
    (void)close_descriptor(fd);
  }
}

}  // namespace

int receive_configuration(Configuration& configuration) noexcept {
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
  return descriptors.count > 0 ? descriptors.values[0] : -1;
}

void settle(const Surroundings& surroundings) noexcept {
  (void)raw_syscall(__NR_setsid);
  (void)raw_syscall(__NR_umask, 022);
  (void)raw_syscall(__NR_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0);
  (void)raw_syscall(__NR_prctl, PR_SET_NAME, as_argument("dunnage"), 0, 0, 0);
  (void)raw_syscall(__NR_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  (void)raw_syscall(__NR_prctl, PR_SET_TIMERSLACK, 0, 0, 0, 0);
  (void)raw_syscall(__NR_personality, 0);
  const int32_t parameter = 0;
  (void)raw_syscall(__NR_sched_setscheduler, 0, 0, as_argument(&parameter));
  (void)raw_syscall(__NR_setpriority, PRIO_PROCESS, 0, 0);
  (void)shorten_time_slice();
  (void)raw_syscall(__NR_ioprio_set, IOPRIO_WHO_PROCESS, 0, 0);
  uint8_t every_cpu[1024];
  __builtin_memset(every_cpu, 0xff, sizeof every_cpu);
  (void)raw_syscall(__NR_sched_setaffinity, 0, sizeof every_cpu, as_argument(every_cpu));
  reset_memory_score();
  if (surroundings.rootless) {
    (void)raw_syscall(__NR_keyctl, KEYCTL_JOIN_SESSION_KEYRING, 0);
  }
}

}  // namespace dunnage::launcher
