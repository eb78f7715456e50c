// SPDX-License-Identifier: Apache-2.0
// P-60: a host whose every setting is another than a program expects. Its containers show the library's defaults, one
// by one, and the host itself is as it was. CAP_SYS_RESOURCE is not asked for: the memory score is raised, not lowered,
// and the hard limits are what they are.

#include "support/dirty_host.hpp"
#include "container/support.hpp"
#include "support/read_to_end.hpp"

#include <fcntl.h>
#include <linux/securebits.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <map>
#include <stdexcept>
#include <thread>

using namespace dunnage;
using namespace dunnage::test;

namespace {

/// What a program can find out about itself, a line "name: value" each. The shell and `cat` change nothing of it;
/// Python, which asks the kernel for what no file says, ignores two signals.
constexpr const char* kProbe = R"probe(
cat /proc/self/status
tail -n +2 /proc/self/limits | sed 's/^\(Max .\{21\}\) /\1: /; s/  */ /g; s/ :/:/'
for name in oom_score_adj timerslack_ns personality coredump_filter; do echo "$name: $(cat /proc/self/$name)"; done
echo "cwd: $(readlink /proc/self/cwd)"
echo "session: $(cut -d ' ' -f 5,6 /proc/self/stat)"
echo "descriptors:" $(ls /proc/self/fd)
env | sort | sed 's/^/env: /'
python3 -c '
import ctypes, errno, os
libc = ctypes.CDLL(None, use_errno=True)
def call(*words):
  result = libc.syscall(*words)
  return result if result >= 0 else errno.errorcode[ctypes.get_errno()]
print("scheduling:", os.sched_getscheduler(0), os.sched_getparam(0).sched_priority)
print("nice:", os.getpriority(os.PRIO_PROCESS, 0))
print("io:", call(IOPRIO_GET, 1, 0))
for name, number in (("securebits", 27), ("keepcaps", 7), ("death signal", 2), ("subreaper", 37), ("huge pages", 42),
                     ("dumpable", 3), ("timer slack", 30)):
  value = ctypes.c_int(0)
  result = libc.prctl(number, ctypes.byref(value) if number in (2, 37) else 0, 0, 0, 0)
  print(name + ":", value.value if number in (2, 37) else result)
print("key:", call(KEYCTL, 10, -3, b"user", b"dunnage-test-key", 0))
policy = ctypes.c_int(-1)
print("memory policy:", policy.value if call(GET_MEMPOLICY, ctypes.byref(policy), None, 0, None, 0) == 0 else "unknown")
'
)probe";

std::string probe() {
  std::string text = kProbe;
  const std::map<std::string, long> calls{
      {"IOPRIO_GET", SYS_ioprio_get}, {"KEYCTL", SYS_keyctl}, {"GET_MEMPOLICY", SYS_get_mempolicy}};
  for (const auto& [name, number] : calls) {
    text.replace(text.find(name), name.size(), std::to_string(number));
  }
  return text;
}

std::string limit_text(rlim_t value) { return value == RLIM_INFINITY ? "unlimited" : std::to_string(value); }

/// The library's default, and below it what the host's hard limit allows.
std::string limits_line(__rlimit_resource resource, rlim_t soft, rlim_t hard, const char* unit) {
  rlimit own{};
  (void)::getrlimit(resource, &own);
  const rlim_t most = std::min(hard, own.rlim_max);
  return limit_text(std::min(soft, most)) + " " + limit_text(most) + (*unit == '\0' ? "" : " ") + unit;
}

using Values = std::map<std::string, std::string>;

