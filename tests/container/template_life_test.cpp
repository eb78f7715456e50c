// SPDX-License-Identifier: Apache-2.0
// How long what a template holds is held, and by whom.

#include "container/launcher_support.hpp"
#include "container/rootfs_support.hpp"
#include "container/support.hpp"
#include "container/template_support.hpp"
#include "support/host.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace dunnage;
using namespace dunnage::test;

namespace {

/// What a launcher holds, for all its containers.
struct Held {
  std::ptrdiff_t descriptors = 0;
  std::size_t mounts = 0;
};

Held held_by_launcher() {
  const std::filesystem::path process = "/proc/" + std::to_string(launcher_pid());
  return {.descriptors = std::distance(std::filesystem::directory_iterator{process / "fd"}, {}),
          .mounts = lines_of(file_text(process / "mountinfo")).size()};
}

}  // namespace

TEST_CASE("what is mounted in one container of a template is not seen in another", "[container][template]") {
  const Ground ground;
  const DirectoryRoot root{ground};
  const auto bind = ground.directory().make("bind");
  for (const bool directory : {false, true}) {
    const MountSet mounts{BindMount{bind, "/bind"}};
    LaunchSpec spec = directory ? root.shell("sleep 1000", mounts) : ground.shell("sleep 1000", mounts);
    spec.add_capabilities = {"SYS_ADMIN"};
    const LaunchTemplate sleeper{std::move(spec)};
    const Container one = sleeper.launch();
    const Container two = sleeper.launch();
    CHECK(outcome_of(one, {.argv = {"mount", "-t", "tmpfs", "memory", "/bind"}}).status.success());
    CHECK(outcome_of(one, {.argv = {"touch", "/bind/mine"}}).status.success());
    CHECK(outcome_of(one, {.argv = {"ls", "/bind"}}).out == "mine\n");
    CHECK(outcome_of(two, {.argv = {"ls", "/bind"}}).out.empty());
    CHECK(seen_by(sleeper, "ls /bind").out.empty());
    CHECK(std::filesystem::is_empty(bind));
  }
}

TEST_CASE("below the root of a container of a template there are empty places, which nobody can write to",
          "[container][template]") {
  const Ground ground;
  const auto bind = ground.directory().make("bind");
  ground.directory().write("bind/file", "content");
  LaunchSpec spec = ground.program({"python3", "-c", R"(
import ctypes, errno, os
libc = ctypes.CDLL(None, use_errno=True)
namespace = os.open("/proc/self/ns/mnt", os.O_RDONLY)
print(libc.umount2(b"/", 2), libc.setns(namespace, 0x00020000))
print(sorted(os.listdir("/")), [name for name, _, files in os.walk("/") if name.count("/") > 1 and files])
for place in ["/made", "/mounts/made", "/root/made", "/directory/made"]:
  try:
    os.mkdir(place)
  except OSError as error:
    print(errno.errorcode[error.errno])
)"},
                                   {BindMount{bind, "/bind"}});
  spec.add_capabilities = {"SYS_ADMIN", "SYS_CHROOT"};
  const LaunchTemplate shell{std::move(spec)};
  CHECK(seen_by(shell).out == "0 0\n['directory', 'file', 'mounts', 'root'] []\nEROFS\nEROFS\nEROFS\nEROFS\n");
}

TEST_CASE("what is read-only stays so in every container of a template", "[container][template]") {
  const Ground ground;
  const DirectoryRoot root{ground};
  const auto bind = ground.directory().make("bind");
  std::filesystem::permissions(bind, std::filesystem::perms::all);
  LaunchSpec spec =
      root.shell("touch /bind/mine || touch /mine || echo refused", {BindMount{bind, "/bind", {.read_only = true}}});
  spec.read_only_root = true;
  const LaunchTemplate shell{std::move(spec)};
  for (int round = 0; round < 3; ++round) {
    CHECK(seen_by(shell).out == "refused\n");
  }
  CHECK(std::filesystem::is_empty(bind));
}

TEST_CASE("a volume is used as long as a template or one of its containers is there", "[container][template]") {
  const Ground ground;
  auto sleeper = std::make_unique<LaunchTemplate>(ground.program({"sleep", "1000"}, {VolumeMount{"data", "/data"}}));
  CHECK(ground.volumes().users("data").size() == 1);
  CHECK(code_of([&] { ground.volumes().remove("data"); }) == errc::volume_in_use);
  std::optional<Container> one = sleeper->launch({.name = "one"});
  CHECK(ground.volumes().users("data").size() == 2);
  auto other = std::make_unique<LaunchTemplate>(*sleeper);  // the same template
  sleeper.reset();
  CHECK(ground.volumes().users("data").size() == 2);
  other.reset();
  CHECK(ground.volumes().users("data") == std::vector<std::string>{"one"});
  CHECK(code_of([&] { ground.volumes().remove("data"); }) == errc::volume_in_use);
  one.reset();
  CHECK(ground.volumes().users("data").empty());
  ground.volumes().remove("data");
}

