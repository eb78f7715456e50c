// SPDX-License-Identifier: Apache-2.0
// Empty volumes that are something else than a directory of the store take what an image has at their target, too.

#include "container/image_support.hpp"
#include "container/records_support.hpp"
#include "plan/copy_up.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace dunnage::test {
namespace {

namespace fs = std::filesystem;

/// An image with a directory /data: a file, a directory with a file, a link; mode 0751.
class Elsewhere {
 public:
  Elsewhere() {
    images_.add("app", {base_layer(),
                        {directory("data", 0751),
                         {.path = "data/file", .content = "of the image\n"},
                         directory("data/sub", 0700),
                         {.path = "data/sub/deep", .content = "deep\n"},
                         {.path = "data/link", .content = "sub/deep", .type = '2', .mode = 0777}}});
  }
  [[nodiscard]] const Ground& ground() const { return ground_; }
  [[nodiscard]] fs::path device() const { return ground_.directory().make("device"); }
  void bind(const std::string& more = {}) {
    (void)ground_.volumes().create("data",
                                   {.driver_options = {{"type", "none"}, {"device", device()}, {"o", "bind" + more}}});
  }
  [[nodiscard]] LaunchSpec spec(const std::string& script, VolumeMountOptions options = {}) const {
    return images_.shell("app", script,
                         {VolumeMount{.name = "data", .target = "/data", .options = std::move(options), .store = {}}});
  }
  /// Files enough for a copy to take a while.
  void add_many() {
    std::vector<Layer> layers{base_layer(), {directory("data")}};
    constexpr int kMany = 20'000;
    for (int number = 0; number < kMany; ++number) {
      layers.back().push_back({.path = "data/" + std::to_string(number), .content = "x"});
    }
    images_.add("app", layers);
  }
  [[nodiscard]] std::string run(const std::string& script, VolumeMountOptions options = {}) const {
    return output_of(spec(script, std::move(options)));
  }
  /// The last reason of the mount of a container.
  [[nodiscard]] std::string reason(VolumeMountOptions options = {}) const {
    const Container container = Container::launch(spec("true", std::move(options)));
    (void)container.wait();
    return container.plan()[0].reasons.back();
  }

 private:
  Ground ground_;
  TestImages images_{ground_};
};

constexpr const char* kShow = "cd /data; stat -c %a . sub; cat file link; ls -A | tr '\\n' ' '";
constexpr const char* kShown = "751\n700\nof the image\ndeep\nfile link sub ";

}  // namespace

TEST_CASE("an empty directory of the host that is a volume is filled once", "[fill][driver]") {
  if (!requires_busybox()) return;
  Elsewhere volume;
  volume.bind();
  CHECK(volume.reason() == "the volume was empty, and got what the image has at \"/data\"");
  CHECK(volume.run(kShow) == kShown);
  CHECK(volume.reason() == "there is data in the volume, so nothing of the image was copied into it");
  CHECK(volume.run("rm -r /data/file /data/sub; ls -A /data") == "link\n");
  CHECK(volume.run("ls -A /data; rm /data/link") == "link\n");
  CHECK(volume.run(kShow, {.read_only = true}) == kShown);  // emptied, it is filled again, also for who only reads
}

TEST_CASE("a filling that is cancelled leaves nothing in a directory of the host", "[fill][driver][one-user]") {
  if (!requires_busybox()) return;
  Elsewhere volume;
  volume.bind();
  volume.add_many();
  const fs::path filling = volume.device() / ".dunnage-filling";
  const auto cancelled = [&] {
    std::stop_source stop;
    std::jthread canceller{[&](const std::stop_token& ended) {
      while (!ended.stop_requested() && !fs::exists(filling)) std::this_thread::yield();
      stop.request_stop();
    }};
    LaunchSpec spec = volume.spec("true");
    spec.watch.stop = stop.get_token();
    return code_of([&] { (void)Container::launch(std::move(spec)); });
  };
  std::error_code code = cancelled();
  for (int again = 0; !code && again < 10; ++again) {  // it was filled before anybody looked
    (void)volume.run("cd /data && find . -mindepth 1 -delete");
    code = cancelled();
  }
  CHECK(code == errc::cancelled);
  CHECK(fs::is_empty(volume.device()));
}