void add_limits(Values& values) {
  constexpr rlim_t kNone = RLIM_INFINITY;
  constexpr rlim_t kMebibyte = rlim_t{1} << 20U;
  values["Max cpu time"] = limits_line(RLIMIT_CPU, kNone, kNone, "seconds");
  values["Max file size"] = limits_line(RLIMIT_FSIZE, kNone, kNone, "bytes");
  values["Max data size"] = limits_line(RLIMIT_DATA, kNone, kNone, "bytes");
  values["Max stack size"] = limits_line(RLIMIT_STACK, 8 * kMebibyte, kNone, "bytes");
  values["Max core file size"] = limits_line(RLIMIT_CORE, 0, kNone, "bytes");
  values["Max resident set"] = limits_line(RLIMIT_RSS, kNone, kNone, "bytes");
  values["Max processes"] = limits_line(RLIMIT_NPROC, 1048576, 1048576, "processes");
  values["Max open files"] = limits_line(RLIMIT_NOFILE, 1024, 524288, "files");
  values["Max locked memory"] = limits_line(RLIMIT_MEMLOCK, 8 * kMebibyte, 8 * kMebibyte, "bytes");
  values["Max address space"] = limits_line(RLIMIT_AS, kNone, kNone, "bytes");
  values["Max file locks"] = limits_line(RLIMIT_LOCKS, kNone, kNone, "locks");
  values["Max pending signals"] = limits_line(RLIMIT_SIGPENDING, 65536, 65536, "signals");
  values["Max msgqueue size"] = limits_line(RLIMIT_MSGQUEUE, 819200, 819200, "bytes");
  values["Max nice priority"] = limits_line(RLIMIT_NICE, 0, 0, "");
  values["Max realtime priority"] = limits_line(RLIMIT_RTPRIO, 0, 0, "");
  values["Max realtime timeout"] = limits_line(RLIMIT_RTTIME, kNone, kNone, "us");
}

/// What a container shows, whatever its host is like.
Values defaults() {
  Values values{{"Umask", "0022"},
                {"Uid", "0 0 0 0"},
                {"Gid", "0 0 0 0"},
                {"SigPnd", "0000000000000000"},
                {"ShdPnd", "0000000000000000"},
                {"SigBlk", "0000000000000000"},
                {"SigIgn", "0000000000000000"},
                {"SigCgt", "0000000000000000"},
                {"CapInh", "0000000000000000"},
                {"CapPrm", "00000000800405fb"},
                {"CapEff", "00000000800405fb"},
                {"CapBnd", "00000000800405fb"},
                {"CapAmb", "0000000000000000"},
                {"NoNewPrivs", "1"},
                {"THP_enabled", "1"},
                {"Cpus_allowed_list", field_of(file_text("/proc/self/status"), "Cpus_allowed_list")},
                {"oom_score_adj", "0"},
                {"timerslack_ns", "50000"},
                {"personality", "00000000"},
                {"coredump_filter", "00000033"},
                {"cwd", "/"},
                {"descriptors", "0 1 2 3"},
                {"scheduling", "0 0"},
                {"nice", "0"},
                {"io", "0"},
                {"securebits", "0"},
                {"keepcaps", "0"},
                {"death signal", "0"},
                {"subreaper", "0"},
                {"huge pages", "0"},
                {"dumpable", "1"},
                {"timer slack", "50000"}};
  add_limits(values);
  return values;
}

Values values_of(const std::string& text) {
  Values values;
  for (std::string line : lines_of(text)) {
    std::ranges::replace(line, '\t', ' ');
    const std::size_t colon = line.find(": ");
    const std::string name = line.substr(0, colon);
    std::string value = colon == std::string::npos ? "" : line.substr(colon + 2);
    value.erase(value.find_last_not_of(' ') + 1);
    values[name] += (values[name].empty() ? "" : "\n") + value;
  }
  return values;
}

std::string differences(const std::string& where, Values expected, const std::string& text) {
  const Values seen = values_of(text);
  std::string complaint;
  for (const auto& [name, value] : expected) {
    const auto found = seen.find(name);
    const std::string is = found == seen.end() ? "nothing" : found->second;
    if (is != value) complaint += where + ": " + name + " is \"" + is + "\" and not \"" + value + "\"\n";
  }
  if (text.find(kHostSecret) != std::string::npos || text.find("LD_PRELOAD") != std::string::npos) {
    complaint += where + ": the environment of the host is seen:\n" + text;
  }
  return complaint;
}

constexpr const char* kEnvironment =
    "HOME=/root\nHOSTNAME=box\nPATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:"
    "/sbin:/bin\nPWD=/";

/// The first program, a further one, one of a template, and one without a filter, which would hide the keys.
std::string look_at_containers(const Ground& ground, const Values& expected) {
  std::string complaint;
  const auto looking = [&] {
    LaunchSpec spec = ground.shell(probe());
    spec.hostname = "box";
    spec.out = Stdio::pipe();
    return spec;
  };
  Values filtered = expected;
  filtered["Seccomp"] = "2";
  filtered["env"] = kEnvironment;
  filtered["key"] = "EPERM";
  const LaunchTemplate shell{looking()};
  {
    const Container container = shell.launch();
    complaint += differences("from a template", filtered, read_to_end(container.stdout_fd()));
  }
  LaunchSpec sleeper = ground.program({"sleep", "1000"});
  sleeper.hostname = "box";
  {
    const Container container = Container::launch(std::move(sleeper));
    const Process process = container.exec({.argv = {"sh", "-c", probe()}, .out = Stdio::pipe(), .err = Stdio::null()});
    complaint += differences("a further program", filtered, read_to_end(process.stdout_fd()));
  }
  LaunchSpec spec = looking();
  spec.seccomp = Seccomp::unconfined();
  const Container container = Container::launch(std::move(spec));
  Values open = expected;
  open["Seccomp"] = "0";
  open["key"] = "ENOKEY";
  open["memory policy"] = "0";
  complaint += differences("the first program", open, read_to_end(container.stdout_fd()));
  return complaint;
}