TEST_CASE("launches from a template leave nothing in the launcher", "[container][template]") {
  if (!requires_root()) return;  // nobody else may look into a launcher
  constexpr int kRounds = 50;
  const Ground ground;
  const DirectoryRoot root{ground};
  const auto bind = ground.directory().make("bind");
  const MountSet mounts{BindMount{bind, "/bind"}, Tmpfs{"/memory"}, VolumeMount{"data", "/data"}};
  (void)run(root.shell("true", mounts));
  const Held before = held_by_launcher();
  for (const bool directory : {false, true}) {
    const LaunchTemplate shell{directory ? root.shell("true", mounts) : ground.shell("true", mounts)};
    for (int round = 0; round < kRounds; ++round) REQUIRE(shell.launch().wait().success());
    CHECK(code_of([&] { (void)shell.launch({.argv = {"missing"}}); }) == errc::program_missing);
  }
  // what it makes ahead for the next containers takes a few descriptors, and a moment
  CHECK(eventually([&] { return held_by_launcher().descriptors < before.descriptors + kRounds; }));
  CHECK(held_by_launcher().mounts == before.mounts);
}

TEST_CASE("a template whose launcher was killed is prepared anew, and so is that of a forked copy",
          "[container][template]") {
  const Ground ground;
  const auto work = [&] {
    const auto bind = ground.directory().make("bind");
    ground.directory().write("bind/file", "content\n");
    const LaunchTemplate shell{ground.shell("cat /bind/file", {BindMount{bind, "/bind"}})};
    bool right = shell.launch().wait().success();
    for (int round = 0; round < 3; ++round) {
      (void)::kill(launcher_pid(), SIGKILL);
      right = right && shell.launch().wait().success();
    }
    right = right && holds_elsewhere([&] { return seen_by(shell).out == "content\n"; });
    return right && shell.launch().wait().success();
  };
  CHECK(holds_elsewhere(work));
}

TEST_CASE("a launcher that is killed under a template is an error that says so, and the next launch works",
          "[container][template]") {
  const Ground ground;
  const auto work = [&] {
    const LaunchTemplate sleeper{ground.program({"sleep", "1000"}, {VolumeMount{"data", "/data"}})};
    const Container one = sleeper.launch();
    (void)::kill(launcher_pid(), SIGKILL);
    if (!one.wait().launcher_lost()) return false;
    std::atomic<int> wrong{0};
    for (int round = 0; round < 3; ++round) {
      std::vector<std::thread> threads;
      const pid_t launcher = launcher_pid();
      for (int number = 0; number < 8; ++number) {
        threads.emplace_back([&] {
          try {
            const ExitStatus status = sleeper.launch({.argv = {"true"}}).wait();
            wrong += status.success() || status.launcher_lost() ? 0 : 1;
          } catch (const Error& error) {
            if (error.code() != errc::launcher_lost) {
              ++wrong;
              std::fprintf(stderr, "%s\n", error.what());
            }
          }
        });
      }
      (void)::kill(launcher, SIGKILL);
      for (std::thread& thread : threads) thread.join();
      wrong += eventually([&] { return launcher_pid() != launcher; }) ? 0 : 1;
      wrong += sleeper.launch({.argv = {"true"}}).wait().success() ? 0 : 1;
    }
    return wrong == 0;
  };
  CHECK(holds_elsewhere(work));
}

TEST_CASE("containers outlive their template, restart by themselves and are restarted", "[container][template]") {
  const Ground ground;
  const DirectoryRoot root{ground};
  const auto bind = ground.directory().make("bind");
  std::filesystem::permissions(bind, std::filesystem::perms::all);
  ground.directory().write("bind/file", "");
  std::filesystem::permissions(bind / "file", std::filesystem::perms::all);
  const auto lines = [&] { return lines_of(ground.directory().read("bind/file")).size(); };
  const MountSet mounts{BindMount{bind, "/bind"}, Tmpfs{"/memory"}};
  const std::string script = "test ! -e /memory/x && touch /memory/x && echo line >> /bind/file; sleep ${LONG:-0}";
  for (const bool directory : {false, true}) {
    auto shell =
        std::make_unique<LaunchTemplate>(directory ? root.shell(script, mounts) : ground.shell(script, mounts));
    const std::size_t before = lines();
    const Container again = shell->launch({.restart = RestartPolicy{RestartPolicy::Kind::Always}});
    shell.reset();
    CHECK(eventually([&] { return lines() >= before + 3; }));
  }
  const LaunchTemplate shell{root.shell(script, mounts)};
  const std::size_t at_first = lines();
  Container long_one = shell.launch({.env = {{"LONG", "100"}}});
  CHECK(outcome_of(long_one, {.argv = {"cat", "/bind/file"}}).status.success());
  CHECK(eventually([&] { return lines() == at_first + 1; }));  // its first start may be at it still
  const std::size_t before = lines();
  long_one.restart(0s);
  CHECK(eventually([&] { return lines() == before + 1; }));
}
