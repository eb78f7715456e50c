// SPDX-License-Identifier: Apache-2.0
#include "support/dirty_host.hpp"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <linux/securebits.h>
#include <sched.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <utility>

namespace dunnage::test {
namespace {

constexpr int kDescriptors = 200;
// Of <linux/ioprio.h>, which has a parameter named `class` in some versions.
constexpr int kIoPriorityOfProcess = 1;
constexpr int kIoPriorityClassBits = 13;
constexpr int kIoRealTime = 1;
constexpr int kIoBestEffort = 2;
constexpr int kMemoryPolicyPreferred = 1;  // MPOL_PREFERRED

/// Names of what could not be changed.
class Changes {
 public:
  void note(const std::string& name, bool done) {
    if (!done) refused_.push_back(name);
  }
  /// What anybody may do.
  static void require(const std::string& name, bool done) {
    if (!done) throw std::runtime_error{"the host cannot change its " + name + ", errno " + std::to_string(errno)};
  }
  [[nodiscard]] std::vector<std::string> refused() && { return std::move(refused_); }

 private:
  std::vector<std::string> refused_;
};

bool write_text(const char* file, const char* text) {
  std::ofstream stream{file};
  stream << text << std::flush;
  return stream.good();
}

/// The soft limit of each resource, as far down as the test itself can live with, and up to the hard limit for what is
/// nothing by default.
void change_limits() {
  constexpr rlim_t kMebibyte = rlim_t{1} << 20U;
  constexpr std::array<std::pair<__rlimit_resource, rlim_t>, 14> kSoft{{{RLIMIT_CPU, 4000},
                                                                        {RLIMIT_FSIZE, 512 * kMebibyte},
                                                                        {RLIMIT_DATA, 4096 * kMebibyte},
                                                                        {RLIMIT_STACK, 2 * kMebibyte},
                                                                        {RLIMIT_CORE, RLIM_INFINITY},
                                                                        {RLIMIT_RSS, 4096 * kMebibyte},
                                                                        {RLIMIT_NPROC, 5000},
                                                                        {RLIMIT_NOFILE, 5000},
                                                                        {RLIMIT_MEMLOCK, kMebibyte},
                                                                        {RLIMIT_LOCKS, 100},
                                                                        {RLIMIT_SIGPENDING, 100},
                                                                        {RLIMIT_MSGQUEUE, 100},
                                                                        {RLIMIT_NICE, 20},
                                                                        {RLIMIT_RTPRIO, 5}}};
  for (const auto& [resource, soft] : kSoft) {
    rlimit limit{};
    Changes::require("limits", ::getrlimit(resource, &limit) == 0);
    limit.rlim_cur = std::min(soft, limit.rlim_max);
    Changes::require("limits", ::setrlimit(resource, &limit) == 0);
  }
}

void change_scheduling(Changes& changes) {
  cpu_set_t first;
  CPU_ZERO(&first);
  CPU_SET(0, &first);
  changes.note("processors", ::sched_setaffinity(0, sizeof first, &first) == 0);
  const sched_param priority{.sched_priority = 10};
  const bool real_time = ::sched_setscheduler(0, SCHED_FIFO, &priority) == 0;
  changes.note("real-time scheduling", real_time);
  if (!real_time) {
    const sched_param none{};
    Changes::require("scheduling", ::sched_setscheduler(0, SCHED_BATCH, &none) == 0);
  }
  const auto io = [](int kind, int level) {
    return ::syscall(SYS_ioprio_set, kIoPriorityOfProcess, 0, (kind << kIoPriorityClassBits) | level) == 0;
  };
  const bool fast = io(kIoRealTime, 2);
  changes.note("real-time input and output", fast);
  if (!fast) Changes::require("input and output", io(kIoBestEffort, 7));
}

void change_identity(Changes& changes) {
  const std::array<gid_t, 2> groups{12345, 23456};
  changes.note("groups", ::setgroups(groups.size(), groups.data()) == 0);
  changes.note("bits of security", ::prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP | SECBIT_KEEP_CAPS) == 0);
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};
  Changes::require("capabilities", ::syscall(SYS_capget, &header, data) == 0);
  data[0].inheritable = data[0].permitted;
  data[1].inheritable = data[1].permitted;
  Changes::require("capabilities", ::syscall(SYS_capset, &header, data) == 0);
  changes.note("ambient capabilities", ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SYS_PTRACE, 0, 0) == 0 &&
                                           ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_CHOWN, 0, 0) == 0);
}

