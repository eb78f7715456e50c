// SPDX-License-Identifier: Apache-2.0
// Copying into and out of containers that have ended: what they would find if they were started.

#include "container/image_support.hpp"
#include "container/lookup.hpp"
#include "container/record.hpp"
#include "container/records_support.hpp"
#include "launch/ended_container.hpp"
#include "volume/volume_store_access.hpp"

#include <atomic>
#include <filesystem>
#include <string>
#include <thread>
#include <utility>

namespace dunnage::test {
namespace {

/// An image, and a container of it that is kept when it has ended.
class Kept {
 public:
  Kept() { images_.add("app", {base_layer(), {{.path = "etc/conf", .content = "of the image\n"}}}); }

  [[nodiscard]] const Ground& ground() const { return ground_; }
  [[nodiscard]] TestImages& images() { return images_; }
  [[nodiscard]] ContainerStore store() const { return ground_.containers(); }
  [[nodiscard]] std::filesystem::path host(std::string_view path) const { return ground_.path(path); }
  [[nodiscard]] std::string read(std::string_view path) const { return ground_.directory().read(std::string{path}); }
  [[nodiscard]] LaunchSpec spec(const std::string& script, MountSet mounts = {}) const {
    LaunchSpec spec = images_.shell("app", script, std::move(mounts));
    spec.name = "box";
    spec.remove_on_exit = false;
    spec.out = Stdio::log();
    return spec;
  }
  /// Runs it to its end.
  void run(const std::string& script, MountSet mounts = {}) { run(spec(script, std::move(mounts))); }
  static void run(LaunchSpec spec) {
    const Container container = Container::launch(std::move(spec));
    CHECK(container.wait().to_string() == "exited with 0");
  }
  /// What a container of the same record says when it is started again.
  std::string again() {
    const Container container = store().start("box");
    (void)container.wait();
    const std::string log = log_of(store(), "box");
    return log;
  }
  std::string out(const std::string& path) {
    std::filesystem::remove_all(host("out"));
    copy_out(store(), "box", path, host("out"));
    return read("out");
  }
  void in(const std::string& content, const std::string& path) {
    copy_in(store(), "box", ground_.directory().write("in", content), path);
  }

