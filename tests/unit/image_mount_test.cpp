// SPDX-License-Identifier: Apache-2.0
// What a plan says of an image that is mounted.

#include "image/layout.hpp"
#include "image/mount_users.hpp"
#include "kernel/call_error.hpp"
#include "plan/plan_json.hpp"
#include "unit/image_support.hpp"

#include <dunnage/mount_plan.hpp>
#include <dunnage/mount_set.hpp>

using namespace dunnage;
using namespace dunnage::test;

namespace {

/// A store with an image of two layers, "tools:1".
struct Tools : TemporaryImages {
  Tools() {
    OciLayout layout;
    layout.name(layout.image({small_layer("one"), small_layer("two")}), "docker.io/library/tools:1");
    (void)store.load(layout.write(directory));
  }

  [[nodiscard]] MountPlan resolve(const Mount& mount) const {
    return MountSet{mount}.resolve({.store = root, .current_directory = {}});
  }
  [[nodiscard]] std::string refusal(const Mount& mount, errc code) const {
    try {
      (void)resolve(mount);
    } catch (const MountError& error) {
      CHECK(error.code() == code);
      CHECK(error.stage() == Stage::Resolve);
      return error.what();
    }
    FAIL_CHECK("was accepted");
    return {};
  }
};

}  // namespace

TEST_CASE("an image mount resolves to the image its name leads to", "[plan][image]") {
  const Tools tools;
  const std::string id = tools.store.get("tools:1").id();
  const MountPlan plan = tools.resolve(ImageMount{"tools:1", "/opt", {.subpath = "./bin//x/"}});
  const ResolvedMount& mount = plan[0];
  CHECK(mount.kind == MountKind::Image);
  CHECK(mount.image == "tools:1");
  CHECK(mount.image_id == id);
  CHECK(mount.store == tools.root);
  CHECK(mount.subpath == "bin/x");
  CHECK(mount.source.empty());
  CHECK(mount.read_only);
  CHECK_FALSE(mount.overlay);
  CHECK(mount.to_string() ==
        "image \"tools:1\" (" + id.substr(7, 12) + "), \"bin/x\" in it -> \"/opt\" (read-only, nosuid, nodev)");
  CHECK(mount.reasons == std::vector<std::string>{"the image has 2 layers; preparing unpacks them",
                                                  "\"bin/x\" is looked for in the image when it is prepared"});
  CHECK(plan::from_json(plan.to_json()) == plan);
  CHECK(tools.resolve(ImageMount{id.substr(7, 12), "/opt"})[0].image_id == id);
  CHECK(entries_of(tools.root / "images/trees").empty());
}

TEST_CASE("an image mount is writable only where changes have a place", "[plan][image]") {
  const Tools tools;
  const ResolvedMount mount = tools.resolve(ImageMount{"tools:1", "/opt", {.overlay = OverlayOptions{}}})[0];
  CHECK_FALSE(mount.read_only);
  CHECK_THAT(mount.to_string(), Catch::Contains("(read-write, nosuid, nodev, overlay)"));
  CHECK_THAT(tools.resolve(ImageMount{"tools:1", "/opt", {.overlay = OverlayOptions{}}}).explain("/opt/x").to_string(),
             Catch::Contains("Changes are gone when the container ends."));
  CHECK_THAT(tools.refusal(ImageMount{"tools:1", "/opt", {.overlay = OverlayOptions{.upper = "/u", .work = "/w"}}},
                           errc::not_supported),
             Catch::Contains("changes of an image mount are kept in memory"));
  CHECK_THAT(
      tools.refusal(ImageMount{"tools:1", "/opt", {.overlay = OverlayOptions{.size = 0}}}, errc::invalid_argument),
      Catch::Contains("give them a size"));
}

TEST_CASE("an image that is not in the store is an error with the nearest name", "[plan][image]") {
  const Tools tools;
  CHECK(tools.refusal(ImageMount{"tolls:1", "/opt"}, errc::image_missing) ==
        "cannot resolve image \"tolls:1\" -> \"/opt\": looked in \"" + tools.root.string() +
            "\": no such image [ENOENT]; did you mean \"tools:1\"?");
  CHECK_THAT(tools.refusal(ImageMount{"no/such image", "/opt"}, errc::invalid_argument),
             Catch::Contains("cannot resolve image \"no/such image\""));
  CHECK_THAT(tools.refusal(ImageMount{"", "/opt"}, errc::invalid_argument), Catch::Contains("it has no image"));
  const TemporaryDirectory empty;
  try {
    (void)MountSet{ImageMount{"tools:1", "/opt"}}.resolve({.store = empty.path() / "store", .current_directory = {}});
    FAIL_CHECK("was accepted");
  } catch (const MountError& error) {
    CHECK(error.code() == errc::image_missing);
    CHECK(error.source() == "tools:1");
    CHECK(error.target() == "/opt");
  }
  CHECK_FALSE(std::filesystem::exists(empty.path() / "store"));
}

TEST_CASE("a path in an image stays in the image", "[plan][image]") {
  const Tools tools;
  for (const std::string path : {"/etc", "../etc", "a/../../b", "a/.."}) {
    INFO(path);
    CHECK_THAT(tools.refusal(ImageMount{"tools:1", "/opt", {.subpath = path}}, errc::invalid_argument),
               Catch::Contains("is no path in an image"));
  }
  CHECK_THAT(tools.refusal(ImageMount{"tools:1", "/opt", {.subpath = std::string("a\0b", 3)}}, errc::invalid_argument),
             Catch::Contains("NUL"));
}

TEST_CASE("a mount below a read-only image needs its mount point in the image", "[plan][image]") {
  const Tools tools;
  const MountPlan plan = MountSet{ImageMount{"tools:1", "/opt"}, Tmpfs{"/opt/scratch"}}.resolve(
      {.store = tools.root, .current_directory = {}});
  CHECK_THAT(plan["/opt/scratch"].reasons.back(), Catch::Contains("has to be in the image at \"/opt\""));
}

TEST_CASE("who mounts an image is known as long as the lock is held", "[image]") {
  const Tools tools;
  const auto layout = image::open_layout(tools.root);
  const std::string id = std::string(64, 'a');
  CHECK(image::mount_users_of(layout, "sha256:1").empty());
  auto first = image::add_mount_user(layout, {.container_id = id, .container_name = "web", .image_id = "sha256:1"});
  const auto second =
      image::add_mount_user(layout, {.container_id = id, .container_name = "web", .image_id = "sha256:1"});
  const auto other = image::add_mount_user(layout, {.container_id = "b", .container_name = "", .image_id = "sha256:2"});
  CHECK(image::mount_users_of(layout, "sha256:1") == std::vector<std::string>{"web"});
  CHECK(image::mount_users_of(layout, "sha256:2") == std::vector<std::string>{"b"});
  CHECK(image::mount_users_of(layout, "sha256:3").empty());
  first.reset();
  CHECK(image::mount_users_of(layout, "sha256:1") == std::vector<std::string>{"web"});
  CHECK(entries_of(tools.root / "images/mounts").size() == 2);  // what nobody locks is gone
  tools.directory.write("store/images/mounts/odd", "{");
  CHECK_THROWS_AS(image::add_mount_user(layout, {.container_id = "../x", .container_name = "", .image_id = ""}),
                  kernel::CallError);
  CHECK(image::mount_users_of(layout, "sha256:2") == std::vector<std::string>{"b"});
  CHECK(entries_of(tools.root / "images/mounts").size() == 2);
}