void add_key() {
  Changes::require("session keyring", ::syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, "dunnage-test") >= 0);
  Changes::require("session keyring",
                   ::syscall(SYS_add_key, "user", kHostKey, kHostSecret, 6, KEY_SPEC_SESSION_KEYRING) >= 0);
}

void change_memory() {
  Changes::require("personality", ::personality(ADDR_NO_RANDOMIZE | ADDR_COMPAT_LAYOUT) >= 0);
  Changes::require("huge pages", ::prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) == 0);
  Changes::require("core dumps", write_text("/proc/self/coredump_filter", "0x7f"));
  const unsigned long first_node = 1;
  Changes::require(
      "memory policy",
      ::syscall(SYS_set_mempolicy, kMemoryPolicyPreferred, &first_node, sizeof first_node * 8) == 0 || errno == ENOSYS);
  Changes::require("memory score", write_text("/proc/self/oom_score_adj", "500"));
}

void change_signals() {
  (void)std::signal(SIGCHLD, SIG_IGN);
  (void)std::signal(SIGHUP, SIG_IGN);
  (void)std::signal(SIGUSR2, [](int) {});
  sigset_t all;
  sigfillset(&all);
  Changes::require("signals", ::pthread_sigmask(SIG_SETMASK, &all, nullptr) == 0);
}

void change_surroundings(const std::filesystem::path& directory) {
  Changes::require("environment", ::setenv("LD_PRELOAD", "/no/such/library.so", 1) == 0 &&
                                      ::setenv("HOST_SECRET", kHostSecret, 1) == 0 &&
                                      ::setenv("TERM", "host", 1) == 0 && ::setenv("HOME", "/host", 1) == 0);
  Changes::require("working directory", ::chdir(directory.c_str()) == 0);
  for (int count = 0; count < kDescriptors; ++count) {
    Changes::require("descriptors", ::open("descriptor-of-the-host", O_RDWR | O_CREAT, 0600) >= 0);
  }
  ::umask(0);
}

std::string number(long value) { return std::to_string(value); }

std::string scheduling() {
  sched_param priority{};
  cpu_set_t processors;
  CPU_ZERO(&processors);
  (void)::sched_getparam(0, &priority);
  (void)::sched_getaffinity(0, sizeof processors, &processors);
  return number(::sched_getscheduler(0)) + " " + number(priority.sched_priority) + " on " +
         number(CPU_COUNT(&processors)) + ", nice " + number(::getpriority(PRIO_PROCESS, 0)) + ", io " +
         number(::syscall(SYS_ioprio_get, kIoPriorityOfProcess, 0));
}

std::string signal_actions() {
  std::string text;
  for (const int signal : {SIGCHLD, SIGHUP, SIGUSR2, SIGPIPE, SIGTERM}) {
    struct sigaction action {};
    (void)::sigaction(signal, nullptr, &action);
    text += number(reinterpret_cast<long>(action.sa_handler)) + " ";
  }
  return text;
}

}  // namespace

std::vector<std::string> become_dirty(const std::filesystem::path& directory) {
  Changes changes;
  add_key();
  change_limits();
  change_surroundings(directory);
  change_signals();
  change_identity(changes);
  change_memory();
  Changes::require("name", ::prctl(PR_SET_NAME, "dirty", 0, 0, 0) == 0);
  Changes::require("timer slack", ::prctl(PR_SET_TIMERSLACK, 123'456'789, 0, 0, 0) == 0);
  change_scheduling(changes);
  return std::move(changes).refused();
}

HostState dirty_host_state() {
  HostState state = host_state();
  char name[16] = {};
  (void)::prctl(PR_GET_NAME, name, 0, 0, 0);
  state["name"] = name;
  state["scheduling"] = scheduling();
  state["signal actions"] = signal_actions();
  state["timer slack"] = number(::prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0));
  state["dumpable"] = number(::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0));
  state["bits of security"] = number(::prctl(PR_GET_SECUREBITS, 0, 0, 0, 0));
  state["huge pages"] = number(::prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0));
  state["personality"] = number(::personality(0xffffffffUL));
  state["core dumps"] = file_text("/proc/self/coredump_filter");
  state["memory score"] = file_text("/proc/self/oom_score_adj");
  state["session and group"] = number(::getsid(0)) + " " + number(::getpgid(0));
  state["keyring"] = number(::syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0)) + " " +
                     number(::syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_SESSION_KEYRING, "user", kHostKey, 0));
  return state;
}

}  // namespace dunnage::test
