// SPDX-License-Identifier: Apache-2.0
// I-21: the kernel refuses, one after the other, the calls that confine a container. Each time it is as confined as
// ever, or it does not run. DUNNAGE_EVERY_CALL has each one of them refused, instead of some.
//
// In the weakened build mask-when-possible any failure to mask is taken for a path that is not there.

#include "container/support.hpp"
#include "support/host.hpp"
#include "support/sanitized.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>

using namespace dunnage;
using namespace dunnage::test;

namespace {

namespace fs = std::filesystem;

constexpr auto kGiven = "DUNNAGE_TEST_CONFINED";

/// All that a call of the list could have left out.
constexpr const char* kLook =
    "grep -E '^(Cap|NoNew|Seccomp:|Uid|Gid|Groups|Umask)' /proc/self/status; cut -d ' ' -f 4- /proc/self/mountinfo | "
    "sort; "
    "cat /proc/self/limits; ls -A /proc/acpi /proc/scsi /sys/firmware 2>&1; wc -c /proc/interrupts /proc/keys; id -G";

/// The calls that confine, and how many of each a launch makes at the most.
const std::vector<std::pair<std::string, int>>& confining_calls() {
  static const std::vector<std::pair<std::string, int>> calls{
      {"move_mount", 36}, {"open_tree", 30}, {"mount_setattr", 12}, {"seccomp", 1}, {"capset", 2},    {"setgroups", 1},
      {"setresuid", 1},   {"setresgid", 1},  {"chroot", 2},         {"setns", 3},   {"prlimit64", 4}, {"unshare", 2}};
  return calls;
}

/// A launch in a process of its own under strace, which has the call fail when it is made for that time in any of its
/// processes. \return what the container's program saw
std::string seen_without(const Ground& ground, const std::string& call, int when) {
  const fs::path seen = ground.path("seen");
  fs::remove(seen);
  ::setenv(kGiven, ground.directory().path().c_str(), 1);
  const std::string inject = call.empty() ? "" : " -e inject=" + call + ":error=EPERM:when=" + std::to_string(when);
  const std::string command = "timeout 60 strace -f -qq -o /dev/null -e trace=" + (call.empty() ? "none" : call) +
                              inject + " " + fs::read_symlink("/proc/self/exe").string() + " '[.one-launch]' > " +
                              ground.path("said").string() + " 2>&1";
  const int status = std::system(command.c_str());
  ::unsetenv(kGiven);
  INFO(call << " " << when << ": " << ground.directory().read("said"));
  CHECK(status == 0);
  return ground.directory().read("seen");
}

}  // namespace

TEST_CASE("launches once, or says why not", "[.one-launch]") {
  const char* directory = std::getenv(kGiven);
  if (directory == nullptr) return skip("is run by another test");
  const fs::path place{directory};
  LaunchSpec spec{.argv = {"sh", "-c", kLook}, .err = Stdio::null(), .store = place / "inner"};
  Collector out;
  spec.out = out.stdio();
  spec.user = "0:0";
  spec.groups = {"9"};
  spec.hostname = "box";
  try {
    (void)run(std::move(spec));
  } catch (const Error& error) {
    CHECK(*error.what() != '\0');
  }
  std::ofstream{place / "seen"} << out.text();
}

TEST_CASE("I-21: a call that confines a container and is refused leaves it as confined, or keeps it from running",
          "[attack]") {
  if (!requires_root() || !requires_program("strace")) return;
  if (kSanitized) return skip("the sanitizer that looks for leaks does not work under a tracer");
  const Ground ground;
  const std::string usual = seen_without(ground, "", 0);
  REQUIRE(usual.find("NoNewPrivs:\t1") != std::string::npos);
  int refused = 0;
  for (const auto& [call, most] : confining_calls()) {
    for (int when = 1; when <= most; ++when) {
      const std::string seen = seen_without(ground, call, when);
      INFO(call << " " << when);
      CHECK(usual.starts_with(seen));  // a launcher that cannot go on ends what runs
      refused += seen.empty() ? 1 : 0;
    }
  }
  CHECK(refused >= 20);
}
