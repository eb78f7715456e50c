// SPDX-License-Identifier: Apache-2.0
// Many containers of one template.

#include "container/image_support.hpp"
#include "container/rootfs_support.hpp"
#include "container/support.hpp"
#include "container/template_support.hpp"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <functional>
#include <optional>
#include <thread>

using namespace dunnage;
using namespace dunnage::test;

namespace {

/// What mountinfo says of each mount but for numbers.
std::vector<std::string> mounts_in(const std::string& mountinfo) {
  std::vector<std::string> mounts;
  for (const MountLine& line : parse_mountinfo(mountinfo)) {
    std::string text = line.target + " " + line.type + (line.type == "overlay" ? "" : " " + line.root);
    for (const auto& option : line.options) text += " " + option;
    for (const auto& type : line.propagation) text += " " + type;
    mounts.push_back(text);
  }
  std::ranges::sort(mounts);
  return mounts;
}

/// \param spec makes the same specification each time
void compare_with_plain(const std::function<LaunchSpec()>& spec) {
  const std::string script = "cat /proc/self/mountinfo";
  LaunchSpec plain = spec();
  plain.argv = {"sh", "-c", script};
  const LaunchTemplate shell{spec()};
  const Seen first = seen_by(shell, script);
  const Seen second = seen_by(shell, script);
  REQUIRE(first.status.success());
  const auto wanted = mounts_in(output_of(std::move(plain)));
  CHECK(wanted.size() > 10);
  CHECK(mounts_in(first.out) == wanted);
  CHECK(mounts_in(second.out) == wanted);
}

}  // namespace

TEST_CASE("a container of a template sees the mounts a container launched alone sees", "[container][template]") {
  const Ground ground;
  const auto bind = ground.directory().make("bind");
  ground.directory().make("bind/below");
  const auto file = ground.directory().write("file", "content");
  (void)ground.volumes().create("data");
  const MountSet mounts{BindMount{bind, "/bind", {.read_only = true}},
                        BindMount{file, "/some/file"},
                        VolumeMount{"data", "/bind/below"},
                        Tmpfs{"/memory", {.mode = 0700}},
                        BindMount{bind, "/memory/bind"},
                        BindMount{bind, "/dev/bind"},
                        BindMount{bind, "/slave", {.propagation = Propagation::RSlave}}};
  SECTION("with the root of the host") {
    compare_with_plain([&] { return ground.shell("true", mounts); });
  }
  SECTION("with a directory as its root") {
    const DirectoryRoot root{ground};
    compare_with_plain([&] { return root.shell("true", mounts); });
  }
  SECTION("with a directory that is read-only") {
    const DirectoryRoot root{ground};
    compare_with_plain([&] {
      LaunchSpec spec = root.shell("true", mounts);
      spec.read_only_root = true;
      return spec;
    });
  }
  SECTION("with an image") {
    if (!requires_busybox()) return;
    TestImages images{ground};
    (void)images.add("box", {base_layer()});
    compare_with_plain([&] { return images.spec("box", {"true"}, mounts); });
  }
  SECTION("with an image that is read-only") {
    if (!requires_busybox()) return;
    TestImages images{ground};
    (void)images.add("box", {base_layer()});
    compare_with_plain([&] {
      LaunchSpec spec = images.spec("box", {"true"}, mounts);
      spec.read_only_root = true;
      return spec;
    });
  }
}

TEST_CASE("containers of a template share binds and volumes, and nothing in memory", "[container][template]") {
  const Ground ground;
  const DirectoryRoot root{ground};
  const auto bind = ground.directory().make("bind");
  std::filesystem::permissions(bind, std::filesystem::perms::all);
  const MountSet mounts{BindMount{bind, "/bind"}, VolumeMount{"data", "/data"}, Tmpfs{"/memory"},
                        VolumeMount{"", "/anonymous"}};
  const std::string script =
      "ls /bind /data /memory /anonymous | grep -c mine; touch /bind/mine /data/mine "
      "/memory/mine /anonymous/mine";
  for (const bool directory : {false, true}) {
    const LaunchTemplate shell{directory ? root.shell(script, mounts) : ground.shell(script, mounts)};
    std::filesystem::remove(bind / "mine");
    (void)seen_by(shell, "rm -f /data/mine");
    CHECK(seen_by(shell).out == "0\n");
    CHECK(seen_by(shell).out == "2\n");
    CHECK(std::filesystem::exists(bind / "mine"));
  }
  CHECK(ground.volumes().list().size() == 1);  // the anonymous ones went with their containers
}

