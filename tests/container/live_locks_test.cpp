// SPDX-License-Identifier: Apache-2.0
// What a container holds of volumes and images is as much as its mounts need, while these come and go.

#include "container/support.hpp"
#include "support/oci_layout.hpp"

#include <dunnage/image_store.hpp>

using namespace dunnage;
using namespace dunnage::test;

namespace {

constexpr const char* kTools = "docker.io/library/tools:1";

LaunchSpec sleeping(const Ground& ground, const std::string& name, MountSet mounts) {
  LaunchSpec spec = ground.program({"sleep", "100"}, std::move(mounts));
  spec.name = name;
  return spec;
}

VolumeMount alone(const std::string& target) { return {"data", target, {.access = AccessMode::Exclusive}}; }

/// Whether another container may have the volume.
bool is_free(const Ground& ground) {
  try {
    (void)outcome_of(ground.program({"true"}, {VolumeMount{"data", "/data"}}));
    return true;
  } catch (const VolumeError& error) {
    CHECK(error.code() == errc::volume_in_use);
    CHECK(error.users() == std::vector<std::string>{"db"});
    return false;
  }
}

bool can_remove(ImageStore& images) {
  try {
    images.remove(kTools);
    return true;
  } catch (const ImageError& error) {
    CHECK(error.code() == errc::image_in_use);
    return false;
  }
}

}  // namespace

TEST_CASE("what a container has exclusively it may attach again, and others may not until all of it is detached",
          "[container][live][access]") {
  const Ground ground;
  auto container = Container::launch(sleeping(ground, "db", {alone("/first")}));
  (void)container.attach(alone("/second"));
  (void)container.attach(VolumeMount{"data", "/third", {.read_only = true}});
  CHECK(outcome_of(container, {.argv = {"sh", "-c", "echo x >/first/f; cat /second/f /third/f"}}).out == "x\nx\n");
  CHECK(ground.volumes().users("data") == std::vector<std::string>{"db"});
  CHECK_FALSE(is_free(ground));
  container.detach("/first");  // the one that had it first
  CHECK_FALSE(is_free(ground));
  (void)container.replace("/second", alone("/second"));
  container.detach("/third");
  CHECK_FALSE(is_free(ground));
  container.detach("/second");
  CHECK(is_free(ground));
  (void)container.attach(VolumeMount{"data", "/one", {.access = AccessMode::SingleWriter}});
  (void)container.attach(VolumeMount{"data", "/two", {.access = AccessMode::SingleWriter}});
  container.detach("/one");
  CHECK_FALSE(is_free(ground));
  // more than it has is not to be had beside that
  CHECK(code_of([&] { (void)container.attach(alone("/three")); }) == errc::volume_in_use);
  container.detach("/two");
  CHECK(is_free(ground));
}

TEST_CASE("of two mounts of a volume one may go, and the volume stays in use", "[container][live]") {
  const Ground ground;
  auto container = Container::launch(
      sleeping(ground, "db", {VolumeMount{"data", "/one"}, VolumeMount{"data", "/two"}, alone("/three")}));
  container.detach("/one");
  CHECK_FALSE(is_free(ground));
  container.detach("/three");
  CHECK(code_of([&] { ground.volumes().remove("data"); }) == errc::volume_in_use);
  container.detach("/two");
  ground.volumes().remove("data");
}

TEST_CASE("an image that is mounted can be removed when its last mount is detached", "[container][live][image]") {
  const Ground ground;
  OciLayout layout;
  layout.name(layout.image({tar_of({tar_entry("etc/", "", '5'), tar_entry("etc/conf", "text\n")})}), kTools);
  ImageStore images = ImageStore::open(ground.store_path());
  (void)images.load(layout.write(ground.directory()));
  auto container =
      Container::launch(sleeping(ground, "web", {ImageMount{"tools:1", "/one"}, ImageMount{"tools:1", "/two"}}));
  (void)container.attach(ImageMount{"tools:1", "/three"});
  for (const char* target : {"/one", "/three", "/two"}) {
    CHECK_FALSE(can_remove(images));
    container.detach(target);
  }
  CHECK(can_remove(images));
  (void)images.prune();
  CHECK(std::filesystem::is_empty(ground.store_path() / "images/blobs/sha256"));
  for (const auto& entry : std::filesystem::recursive_directory_iterator{ground.store_path() / "images/trees"}) {
    CHECK(entry.path().filename() != "conf");  // its layers are not kept either
  }
}
