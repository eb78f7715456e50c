// SPDX-License-Identifier: Apache-2.0
// I-21: a filter around the host answers a call that confines a container with success, and the kernel never makes it.
// Some do so to let an ordinary user seem to be root. The container is as confined as ever, or does not run.

#include "container/support.hpp"
#include "support/apart.hpp"
#include "support/outer_filter.hpp"

#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>

using namespace dunnage;
using namespace dunnage::test;

namespace {

constexpr int kNone = 0x0fff;  ///< no call has this number

struct Call {
  const char* name;
  int number;
  bool other_user = false;  ///< it says something of a container of another user
};

constexpr Call kCalls[] = {{"setresuid", SYS_setresuid, true},
                           {"setresgid", SYS_setresgid, true},
                           {"setgroups", SYS_setgroups, true},
                           {"capset", SYS_capset},
                           {"prctl", SYS_prctl},
                           {"seccomp", SYS_seccomp},
                           {"unshare", SYS_unshare},
                           {"setns", SYS_setns},
                           {"chroot", SYS_chroot},
                           {"fchdir", SYS_fchdir},
                           {"mount_setattr", SYS_mount_setattr},
                           {"move_mount", SYS_move_mount},
                           {"prlimit64", SYS_prlimit64},
                           {"close_range", SYS_close_range},
                           {"keyctl", SYS_keyctl},
                           {"umask", SYS_umask}};

/// Entering all namespaces of a container, which only a further program in it does.
void answer_entering() {
  constexpr unsigned kAnswer = SECCOMP_RET_ERRNO;
  load_outer_filter({BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
                     BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_setns, 0, 3),
                     BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[1])),
                     BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_NEWUTS, 0, 1), BPF_STMT(BPF_RET | BPF_K, kAnswer),
                     BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)});
}

/// What a container shows of how it is confined, but numbers of its own.
constexpr const char* kLook =
    "grep -E '^(Cap|NoNew|Seccomp|Uid|Gid|Groups|Umask)' /proc/self/status; cut -d ' ' -f 5,6 /proc/self/mountinfo; "
    "cat /proc/self/limits; ls -A /proc/acpi /sys/firmware 2>&1; wc -c /proc/interrupts /proc/keys; id -G; "
    "grep -c : /proc/net/dev; ls /proc/self/fd; { echo x > /shown/made; } 2>&1; pwd; ls -d /shown";

struct Wish {
  std::string user = "0:0";
  bool exec = false;  ///< a further program in a container, not its first
};

std::string look(const Ground& ground, const Wish& wish) {
  MountSet mounts{BindMount{ground.path("shown"), "/shown", {.read_only = true, .recursion = Recursion::Writable}}};
  LaunchSpec spec = ground.shell(wish.exec ? kSleep : kLook, std::move(mounts));
  spec.user = wish.user;
  if (wish.user != "0:0") spec.groups = {"9"};
  if (wish.exec) {
    return shown(Container::launch(std::move(spec)), kLook);
  }
  return outcome_of(std::move(spec)).out;
}

/// A host of its own, in a copy of the mounts: what it would do to the host's it does to those.
/// \return what the container showed, or how it was refused
std::string look_from_host(const Ground& ground, const std::function<void()>& filter, const Wish& wish = {}) {
  const DoneApart done = run_apart([&](int answer) {
    if (::unshare(CLONE_NEWNS) == 0) {
      (void)::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
    }
    umask(0);
    std::string words;
    try {
      filter();
      words = look(ground, wish);
    } catch (const Error& error) {
      words = std::string{"refused: "} + error.what();
    }
    return ::write(answer, words.data(), words.size()) < 0 ? 1 : 0;
  });
  CHECK(done.status == 0);
  return done.words;
}

}  // namespace

TEST_CASE("I-21: a call that confines a container and is answered, but not made, keeps it from running",
          "[container][filtered][attack]") {
  if (who() == Launcher::Range) return skip("with no_new_privs, which a filter wants, newuidmap gains nothing");
  const Ground ground;
  (void)ground.directory().make("shown");
  const std::string usual = look_from_host(ground, [] { deny_calls({kNone}, 0); });
  REQUIRE(usual.find("Seccomp:\t2") != std::string::npos);
  REQUIRE(usual.find("Read-only file system") != std::string::npos);
  for (const Call& call : kCalls) {
    // one id is all an ordinary user has: there is no other one to become
    if (call.other_user && who() == Launcher::Single) continue;
    const std::string seen =
        look_from_host(ground, [&] { deny_calls({call.number}, 0); }, {.user = call.other_user ? "7:8" : "0:0"});
    std::printf("%s: %s\n", call.name, seen.c_str());
    INFO(call.name);
    CHECK(seen.starts_with("refused: "));
  }
  CHECK_FALSE(std::filesystem::exists(ground.path("shown/made")));
}

TEST_CASE("I-21: a further program does not run where entering its container is answered, but not done",
          "[container][filtered][attack]") {
  if (who() == Launcher::Range) return skip("with no_new_privs, which a filter wants, newuidmap gains nothing");
  const Ground ground;
  (void)ground.directory().make("shown");
  REQUIRE(look_from_host(ground, [] { deny_calls({kNone}, 0); }, {.exec = true}).find("Seccomp:\t2") !=
          std::string::npos);
  const std::string seen = look_from_host(ground, answer_entering, {.exec = true});
  INFO(seen);
  CHECK(seen.starts_with("refused: cannot execute"));
  CHECK(seen.find("was answered with success") != std::string::npos);  // not: there is no such program
}