TEST_CASE("a directory of the host that has anything in it, or is not to be filled, stays as it is", "[fill][driver]") {
  if (!requires_busybox()) return;
  Elsewhere volume;
  SECTION("a hidden file") {
    volume.bind();
    volume.ground().directory().write("device/.mine", "x");
    CHECK(volume.run("ls -A /data") == ".mine\n");
  }
  SECTION("no_copy") {
    volume.bind();
    CHECK(volume.run("ls -A /data", {.no_copy = true}).empty());
    CHECK(volume.reason({.no_copy = true}) == "nothing of the image is copied into it, because no_copy is set");
  }
  SECTION("read-only by its options") {
    volume.bind(",ro");
    CHECK(volume.reason() == "nothing of the image is copied into it, because what it shows is read-only");
  }
  SECTION("a file") {
    volume.ground().directory().write("file", "x");
    (void)volume.ground().volumes().create(
        "data", {.driver_options = {{"type", "none"}, {"device", volume.ground().path("file")}, {"o", "bind"}}});
    const MountPlan plan = MountSet{VolumeMount{"data", "/data"}}.resolve({.store = volume.ground().store_path()});
    CHECK(plan::with_copy_up(plan)[0].reasons.back() ==
          "nothing of the image is copied into it, because what it shows is no directory that can be reached");
  }
  SECTION("a part of it") {
    volume.bind();
    CHECK(volume.reason({.subpath = "part"}) ==
          "nothing of the image is copied into it, because it shows another place than its own directory, which can be "
          "filled as a whole only");
  }
  SECTION("in use") {
    volume.bind();
    const Container other = Container::launch(volume.spec("exec sleep 1000", {.no_copy = true}));
    CHECK(volume.reason() ==
          "another container uses the volume, so it was left as it is, and nothing of the image was copied into it");
    CHECK(volume.run("ls -A /data").empty());
  }
}

TEST_CASE("what a killed process left of filling a directory of the host is taken away, or made whole",
          "[fill][driver]") {
  if (!requires_busybox()) return;
  Elsewhere volume;
  volume.bind();
  SECTION("it was copying") {
    volume.ground().directory().write("device/.dunnage-filling/half", "x");
    CHECK(volume.run(kShow) == kShown);
  }
  SECTION("it was copying, and somebody has put something there since") {
    volume.ground().directory().write("device/.dunnage-filling/half", "x");
    volume.ground().directory().write("device/mine", "mine");
    CHECK(volume.run("ls -A /data") == "mine\n");
  }
  SECTION("it was moving") {
    volume.ground().directory().write("device/first", "1");
    volume.ground().directory().write("device/.dunnage-filled/second", "2");
    volume.ground().directory().write("device/taken", "mine");
    volume.ground().directory().write("device/.dunnage-filled/taken", "the image's");
    fs::permissions(volume.device() / ".dunnage-filled", fs::perms{0711});
    CHECK(volume.run("cd /data; ls -A | tr '\\n' ' '; cat first second taken; stat -c %a .") ==
          "first second taken 12mine711\n");
  }
  SECTION("it is none of ours") {
    volume.ground().directory().write("canary/file", "CANARY");
    fs::create_symlink(volume.ground().path("canary"), volume.device() / ".dunnage-filled");
    CHECK(volume.run("ls -A /data") == ".dunnage-filled\n");
    CHECK(volume.ground().directory().read("canary/file") == "CANARY");
  }
}

TEST_CASE("a volume in memory is filled at each start", "[fill][driver][restart]") {
  if (!requires_busybox()) return;
  Elsewhere volume;
  (void)volume.ground().volumes().create(
      "data", {.driver_options = {{"type", "tmpfs"}, {"device", "tmpfs"}, {"o", "size=1m"}}});
  CHECK(volume.run(kShow) == kShown);
  CHECK(volume.reason({.read_only = true}) ==
        "nothing of the image is copied into it, because what it shows is read-only");
  LaunchSpec spec = volume.spec(std::string{kShow} + "; rm file");
  spec.name = "box";
  spec.remove_on_exit = false;
  spec.out = Stdio::log();
  Container container = Container::launch(std::move(spec));
  (void)container.wait();
  container.restart();
  (void)container.wait();
  CHECK(log_of(volume.ground().containers(), "box") == std::string{kShown} + kShown);
  const auto reasons = container.plan()[0].reasons;
  CHECK(std::ranges::count(reasons, "the volume was empty, and got what the image has at \"/data\"") == 1);
}

TEST_CASE("an image that is too large for a volume in memory is an error", "[fill][driver]") {
  if (!requires_busybox()) return;
  Elsewhere volume;
  (void)volume.ground().volumes().create(
      "data", {.driver_options = {{"type", "tmpfs"}, {"device", "tmpfs"}, {"o", "nr_inodes=2"}}});
  CHECK(code_of([&] { (void)volume.run("true"); }) == std::errc::no_space_on_device);
}

TEST_CASE("a file system in a file is filled when it is empty", "[fill][driver]") {
  if (!requires_busybox()) return;
  if (who() != Launcher::Root) return skip("a volume of type ext4 is mounted by root alone");
  Elsewhere volume;
  const fs::path image = volume.ground().path("disk.img");
  if (std::system(("truncate -s 16M " + image.string() + " && mkfs.ext4 -q " + image.string()).c_str()) != 0) {
    return skip("there is no mkfs.ext4 (package e2fsprogs)");
  }
  (void)volume.ground().volumes().create("data", {.driver_options = {{"type", "ext4"}, {"device", image}}});
  // as with every engine, that is something
  CHECK(volume.reason() == "there is data in the volume, so nothing of the image was copied into it");
  CHECK(volume.run("rm -r /data/lost+found; ls -A /data").empty());
  CHECK(volume.run(kShow) == kShown);
  CHECK(volume.run(kShow) == kShown);
}

}  // namespace dunnage::test
