// SPDX-License-Identifier: Apache-2.0
// Images as mounts of a container.

#include "container/support.hpp"
#include "support/oci_layout.hpp"

#include <sys/stat.h>

using namespace dunnage;
using namespace dunnage::test;

namespace {

constexpr const char* kTools = "docker.io/library/tools:1";

/// A store with the image "tools:1", whose second layer changes the first one.
class Tools : public Ground {
 public:
  Tools() {
    OciLayout layout;
    layout.name(
        layout.image({tar_of({tar_entry("bin/", "", '5'), tar_entry("bin/tool", "first\n"), tar_entry("etc/", "", '5'),
                              tar_entry("etc/gone", "x"), tar_entry("absolute", "", '2', "/etc/conf"),
                              tar_entry("climbing", "", '2', "../../../etc"),
                              tar_entry("leading", "", '2', "/../../../../../../../../../../../../etc/passwd")}),
                      tar_of({tar_entry("bin/tool", "second\n"), tar_entry("etc/conf", "text\n"),
                              tar_entry("etc/.wh.gone", "")})}),
        kTools);
    (void)ImageStore::open(store_path()).load(layout.write(directory()));
  }
};

MountSet at_opt(ImageMountOptions options = {}) { return {ImageMount{"tools:1", "/opt", std::move(options)}}; }

}  // namespace

TEST_CASE("a container sees the layers of an image as one read-only tree", "[container][mounts][image]") {
  const Tools ground;
  CHECK(
      output_of(ground.shell("ls /opt /opt/etc; cat /opt/bin/tool; touch /opt/x 2>&1 | grep -o Read-only", at_opt())) ==
      "/opt:\nabsolute\nbin\nclimbing\netc\nleading\n\n/opt/etc:\nconf\nsecond\nRead-only\n");
  const auto seen = parse_mountinfo(output_of(ground.shell("cat /proc/self/mountinfo", at_opt())));
  const MountPlan plan = at_opt().resolve({.store = ground.store_path(), .current_directory = {}});
  CHECK(attributes_of(mount_at(seen, "/opt")) == attributes_of(plan[0]));
  CHECK(mount_at(seen, "/opt").propagation.empty());
  CHECK_THAT(plan[0].reasons.front(), Catch::Contains("the image has 2 layers, which are unpacked already"));
}

TEST_CASE("a directory or a file of an image can be mounted", "[container][mounts][image][subpath]") {
  const Tools ground;
  CHECK(output_of(ground.shell("ls /opt; cat /opt/tool; touch /opt/x 2>&1 | grep -o Read-only",
                               at_opt({.subpath = "bin"}))) == "tool\nsecond\nRead-only\n");
  CHECK(output_of(ground.shell("test -f /etc/app.conf && cat /etc/app.conf",
                               {ImageMount{"tools:1", "/etc/app.conf", {.subpath = "etc/conf"}}})) == "text\n");
}

TEST_CASE("links of an image mean places in the image", "[container][mounts][image][subpath]") {
  const Tools ground;
  CHECK(output_of(ground.shell("cat /linked", {ImageMount{"tools:1", "/linked", {.subpath = "absolute"}}})) ==
        "text\n");
  CHECK(output_of(ground.shell("ls /opt", at_opt({.subpath = "climbing"}))) == "conf\n");
  CHECK(code_of([&] { (void)outcome_of(ground.program({"true"}, at_opt({.subpath = "leading"}))); }) ==
        std::errc::no_such_file_or_directory);
}

TEST_CASE("a path that is not in the image is an error and made nowhere", "[container][mounts][image][subpath]") {
  const Tools ground;
  const std::string message =
      message_of([&] { (void)outcome_of(ground.program({"true"}, at_opt({.subpath = "etc/gone"}))); });
  CHECK_THAT(message, Catch::Contains("cannot prepare image \"tools:1\" -> \"/opt\" (read-only): open the path in the "
                                      "image") &&
                          Catch::Contains("[ENOENT]; name a directory or file that is in the image"));
}

TEST_CASE("changes of an image mount are kept in memory and go with the container", "[container][mounts][image]") {
  const Tools ground;
  const MountSet writable = at_opt({.overlay = OverlayOptions{}});
  CHECK(output_of(ground.shell("echo new > /opt/bin/tool; rm /opt/etc/conf; cat /opt/bin/tool; ls /opt/etc",
                               writable)) == "new\n");
  CHECK(output_of(ground.shell("cat /opt/bin/tool /opt/etc/conf", writable)) == "second\ntext\n");
  CHECK(output_of(ground.shell("echo new > /opt/tool; cat /opt/tool",
                               at_opt({.subpath = "bin", .overlay = OverlayOptions{}}))) == "new\n");
  CHECK(output_of(ground.shell("head -c 2000000 /dev/zero > /opt/x 2>/dev/null || echo full",
                               at_opt({.overlay = OverlayOptions{.size = 1U << 20U}}))) == "full\n");
}