 private:
  Ground ground_;
  TestImages images_{ground_};
};

}  // namespace

TEST_CASE("files are copied out of and into a container of an image that has ended", "[cp][ended][image]") {
  if (!requires_busybox()) return;
  Kept kept;
  kept.run("if test -e /new; then cat /new; else echo mine > /written; rm /etc/group; fi");
  CHECK(kept.out("/written") == "mine\n");
  CHECK(kept.out("/etc/conf") == "of the image\n");
  CHECK(code_of([&] { kept.out("/etc/group"); }) == std::errc::no_such_file_or_directory);
  kept.in("from outside\n", "/new");
  kept.in("changed\n", "/etc/conf");
  CHECK(kept.out("/etc/conf") == "changed\n");
  CHECK(kept.again() == "from outside\n");
  const auto changes = kept.store().changes("box");
  CHECK(std::ranges::count(changes, Change{Change::Kind::Added, "/new"}) == 1);
  CHECK(std::ranges::count(changes, Change{Change::Kind::Modified, "/etc/conf"}) == 1);
  CHECK(std::ranges::count(changes, Change{Change::Kind::Deleted, "/etc/group"}) == 1);
}

TEST_CASE("a copy leaves the record of a container that has ended as it was", "[cp][ended][image]") {
  if (!requires_busybox()) return;
  Kept kept;
  kept.run("echo said");
  REQUIRE(eventually([&] { return kept.store().inspect("box").status == ContainerStatus::Exited; }));
  const std::string before = to_json(kept.store().inspect("box"));
  kept.in("x", "/x");
  CHECK(kept.out("/x") == "x");
  CHECK(to_json(kept.store().inspect("box")) == before);
  CHECK(kept.images().changes().size() == 1);
}

TEST_CASE("the handle of a container that has ended copies as long as its record is there", "[cp][ended][image]") {
  if (!requires_busybox()) return;
  Kept kept;
  const Container container = Container::launch(kept.spec("echo mine > /written"));
  (void)container.wait();
  copy_out(container, "/written", kept.host("got"));
  CHECK(kept.read("got") == "mine\n");
  copy_in(container, kept.host("got"), "/copied");
  CHECK(kept.out("/copied") == "mine\n");
  kept.store().remove("box");
  CHECK(code_of([&] { copy_out(container, "/written", kept.host("again")); }) == errc::not_running);
  CHECK(message_of([&] {
          copy_out(container, "/written", kept.host("again"));
        }).find("it has ended, and nothing of it was kept") != std::string::npos);
}

TEST_CASE("mounts of a container that has ended are part of what is copied", "[cp][ended][image]") {
  if (!requires_busybox()) return;
  Kept kept;
  kept.images().add("tools", {{{.path = "tool", .content = "a tool\n"}}});
  kept.ground().directory().write("bound/file", "bound\n");
  kept.ground().directory().write("closed/file", "closed\n");
  kept.ground().directory().write("single", "single\n");
  (void)kept.ground().volumes().create("named");
  kept.run("echo n > /named/f; echo a > /anonymous/f; echo t > /scratch/f; echo below > /named/sub/f",
           {VolumeMount{"named", "/named"}, VolumeMount{"", "/anonymous"}, Tmpfs{"/scratch"},
            BindMount{kept.host("bound"), "/named/sub"}, BindMount{kept.host("closed"), "/closed", {.read_only = true}},
            BindMount{kept.host("single"), "/etc/single"}, ImageMount{"tools", "/tools"}});
  CHECK(kept.out("/named/f") == "n\n");
  CHECK(kept.out("/anonymous/f") == "a\n");
  CHECK(kept.out("/named/sub/f") == "below\n");
  CHECK(kept.out("/etc/single") == "single\n");
  CHECK(kept.out("/tools/tool") == "a tool\n");
  copy_out(kept.store(), "box", "/.", kept.host("all"));
  CHECK(kept.read("all/named/sub/file") == "bound\n");
  CHECK(kept.read("all/anonymous/f") == "a\n");
  CHECK(std::filesystem::is_empty(kept.host("all/scratch")));
  kept.in("in\n", "/named/in");
  kept.in("in\n", "/anonymous/in");
  kept.in("in\n", "/named/sub/in");
  CHECK(kept.read("bound/in") == "in\n");
  copy_out(kept.ground().volumes(), "named", "/in", kept.host("got"));
  CHECK(kept.read("got") == "in\n");
  CHECK(code_of([&] { kept.in("x", "/closed/x"); }) == std::errc::read_only_file_system);
  CHECK(code_of([&] { kept.in("x", "/tools/x"); }) == std::errc::read_only_file_system);
  // it would be gone when the copy is done
  CHECK(code_of([&] { kept.in("x", "/scratch/x"); }) == std::errc::read_only_file_system);
  CHECK(message_of([&] { kept.in("x", "/scratch/x"); }).find("what is in memory is so until it runs") !=
        std::string::npos);
  kept.store().remove("box");
  CHECK(kept.ground().volumes().list().size() == 1);
}

TEST_CASE("a read-only root stays so when its container has ended, and volumes in it are written to",
          "[cp][ended][image]") {
  if (!requires_busybox()) return;
  Kept kept;
  LaunchSpec spec = kept.spec("echo v > /data/v", {VolumeMount{"named", "/data"}});
  spec.read_only_root = true;
  Kept::run(std::move(spec));
  CHECK(kept.out("/etc/conf") == "of the image\n");
  CHECK(kept.out("/data/v") == "v\n");
  kept.in("in", "/data/in");
  CHECK(kept.out("/data/in") == "in");
  CHECK(code_of([&] { kept.in("x", "/etc/x"); }) == std::errc::read_only_file_system);
}

TEST_CASE("files of a directory that was a root are copied when its container has ended", "[cp][ended]") {
  if (!requires_busybox()) return;
  Kept kept;
  const auto root = kept.host("root");
  for (const char* name : {"bin", "proc", "sys", "dev", "etc", "data"})
    std::filesystem::create_directories(root / name);
  std::filesystem::copy_file("/bin/busybox", root / "bin/sh");
  LaunchSpec spec = kept.ground().shell("echo d > /data/d; echo e > /etc/e", {VolumeMount{"named", "/data"}});
  spec.rootfs = Rootfs::directory(root);
  spec.name = "box";
  spec.remove_on_exit = false;
  Kept::run(std::move(spec));
  CHECK(kept.out("/data/d") == "d\n");
  CHECK(kept.out("/etc/e") == "e\n");
  kept.in("in", "/etc/in");
  kept.in("in", "/data/in");
  CHECK(kept.read("root/etc/in") == "in");
  CHECK(std::filesystem::is_empty(root / "data"));
}

TEST_CASE("what a container that has ended did not keep is refused with the reason", "[cp][ended][image]") {
  if (!requires_busybox()) return;
  Kept kept;
  std::string why;
  SECTION("changes in memory") {
    LaunchSpec spec = kept.spec("echo x > /x");
    spec.root_changes.kind = RootChanges::Kind::Memory;
    Kept::run(std::move(spec));
    why = "what it wrote to its root was kept in memory";
  }
  SECTION("the root of the host") {
    LaunchSpec spec = kept.ground().shell("true");
    spec.name = "box";
    spec.remove_on_exit = false;
    Kept::run(std::move(spec));
    why = "its root was this machine's, put together in memory";
  }
  CHECK(code_of([&] { kept.out("/x"); }) == errc::not_supported);
  CHECK(message_of([&] { kept.out("/x"); }).find("cannot copy out of container \"box\": it has ended, and " + why) ==
        0);
  CHECK(code_of([&] { kept.in("x", "/x"); }) == errc::not_supported);
  kept.store().remove("box");
  CHECK(code_of([&] { kept.out("/x"); }) == errc::container_missing);
}

TEST_CASE("a volume that is gone is named when files of the container are wanted", "[cp][ended][image]") {
  if (!requires_busybox()) return;
  Kept kept;
  kept.run("true", {VolumeMount{"named", "/named"}});
  kept.ground().volumes().remove("named");
  CHECK(code_of([&] { kept.out("/etc/conf"); }) == errc::volume_missing);
  CHECK_FALSE(kept.ground().volumes().find("named").has_value());
}

TEST_CASE("links a container left behind lead nowhere out of it", "[cp][ended][image]") {
  if (!requires_busybox()) return;
  Kept kept;
  kept.ground().directory().write("canary/file", "CANARY");
  const std::string canary = kept.host("canary").string();
  // over the root, over where it lies in the store, and in place of what its mounts are mounted on
  kept.run(
      "ln -s " + canary + " /out; ln -s ../../../../../../../../../.." + canary +
          " /up; ln -s /proc/self/root /self; mv /mnt/place /mnt/aside; ln -s ../../../../../../../etc /mnt/place; "
          "ln -s /out/file /etc/leaf; echo v > /mnt/aside/v/f",
      {VolumeMount{"named", "/mnt/place/v"}});
  CHECK(kept.out("/etc/v/f") == "v\n");  // as where it would be mounted by a start
  for (const char* path : {"/out/file", "/up/file", "/self/etc/passwd", "/etc/leaf/."}) {
    INFO(path);
    CHECK_FALSE(code_of([&] { kept.out(path); }) == std::error_code{});
  }
  for (const char* path : {"/out/new", "/up/new", "/self/new", "/etc/leaf"}) {
    INFO(path);
    (void)code_of([&] { kept.in("x", path); });
  }
  copy_out(kept.store(), "box", "/.", kept.host("all"));
  CHECK(std::filesystem::read_symlink(kept.host("all/out")) == canary);
  CHECK(kept.read("canary/file") == "CANARY");
  CHECK(std::distance(std::filesystem::directory_iterator{canary}, {}) == 1);
}

TEST_CASE("a mount that a link keeps from its place keeps the files of its container from being copied",
          "[cp][ended][image]") {
  if (!requires_busybox()) return;
  Kept kept;
  kept.ground().directory().write("canary/file", "CANARY");
  kept.run("mv /mnt/place /mnt/aside; ln -s " + kept.host("canary").string() + " /mnt/place",
           {VolumeMount{"named", "/mnt/place/v"}});
  CHECK(code_of([&] { kept.in("x", "/mnt/place/x"); }) == std::errc::no_such_file_or_directory);
  CHECK(code_of([&] { (void)kept.store().start("box"); }) == std::errc::no_such_file_or_directory);
  CHECK(std::distance(std::filesystem::directory_iterator{kept.host("canary")}, {}) == 1);
}

TEST_CASE("a container is neither started nor removed while its files are copied", "[cp][ended][image][one-user]") {
  if (!requires_busybox()) return;
  Kept kept;
  kept.run("echo ran");
  VolumeStore volumes = kept.ground().volumes();
  const auto containers = container::open_containers(VolumeStoreAccess::layout(volumes));
  const auto record = container::open_record(containers.get(), "box");
  REQUIRE(record.has_value());
  {
    const auto ended = launch::EndedContainer::open({Stage::Store, "test", "box"}, kept.ground().store_path(),
                                                    containers.get(), *record);
    REQUIRE(ended != nullptr);
    CHECK(code_of([&] { (void)kept.store().start("box"); }) == std::errc::device_or_resource_busy);
    CHECK(message_of([&] { kept.store().remove("box"); }).find("wait for who copies, starts or removes it just now") !=
          std::string::npos);
    CHECK(kept.store().inspect("box").status == ContainerStatus::Exited);
  }
  CHECK(kept.again() == "ran\nran\n");
  const Container running = Container::launch(kept.ground().shell("true"));
  kept.store().remove("box");
}

TEST_CASE("copying and starting a container at the same time leaves both whole", "[cp][ended][image][one-user]") {
  if (!requires_busybox()) return;
  Kept kept;
  kept.run("cat /f 2>/dev/null; echo x >> /runs");
  const auto source = kept.ground().directory().write("f", std::string(200'000, 'f'));
  std::atomic<int> copied{0};
  std::jthread copying{[&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      try {
        copy_in(kept.store(), "box", source, "/f");
        ++copied;
      } catch (const Error& error) {
        if (error.code() != std::errc::device_or_resource_busy) FAIL_CHECK(error.what());
      }
      std::this_thread::sleep_for(20ms);
    }
  }};
  int started = 0;
  const auto patience = std::chrono::steady_clock::now() + kPatience;
  // neither waits for the other, so who never paused would leave no turn; two of three starts leave one of some length
  const auto enough = [&] { return (copied > 0 && started > 0) || std::chrono::steady_clock::now() > patience; };
  for (int round = 0; round < 8 || !enough(); ++round) {
    try {
      const Container container = kept.store().start("box");
      ++started;
      (void)container.wait();
    } catch (const Error& error) {
      if (error.code() != std::errc::device_or_resource_busy) FAIL_CHECK(error.what());
    }
    std::this_thread::sleep_for(round % 3 * 40ms);
  }
  copying.request_stop();
  copying.join();
  CHECK(copied > 0);
  CHECK(started > 0);
  std::string runs;
  for (int run = 0; run <= started; ++run) runs += "x\n";
  CHECK(kept.out("/runs") == runs);
  CHECK(kept.out("/f") == std::string(200'000, 'f'));
}

}  // namespace dunnage::test
