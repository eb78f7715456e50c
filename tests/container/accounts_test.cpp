// SPDX-License-Identifier: Apache-2.0
// Groups, variables and accounts that are not the container's own: those of its host, and those an image makes up.

#include "container/image_support.hpp"
#include "container/records_support.hpp"
#include "container/rootfs_support.hpp"
#include "support/apart.hpp"
#include "support/read_to_end.hpp"
#include "support/sanitized.hpp"

#include <fcntl.h>
#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <fstream>

using namespace dunnage;
using namespace dunnage::test;

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kHugeFile = std::uint64_t{8} << 30U;

/// As many lines as a table of accounts never has.
void write_lines(const fs::path& file, const std::string& line, int count) {
  constexpr int kAtOnce = 10'000;
  std::string block;
  for (int number = 0; number < kAtOnce; ++number) block += line;
  std::ofstream stream{file};
  for (int written = 0; written < count; written += kAtOnce) stream << block;
}

/// What a launch as a user of the root's accounts costs in a process of its own.
DoneApart look_up(const DirectoryRoot& root) {
  return do_apart([&] {
    LaunchSpec spec = root.program({"true"});
    spec.user = "app";
    return code_of([&] { (void)run(std::move(spec)); }) ? std::string{"refused"} : std::string{"launched"};
  });
}

}  // namespace

TEST_CASE("P-19: a container has the groups it was given, whichever its host is in", "[container][identity][attack]") {
  if (!requires_root()) return;
  const Ground ground{"1000:1001"};
  const DirectoryRoot root{ground};
  const auto file = ground.directory().write("file", "for all but a group");
  REQUIRE(::chown(file.c_str(), 0, 4242) == 0);
  REQUIRE(::chmod(file.c_str(), 0607) == 0);
  CHECK(in_another_process([&] {
          const std::array<gid_t, 3> groups{4242, 999, 27};
          require(::setgroups(groups.size(), groups.data()) == 0, "setgroups");
          const auto check = [&](const char* user, std::vector<std::string> more, const std::string& expected) {
            LaunchSpec spec = root.shell("id -G; cat /file", {BindMount{file, "/file"}});
            spec.user = user;
            spec.groups = std::move(more);
            spec.out = Stdio::pipe();
            const Container container = Container::launch(std::move(spec));
            const std::string seen = read_to_end(container.stdout_fd());
            require(seen == expected, (std::string{user} + ": " + seen).c_str());
          };
          // a group that the file denies takes away what others may
          check("1000:1001", {}, "1001\nfor all but a group");
          check("1000:1001", {"4242"}, "1001 4242\n");
          check("1000:4242", {}, "4242\n");
          check("4000:4001", {"9"}, "4001 9\nfor all but a group");
        }) == 0);
}

TEST_CASE("P-21: an image's names without a value, and patterns, bring nothing of the host's environment",
          "[container][image][attack]") {
  if (!requires_busybox()) return;
  const Ground ground;
  TestImages images{ground};
  ::setenv("SECRET_X", "of-the-host", 1);
  int number = 0;
  for (const char* env : {R"(["SECRET_X"])", R"(["S*"])", R"(["*"])", R"(["SECRET_X", "S*", "*", "GOOD=1"])",
                          R"(["GOOD=$SECRET_X", "BAD=${SECRET_X}", "SECRET_*=x"])"}) {
    INFO(env);
    const std::string name = "app" + std::to_string(++number);
    std::string seen;
    try {
      images.add(name, {base_layer()}, std::string{R"({"Env": )"} + env + "}");
      LaunchSpec first = images.shell(name, "env");
      first.env = {{"OF_THE_FIRST", "value"}};
      seen = output_of(std::move(first));
      CHECK(seen.find("OF_THE_FIRST=value\n") != std::string::npos);
      seen = output_of(images.shell(name, "env"));
    } catch (const Error& error) {  // or it is no image at all
      CHECK(error.code() == errc::image_invalid);
    }
    CHECK(seen.find("of-the-host") == std::string::npos);
    CHECK(seen.find("OF_THE_FIRST") == std::string::npos);
  }
  ::unsetenv("SECRET_X");
}

TEST_CASE("P-47: accounts of eight gibibytes, or ten million lines, cost neither time nor memory",
          "[container][identity][attack]") {
  if (!requires_many_ids()) return;
  const Ground ground;
  const DirectoryRoot root{ground};
  const DoneApart usual = look_up(root);
  CHECK(usual.words == "launched");
  const auto check = [&](const char* what) {
    INFO(what);
    const DoneApart done = look_up(root);
    CHECK(done.words == "refused");
    CHECK(done.seconds < usual.seconds + 5);
    if (!kSanitized) CHECK(done.kibibytes < usual.kibibytes + (64 << 10));
  };
  for (const char* name : {"root/etc/passwd", "root/etc/group"}) {
    const std::string small = ground.directory().read(name);
    REQUIRE(::truncate(ground.path(name).c_str(), kHugeFile) == 0);
    check("a hole");
    write_lines(ground.path(name), "x:x:1:\n", 10'000'000);
    check("lines");
    fs::remove(ground.path(name));
    ground.directory().write(name, small);
  }
  CHECK(look_up(root).words == "launched");
}