TEST_CASE("an image mount shows the image the plan was made for", "[container][mounts][image]") {
  const Tools ground;
  const MountPlan plan = at_opt().resolve({.store = ground.store_path(), .current_directory = {}});
  OciLayout other;
  other.name(other.image({small_layer("other")}), kTools);
  (void)ImageStore::open(ground.store_path()).load(other.write(ground.directory(), "other"));
  LaunchSpec spec = ground.shell("cat /opt/bin/tool");
  spec.mounts = plan;
  CHECK(output_of(std::move(spec)) == "second\n");
  CHECK(output_of(ground.shell("ls /opt", at_opt())) == "other\n");
}

TEST_CASE("image mounts are taken over from another container and found again after a restart",
          "[container][mounts][image][volumes-from][restart]") {
  const Tools ground;
  LaunchSpec first = ground.program({"true"}, at_opt({.subpath = "bin"}));
  first.name = "first";
  first.remove_on_exit = false;
  CHECK(run(std::move(first)).success());
  CHECK(ground.containers().inspect("first").mounts["/opt"].image == "tools:1");
  LaunchSpec second = ground.shell("cat /opt/tool >> /data/out", {VolumeMount{"data", "/data"}});
  second.volumes_from = {{.container = "first"}};
  second.name = "second";
  second.remove_on_exit = false;
  Container container = Container::launch(std::move(second));
  CHECK(container.wait().success());
  ground.containers().remove("first");
  container.restart();
  CHECK(container.wait().success());
  CHECK(ground.directory().read("store/volumes/data/_data/out") == "second\nsecond\n");
}

TEST_CASE("an image that a running container mounts is in use", "[container][mounts][image]") {
  const Tools ground;
  auto images = ImageStore::open(ground.store_path());
  LaunchSpec spec = ground.program({"sleep", "100"}, at_opt({.subpath = "bin"}));
  spec.name = "builder";
  Container container = Container::launch(std::move(spec));
  try {
    images.remove("tools:1");
    FAIL_CHECK("was removed");
  } catch (const ImageError& error) {
    CHECK(error.code() == errc::image_in_use);
    CHECK(error.users() == std::vector<std::string>{"builder"});
  }
  CHECK(images.prune(true).removed.empty());
  CHECK(outcome_of(container, {.argv = {"cat", "/opt/tool"}}).out == "second\n");
  container.kill();
  (void)container.wait();
  CHECK(eventually([&] { return images.prune(true).removed.size() == 1; }));
  CHECK_FALSE(images.find("tools:1"));
}

TEST_CASE("an image is in use as long as a container that mounts it can be started again",
          "[container][mounts][image][restart]") {
  const Tools ground;
  auto images = ImageStore::open(ground.store_path());
  LaunchSpec spec = ground.shell("cat /opt/tool; exit 0", at_opt({.subpath = "bin"}));
  spec.name = "builder";
  spec.remove_on_exit = false;
  CHECK(run(std::move(spec)).success());
  try {
    images.remove("tools:1");
    FAIL_CHECK("was removed");
  } catch (const ImageError& error) {
    CHECK(error.code() == errc::image_in_use);
    CHECK(error.users() == std::vector<std::string>{"builder"});
    CHECK_THAT(error.what(), Catch::Contains("used by container \"builder\"") && Catch::Contains("remove it first"));
  }
  CHECK(images.prune(true).removed.empty());
  // a tag that moves leaves it without a name, and not without its user
  images.tag("tools:1", "kept:1");
  OciLayout other;
  other.name(other.image({small_layer("other")}), "docker.io/library/kept:1");
  (void)images.load(other.write(ground.directory(), "other"));
  images.tag("kept:1", "tools:1");
  CHECK(images.prune().removed.empty());
  CHECK(ground.containers().start("builder").wait().success());
  ground.containers().remove("builder");
  CHECK(images.prune().removed.size() == 1);
}

TEST_CASE("a container that is gone when it ends holds no image", "[container][mounts][image]") {
  const Tools ground;
  auto images = ImageStore::open(ground.store_path());
  LaunchSpec spec = ground.program({"true"}, at_opt());
  spec.name = "builder";
  CHECK(run(std::move(spec)).success());
  CHECK(eventually([&] { return images.prune(true).removed.size() == 1; }));
}

TEST_CASE("every way to say an image mount shows the same", "[container][mounts][image]") {
  const Tools ground;
  MountSet docker;
  docker.add_spec("--mount type=image,source=tools:1,target=/opt,image-subpath=bin");
  CHECK(output_of(ground.shell("cat /opt/tool", docker)) == "second\n");
  MountSet podman;
  podman.add_spec("--mount type=image,source=tools:1,target=/opt,subpath=/bin,rw=true", Engine::Podman);
  CHECK(output_of(ground.shell("echo x >> /opt/tool; cat /opt/tool", podman)) == "second\nx\n");
}
