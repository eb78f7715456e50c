// SPDX-License-Identifier: Apache-2.0
// Root file systems that are made before a launch asks for them: that nobody can tell, but by the time it takes.

#include "container/image_support.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <system_error>

using namespace dunnage;
using namespace dunnage::test;

namespace {

namespace fs = std::filesystem;

std::vector<std::string> waiting(const Ground& ground) {
  std::vector<std::string> names;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator{ground.store_path() / "images/ahead", none}) {
    names.push_back(entry.path().filename().string());
  }
  std::ranges::sort(names);
  return names;
}

/// Launches until some wait.
bool fill(const Ground& ground, TestImages& images) {
  for (int launch = 0; launch < 2; ++launch) {
    if (outcome_of(images.shell("app", "true")).status != ExitStatus::exited(0)) return false;
  }
  return eventually([&] { return waiting(ground).size() == 3; });
}

}  // namespace

TEST_CASE("who launches an image again and again finds its root made, and nothing of another in it",
          "[container][image][ready]") {
  if (!requires_busybox()) return;
  const Ground ground;
  TestImages images{ground};
  images.add("app", {base_layer(), {directory("srv")}});
  CHECK(outcome_of(images.shell("app", "true")).status == ExitStatus::exited(0));
  CHECK(waiting(ground).empty());
  REQUIRE(fill(ground, images));
  const auto before = waiting(ground);
  Container container = Container::launch(images.shell("app", "echo x > /srv/mine; exec sleep 100"));
  auto left = waiting(ground);
  std::vector<std::string> gone;
  std::ranges::set_difference(before, left, std::back_inserter(gone));
  CHECK(gone.size() == 1);
  CHECK(eventually([&] { return images.changes() == std::vector<std::string>{container.id()}; }));
  CHECK(eventually([&] {  // the shell makes the file before it writes to it
    std::error_code missing;
    return fs::file_size(ground.store_path() / "images/changes" / container.id() / "upper/srv/mine", missing) == 2;
  }));
  CHECK(outcome_of(container, {.argv = {"cat", "/srv/mine"}}).out == "x\n");
  for (int launch = 0; launch < 10; ++launch) {
    CHECK(outcome_of(images.shell("app", "ls /srv; echo other > /srv/other; stat -c %a:%u:%g /")).out == "755:0:0\n");
  }
  CHECK(outcome_of(container, {.argv = {"ls", "/srv"}}).out == "mine\n");
  container.kill();
  (void)container.wait();
  drop_ready_roots();
  CHECK(eventually([&] { return waiting(ground).empty() && images.changes().empty(); }));
}

TEST_CASE("what is kept does not begin with a root that was made ahead", "[container][image][ready]") {
  if (!requires_busybox()) return;
  const Ground ground;
  TestImages images{ground};
  images.add("app", {base_layer(), {directory("srv")}});
  REQUIRE(fill(ground, images));
  const auto before = waiting(ground);
  LaunchSpec spec = images.shell("app", "cat /proc/self/mountinfo");
  spec.name = "kept";
  spec.remove_on_exit = false;
  const MountLine root = mount_at(parse_mountinfo(output_of(std::move(spec))), "/");
  CHECK(std::ranges::find(root.super_options, "volatile") == root.super_options.end());
  CHECK(std::ranges::includes(waiting(ground), before));
  ground.containers().remove("kept");
  drop_ready_roots();
}

TEST_CASE("a root that was made ahead keeps no image from being removed, and is none of its successor",
          "[container][image][ready]") {
  if (!requires_busybox()) return;
  const Ground ground;
  TestImages images{ground};
  const std::vector<Layer> first{base_layer(), {{.path = "which", .content = "first"}}};
  images.add("app", first);
  REQUIRE(fill(ground, images));
  SECTION("another image of the same name") {
    images.add("app", {base_layer(), {{.path = "which", .content = "second"}}});
    CHECK(outcome_of(images.shell("app", "cat /which")).out == "second");
  }
  SECTION("the same image once more, unpacked anew") {
    images.store().remove("app");
    CHECK(code_of([&] { (void)Container::launch(images.shell("app", "true")); }) == errc::image_missing);
    images.add("app", first);
    for (int launch = 0; launch < 3; ++launch) {
      CHECK(outcome_of(images.shell("app", "cat /which")).out == "first");
    }
  }
  drop_ready_roots();
}

TEST_CASE("what a killed process had made ahead goes with the next one's first launch", "[container][image][ready]") {
  if (!requires_busybox()) return;
  const Ground ground;
  TestImages images{ground};
  images.add("app", {base_layer()});
  const pid_t child = ::fork();
  if (child == 0) {
    try {
      if (fill(ground, images)) ::raise(SIGKILL);
    } catch (const std::exception&) {
    }
    ::_exit(1);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFSIGNALED(status));
  CHECK(waiting(ground).size() == 3);
  CHECK(outcome_of(images.shell("app", "true")).status == ExitStatus::exited(0));
  CHECK(eventually([&] { return waiting(ground).empty(); }));
  drop_ready_roots();
}

TEST_CASE("a forked copy of the host takes no root that was made ahead", "[container][image][ready]") {
  if (!requires_busybox()) return;
  const Ground ground;
  TestImages images{ground};
  images.add("app", {base_layer()});
  REQUIRE(fill(ground, images));
  const auto before = waiting(ground);
  const pid_t child = ::fork();
  if (child == 0) {
    int code = 1;
    try {
      code = outcome_of(images.shell("app", "true")).status == ExitStatus::exited(0) ? 0 : 2;
      drop_ready_roots();
    } catch (const std::exception&) {
    }
    ::_exit(code);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  // one that was not locked yet when the copy looked for leavings is made once more, by its name
  CHECK(eventually([&] { return waiting(ground) == before; }));
  CHECK(outcome_of(images.shell("app", "echo still")).out == "still\n");
  drop_ready_roots();
}
