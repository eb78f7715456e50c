// SPDX-License-Identifier: Apache-2.0
// P-12 and P-17: what a container has of cgroups: its own namespace of them, read-only, and no descriptor of one.

#include "container/resources_support.hpp"
#include "container/support.hpp"
#include "support/apart.hpp"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <future>

using namespace dunnage;
using namespace dunnage::test;

namespace {

/// To a file of /proc. \return false if it takes none of it
bool write_to(const char* file, const std::string& text) {
  const int fd = ::open(file, O_WRONLY | O_CLOEXEC);
  const bool good = fd >= 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  ::close(fd);
  return good;
}

/// This process becomes a user of a user namespace of its own, with all capabilities there.
bool enter_user_namespace(unsigned as) {
  const std::string uid = std::to_string(as) + " " + std::to_string(::geteuid()) + " 1";
  const std::string gid = std::to_string(as) + " " + std::to_string(::getegid()) + " 1";
  return ::unshare(CLONE_NEWUSER) == 0 && write_to("/proc/self/setgroups", "deny") &&
         write_to("/proc/self/uid_map", uid) && write_to("/proc/self/gid_map", gid);
}

/// The answer of a host that can have no namespaces of cgroups from its second launch on: what the first one says, and
/// how the second one ends.
std::string without_cgroup_namespaces(const Ground& ground, unsigned as) {
  if (!enter_user_namespace(as)) return "no user namespace";
  const auto launch = [&] {
    try {
      return output_of(ground.shell("grep -c ' /sys/fs/cgroup cgroup2 ro,' /proc/mounts; cat /proc/self/cgroup"));
    } catch (const Error& error) {
      return (error.remedy().empty() ? "UNCLEAR " : "refused ") + std::string{error.what()} + "\n";
    }
  };
  const std::string with = launch();
  if (!write_to("/proc/sys/user/max_cgroup_namespaces", "0")) return "no such limit";
  return with + "then " + launch();
}

/// The file systems of what is open, and what is left when its numbers are written to everything.
constexpr auto kDescriptors =
    "ls /proc/self/fd; for f in /proc/self/fd/*; do stat -L -f -c %t $f 2>/dev/null; done | grep -E "
    "'^(63677270|27e0eb)$'; for n in 3 4 5 6 7 8 9; do eval \"echo $$ >&$n\" 2>/dev/null && echo wrote to $n; done; "
    "for c in $(find /sys/fs/cgroup -name cgroup.procs); do (echo $$ > $c) 2>/dev/null && echo moved to $c; done; "
    "exit 0";

}  // namespace

TEST_CASE("P-12: where no namespace of cgroups can be had nothing starts, and the error says so",
          "[container][isolation][attack]") {
  const Ground ground;
  const DoneApart done =
      do_apart([&] { return without_cgroup_namespaces(ground, who() == Launcher::Single ? ::geteuid() : 0); });
  INFO(done.words);
  if (done.words.starts_with("no ")) return skip(done.words);
  if (done.words.starts_with("refused")) return skip("a host in a user namespace cannot launch here: " + done.words);
  CHECK(done.status == 0);
  const std::size_t then = done.words.find("then ");
  REQUIRE(then != std::string::npos);
  CHECK(done.words.starts_with("1\n"));
  CHECK(done.words.find("0::/\n") != std::string::npos);
  CHECK_THAT(done.words.substr(then), Catch::StartsWith("then refused ") && Catch::Contains("[ENOSPC]"));
}

TEST_CASE("P-17: no program of a container has a descriptor of a cgroup, nor can it write to one",
          "[container][isolation][attack]") {
  const Ground ground;
  constexpr auto kRight = "0\n1\n2\n3\n";  // 3: the directory itself
  const auto limited = [&](std::vector<std::string> argv) {
    LaunchSpec spec = ground.program(std::move(argv));
    if (limits_can_be_had("pids")) spec.resources.pids = 100;  // it has a cgroup of its own then
    return spec;
  };
  CHECK(output_of(limited({"sh", "-c", kDescriptors})) == kRight);
  const Container container = Container::launch(limited({"sleep", "1000"}));
  const auto further = [&] { return outcome_of(container, {.argv = {"sh", "-c", kDescriptors}}).out; };
  CHECK(further() == kRight);
  container.pause();
  // it waits until the container goes on, or is refused at once
  auto meanwhile = std::async(std::launch::async, [&] {
    try {
      return further();
    } catch (const Error& error) {
      return std::string{error.remedy().empty() ? error.what() : kRight};
    }
  });
  (void)meanwhile.wait_for(100ms);
  container.resume();
  CHECK(meanwhile.get() == kRight);
  CHECK(further() == kRight);
  container.kill();
  (void)container.wait();
}