/// What not even a user namespace gives back to an ordinary user: a lower nice value, and supplementary groups.
void except_kernel_rules(Values& expected) {
  if (who() == Launcher::Root) expected["Groups"] = "";
}

std::string be_dirty_host(const Ground& ground, const std::filesystem::path& canary) {
  Values expected = defaults();
  except_kernel_rules(expected);
  const std::vector<std::string> refused = become_dirty(canary);
  for (const std::string& name : refused) std::fprintf(stderr, "not changed, as this user may not: %s\n", name.c_str());
  run_first_thread();
  std::atomic<bool> over{false};
  std::atomic<bool> reaped{false};
  std::thread reaper{[&] {
    while (!over) {
      reaped = reaped || ::waitpid(-1, nullptr, 0) >= 0;
      std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
  }};
  (void)run(ground.program({"true"}));
  const HostState before = dirty_host_state();
  std::string complaint = look_at_containers(ground, expected);
  std::string changed;
  (void)eventually([&] { return (changed = difference(before, dirty_host_state())).empty(); });
  over = true;
  reaper.join();
  return complaint + changed + (reaped ? "there was a child to be reaped\n" : "");
}

/// The complaints of a host that is a process of its own; empty if there are none.
std::string complaints_of(const std::function<std::string()>& host) {
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  const pid_t process = ::fork();
  if (process == 0) {
    std::string text;
    try {
      text = host();
    } catch (const std::exception& error) {
      text = error.what();
    }
    (void)!::write(ends[1], text.data(), text.size());
    ::_exit(0);
  }
  ::close(ends[1]);
  std::string text = read_to_end(ends[0]);
  ::close(ends[0]);
  int status = -1;
  while (::waitpid(process, &status, 0) < 0 && errno == EINTR) {
  }
  return status == 0 ? text : text + "the host ended with the wait status " + std::to_string(status);
}

}  // namespace

TEST_CASE("P-60: containers of a host with every setting changed show the defaults, and the host is as it was",
          "[container][dirty]") {
  if (!requires_program("python3")) return;
  const Ground ground;
  const auto canary = ground.directory().make("canary");
  CHECK(complaints_of([&] { return be_dirty_host(ground, canary); }) == "");
}

TEST_CASE("P-60: a host that can gain no privileges has containers that can gain none, whatever they ask for",
          "[container][dirty]") {
  if (who() == Launcher::Range) return skip("with no_new_privs newuidmap gains nothing, which an error says");
  const Ground ground;
  CHECK(complaints_of([&] {
          (void)::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
          std::string seen;
          for (const bool wanted : {true, false}) {
            LaunchSpec spec = ground.program({"cat", "/proc/self/status"});
            spec.no_new_privileges = wanted;
            spec.out = Stdio::pipe();
            const Container container = Container::launch(std::move(spec));
            const std::string status = read_to_end(container.stdout_fd());
            if (field_of(status, "NoNewPrivs") != "1" || field_of(status, "CapEff") != "00000000800405fb")
              seen += status;
          }
          return seen;
        }) == "");
}

TEST_CASE("P-60: for a host whose root is like any user containers are as everywhere", "[container][dirty]") {
  if (!requires_root()) return;
  const Ground ground;
  CHECK(complaints_of([&] {
          if (::prctl(PR_SET_SECUREBITS, SECBIT_NOROOT | SECBIT_NO_SETUID_FIXUP) != 0) return std::string{"prctl"};
          LaunchSpec spec = ground.program({"cat", "/proc/self/status"});
          spec.out = Stdio::pipe();
          const Container container = Container::launch(std::move(spec));
          const std::string status = read_to_end(container.stdout_fd());
          return field_of(status, "CapEff") == "00000000800405fb" ? std::string{} : status;
        }) == "");
}