TEST_CASE("each container of a template uses its volumes under its own name", "[container][template]") {
  const Ground ground;
  {
    LaunchSpec spec = ground.program({"sleep", "100"}, {VolumeMount{"data", "/data"}});
    const LaunchTemplate sleeper{std::move(spec)};
    std::optional<Container> one = sleeper.launch({.name = "one"});
    const Container two = sleeper.launch({.name = "two"});
    CHECK(code_of([&] { (void)sleeper.launch({.name = "two"}); }) == errc::container_exists);
    auto users = ground.volumes().users("data");
    CHECK(std::ranges::count(users, "one") == 1);
    CHECK(std::ranges::count(users, "two") == 1);
    CHECK(users.size() == 3);  // and the template
    one.reset();
    users = ground.volumes().users("data");
    CHECK(std::ranges::count(users, "one") == 0);
    CHECK(code_of([&] { ground.volumes().remove("data"); }) == errc::volume_in_use);
  }
  ground.volumes().remove("data");
}

TEST_CASE("a volume in memory is for one container of a template at a time", "[container][template]") {
  const Ground ground;
  (void)ground.volumes().create("memory", {.driver_options = {{"type", "tmpfs"}, {"device", "tmpfs"}}});
  const LaunchTemplate shell{ground.program({"sleep", "100"}, {VolumeMount{"memory", "/memory"}})};
  {
    const Container one = shell.launch();
    CHECK(message_of([&] { (void)shell.launch(); }).find("one container at a time") != std::string::npos);
  }
  CHECK_NOTHROW((void)shell.launch());
}

TEST_CASE("many threads launch from one template", "[container][template]") {
  const Ground ground;
  const DirectoryRoot root{ground};
  const auto bind = ground.directory().make("bind");
  ground.directory().write("bind/file", "content");
  const LaunchTemplate shell{root.shell("true", {BindMount{bind, "/bind"}, Tmpfs{"/memory"}})};
  std::atomic<int> right{0};
  std::vector<std::thread> threads;
  for (int number = 0; number < 32; ++number) {
    threads.emplace_back([&, number] {
      const std::string text = std::to_string(number);
      const Seen seen =
          seen_by(shell, {.argv = {"sh", "-c", "cat /bind/file; echo $NUMBER; ls /memory"}, .env = {{"NUMBER", text}}});
      right += seen.out == "content" + text + "\n" ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(right == 32);
}

TEST_CASE("a template shows the directories that were there when it was made", "[container][template]") {
  const Ground ground;
  const auto bind = ground.directory().make("bind");
  ground.directory().write("bind/file", "first\n");
  const LaunchTemplate shell{ground.shell("cat /bind/file", {BindMount{bind, "/bind"}})};
  std::filesystem::rename(bind, ground.path("away"));
  ground.directory().make("bind");
  ground.directory().write("bind/file", "second\n");
  CHECK(seen_by(shell).out == "first\n");
}

TEST_CASE("a mount point that somebody moves is found out before a container of the template runs",
          "[container][template]") {
  const Ground ground;
  const DirectoryRoot root{ground};
  const auto bind = ground.directory().make("bind");
  ground.directory().write("bind/file", "content\n");
  const LaunchTemplate shell{root.shell("cat /a/b/file", {BindMount{bind, "/a/b"}})};
  CHECK(seen_by(shell).out == "content\n");
  std::filesystem::rename(root.path() / "a", root.path() / "moved");
  CHECK(seen_by(shell).out == "content\n");
  std::filesystem::remove_all(root.path() / "a");
  CHECK(seen_by(shell).out == "content\n");
}

TEST_CASE("a template has mounts of its own, and takes nobody's place", "[container][template]") {
  const Ground ground;
  LaunchSpec replacing = ground.shell("true");
  replacing.name = "one";
  replacing.replace = Replace::KeepVolumes;
  CHECK(code_of([&] { (void)LaunchTemplate{std::move(replacing)}; }) == errc::invalid_argument);
  LaunchSpec prepared = ground.shell("true");
  prepared.mounts = MountSet{Tmpfs{"/memory"}}.resolve().prepare();
  CHECK(code_of([&] { (void)LaunchTemplate{std::move(prepared)}; }) == errc::invalid_argument);
  CHECK(code_of([&] {
          (void)LaunchTemplate{ground.shell("true", {BindMount{ground.path("none"), "/bind"}})};
        }) == std::errc::no_such_file_or_directory);
}
