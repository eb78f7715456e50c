// SPDX-License-Identifier: Apache-2.0
// A host under a filter of system calls that somebody put around it. What works does the same as without it; what
// cannot is refused by an error that says why: no weaker way is taken, and nothing hangs, aborts or stays behind.

#include "container/support.hpp"
#include "seccomp/default_profile.hpp"
#include "seccomp/filter.hpp"
#include "support/host.hpp"
#include "support/outer_filter.hpp"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

using namespace dunnage;
using namespace dunnage::test;

namespace {

constexpr unsigned kLongest = 120;  ///< seconds; only a host that hangs lives that long

struct Call {
  const char* name;
  int number;
};

constexpr Call kCalls[] = {
    {"openat2", SYS_openat2},
    {"open_tree", SYS_open_tree},
    {"move_mount", SYS_move_mount},
    {"mount_setattr", SYS_mount_setattr},
    {"fsopen", SYS_fsopen},
    {"fsconfig", SYS_fsconfig},
    {"fsmount", SYS_fsmount},
    {"clone3", SYS_clone3},
    {"pidfd_open", SYS_pidfd_open},
    {"pidfd_send_signal", SYS_pidfd_send_signal},
    {"close_range", SYS_close_range},
    {"statx", SYS_statx},
    {"listmount", 458},
    {"statmount", 457},
    {"execveat", SYS_execveat},
    {"memfd_create", SYS_memfd_create},
    {"setns", SYS_setns},
    {"unshare", SYS_unshare},
    {"pivot_root", SYS_pivot_root},
    {"umount2", SYS_umount2},
    {"keyctl", SYS_keyctl},
    {"prlimit64", SYS_prlimit64},
    {"seccomp", SYS_seccomp},
    {"capset", SYS_capset},
    {"signalfd4", SYS_signalfd4},
    {"epoll_create1", SYS_epoll_create1},
};

/// Of a host of its own, with what it wrote to standard error: 0, or what it ended with.
int status_of_host(const std::function<int()>& work) {
  std::fflush(nullptr);
  const pid_t host = ::fork();
  if (host == 0) {
    ::alarm(kLongest);
    int status = 100;
    try {
      status = work();
    } catch (const std::exception& error) {
      std::fprintf(stderr, "%s\n", error.what());
    }
    std::fflush(nullptr);
    ::_exit(status);
  }
  int status = -1;
  while (::waitpid(host, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + status;
}

constexpr int kSame = 0;      ///< it did what it does without a filter
constexpr int kRefused = 10;  ///< by an error with a cause and a remedy
constexpr int kOther = 20;    ///< the container did something else
constexpr int kUnclear = 30;  ///< an error without a cause or a remedy
constexpr int kLeak = 40;     ///< something stayed behind

/// What can go wrong on the way: a root with a link that leads out of it, volumes, and a tree that shall not be
/// written.
int launch_with_everything(const Ground& ground, const std::filesystem::path& root) {
  try {
    VolumeStore store = ground.volumes();
    MountSet mounts{store.get_or_create("data").at("/var/data")};
    mounts.add(BindMount{ground.path("shown"), "/link/shown", {.read_only = true}}).add(Tmpfs{"/scratch"});
    mounts.add(BindMount{"/usr", "/usr", {.read_only = true}});
    LaunchSpec spec = ground.shell(
        "echo x > /var/data/file; cat /link/shown/file; echo y 2>/dev/null > /link/shown/made; echo z > /scratch/z; "
        "test ! -e /link/shown/made && test -s /scratch/z && grep -q ' /scratch tmpfs' /proc/mounts",
        std::move(mounts));
    spec.rootfs = Rootfs::directory(root);
    spec.out = Stdio::pipe();
    const Container container = Container::launch(std::move(spec));
    char text[64] = {};
    const ssize_t size = ::read(container.stdout_fd(), text, sizeof text);
    const bool good =
        container.wait().success() && std::string_view{text, size > 0 ? std::size_t(size) : 0} == "shown\n";
    return good ? kSame : kOther;
  } catch (const Error& error) {
    std::printf("    %s\n", error.what());
    const bool clear = !error.remedy().empty() && std::string{error.what()}.find(" [E") != std::string::npos;
    return clear ? kRefused : kUnclear;
  }
}

/// The launcher of this host, and what belongs to it, has ended or is what stays for the next launch.
int leaves_nothing(const HostState& before, int verdict) {
  std::string changed;
  const auto same = [&] {
    HostState now = host_state();
    for (const char* name : {"descriptors", "credentials", "mounts"}) now.erase(name);
    return (changed = difference(before, now)).empty();
  };
  if (eventually(same)) return verdict;
  std::fprintf(stderr, "changed: %s\n", changed.c_str());
  return kLeak;
}

/// What Docker gives to a container, whose program is a host of ours then.
constexpr std::uint64_t kDockerCapabilities = 0x00000000a80425fb;

void keep_capabilities(std::uint64_t capabilities) {
  for (unsigned number = 0; number < 64; ++number) {
    if ((capabilities >> number & 1U) == 0) (void)::prctl(PR_CAPBSET_DROP, number, 0, 0, 0);
  }
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};
  for (unsigned half = 0; half < 2; ++half) {
    data[half].permitted = data[half].effective = static_cast<std::uint32_t>(capabilities >> (32 * half));
  }
  if (::syscall(SYS_capset, &header, data) != 0) throw std::runtime_error{"capset"};
}

/// The filter comes first: without CAP_SYS_ADMIN it cannot be loaded.
int launch_as_in_docker(const Ground& ground, std::string_view profile, std::uint64_t capabilities) {
  load_outer_filter(seccomp::compile(profile, capabilities).program);
  if (::geteuid() == 0) keep_capabilities(capabilities);
  const HostState before = host_state();
  const int verdict = launch_with_everything(ground, ground.path("root"));
  if (verdict == kRefused && support().can_launch()) return kUnclear;
  return leaves_nothing(before, verdict);
}

void make_root(const Ground& ground) {
  for (const char* place : {"root/usr", "root/var", "root/scratch", "root/proc", "root/sys", "root/dev", "root/tmp",
                            "root/etc", "outside"}) {
    (void)ground.directory().make(place);
  }
  for (const char* link : {"bin", "lib", "lib64", "sbin"}) {
    std::filesystem::create_symlink(std::string{"usr/"} + link, ground.path("root") / link);
  }
  // the link means a place in the root; who follows it on the host makes the mount point outside
  std::filesystem::create_symlink(ground.path("outside"), ground.path("root/link"));
  (void)ground.directory().make("root/" + ground.path("outside").relative_path().string());
  (void)ground.directory().write("shown/file", "shown\n");
}

}  // namespace

TEST_CASE("P-61: each call the library needs may be denied to its host: the verdict is the same, or a clear refusal",
          "[container][filtered]") {
  if (who() == Launcher::Range) return skip("with no_new_privs, which a filter wants, newuidmap gains nothing");
  const Ground ground;
  make_root(ground);
  REQUIRE(status_of_host([&] { return launch_with_everything(ground, ground.path("root")); }) == kSame);
  for (const Call& call : kCalls) {
    for (const int error : {ENOSYS, EPERM}) {
      CAPTURE(call.name, error);
      std::printf("  %s, errno %d:\n", call.name, error);
      const int verdict = status_of_host([&] {
        deny_calls({call.number}, error);
        const HostState before = host_state();
        return leaves_nothing(before, launch_with_everything(ground, ground.path("root")));
      });
      CHECK((verdict == kSame || verdict == kRefused));
      CHECK(std::filesystem::is_empty(ground.path("outside")));
    }
  }
}

TEST_CASE("under Docker's filter a launch is refused by an error that names the call and what to allow",
          "[container][filtered]") {
  if (who() == Launcher::Range) return skip("with no_new_privs, which a filter wants, newuidmap gains nothing");
  const Ground ground;
  make_root(ground);
  CHECK(status_of_host([&] { return launch_as_in_docker(ground, seccomp::default_profile(), kDockerCapabilities); }) ==
        kRefused);
}

TEST_CASE(
    "under Docker's filter for CAP_SYS_ADMIN, which denies pivot_root, a launch is refused; with that call it works",
    "[container][filtered]") {
  if (who() == Launcher::Range) return skip("with no_new_privs, which a filter wants, newuidmap gains nothing");
  const Ground ground;
  make_root(ground);
  constexpr std::uint64_t kMore = std::uint64_t{1} << CAP_SYS_ADMIN | std::uint64_t{1} << CAP_NET_ADMIN;
  std::string profile{seccomp::default_profile()};
  CHECK(status_of_host([&] { return launch_as_in_docker(ground, profile, kDockerCapabilities | kMore); }) == kRefused);
  const std::string call = "\"move_mount\"";
  const std::size_t place = profile.find(call);
  REQUIRE(place != std::string::npos);
  profile.insert(place, "\"pivot_root\", ");
  CHECK(status_of_host([&] { return launch_as_in_docker(ground, profile, kDockerCapabilities | kMore); }) == kSame);
}
