// SPDX-License-Identifier: Apache-2.0
// Volumes of other engines, as these have them on the disk. What the engines themselves say is in tests/cli.

#include "container/support.hpp"

#include <filesystem>
#include <string>

namespace dunnage::test {
namespace {

/// Docker's directory of volumes, with one of each kind.
std::filesystem::path docker_volumes(const Ground& ground) {
  const TemporaryDirectory& directory = ground.directory();
  directory.make("docker/volumes/data/_data");
  directory.write("docker/volumes/data/_data/f", "theirs\n");
  directory.make("docker/volumes/memory/_data");
  directory.write("docker/volumes/memory/opts.json",
                  R"({"MountType":"tmpfs","MountOpts":"size=1m","MountDevice":"tmpfs","Quota":{"Size":0}})");
  directory.write("docker/volumes/metadata.db", "no volume");
  directory.make("docker/volumes/without-data");
  std::filesystem::create_directory_symlink(ground.path("docker/volumes/data"), ground.path("docker/volumes/link"));
  return ground.path("docker/volumes");
}

std::string sh(const Ground& ground, const std::string& volume, const std::string& script) {
  return output_of(ground.shell("cd /data; " + script, {VolumeMount{volume, "/data"}}));
}

}  // namespace

TEST_CASE("volumes of an engine are found with what it says of them", "[volume][adopt]") {
  const Ground ground;
  const auto volumes = docker_volumes(ground);
  const std::vector<AdoptableVolume> found = adoptable(volumes);
  REQUIRE(found.size() == 2);
  CHECK(found[0] == AdoptableVolume{.engine = "docker", .name = "data", .directory = volumes / "data"});
  CHECK(found[1].name == "memory");
  CHECK(found[1].driver_options == DriverOptions{{"type", "tmpfs"}, {"device", "tmpfs"}, {"o", "size=1m"}});
  const auto inspected =
      adoptable(volumes, R"([{"Name":"data","Labels":{"app":"shop"},"Options":null},{"Name":"memory","Labels":null,
                              "Options":{"type":"tmpfs","device":"tmpfs"}},{"Name":"else"}])");
  CHECK(inspected[0].labels == Labels{{"app", "shop"}});
  CHECK(inspected[1].driver_options == DriverOptions{{"type", "tmpfs"}, {"device", "tmpfs"}});
  ground.directory().make("user/containers/storage/volumes/data/_data");
  CHECK(adoptable(ground.path("user/containers/storage/volumes")).front().engine == "podman");
  CHECK(code_of([&] { (void)adoptable(ground.path("absent")); }) == std::errc::no_such_file_or_directory);
  CHECK(code_of([&] { (void)adoptable(volumes, R"({"Name":"data"})"); }) == errc::invalid_argument);
  CHECK(code_of([&] { (void)adoptable(volumes, R"([{"Name":"data","Labels":{"a":1}}])"); }) == errc::invalid_argument);
}

TEST_CASE("a volume that is adopted in place is the engine's too, and one that is copied is not", "[volume][adopt]") {
  const Ground ground;
  const auto volumes = docker_volumes(ground);
  VolumeStore store = ground.volumes();
  const AdoptableVolume theirs =
      adoptable(volumes, R"([{"Name":"data","Labels":{"app":"shop","com.docker.volume.anonymous":""}}])").front();
  const Volume adopted = store.adopt(theirs, {.labels = {{"more", "yes"}}});
  CHECK(adopted.name() == "data");
  CHECK(adopted.labels() == Labels{{"app", "shop"}, {"more", "yes"}});
  CHECK_FALSE(adopted.info().anonymous);
  CHECK(sh(ground, "data", "cat f; echo ours > g") == "theirs\n");
  CHECK(ground.directory().read("docker/volumes/data/_data/g") == "ours\n");
  const Volume copied = store.adopt(theirs, {.name = "copied", .copy = true});
  CHECK(copied.info().driver_options.empty());
  CHECK(sh(ground, "copied", "cat f g; echo changed > f") == "theirs\nours\n");
  CHECK(ground.directory().read("docker/volumes/data/_data/f") == "theirs\n");
  CHECK(code_of([&] { (void)store.adopt(theirs); }) == errc::volume_exists);
  // a backup of one that is in place has what the engine has
  (void)store.export_to("data", ground.path("a.tar"));
  (void)store.import_from(ground.path("a.tar"), "restored");
  CHECK(sh(ground, "restored", "cat f g") == "theirs\nours\n");
  CHECK(sh(ground, store.copy("data", "twice").name(), "cat f g") == "theirs\nours\n");
  store.remove("data");
  CHECK(ground.directory().read("docker/volumes/data/_data/f") == "theirs\n");
}

TEST_CASE("a volume whose data is where its options say is adopted with these", "[volume][adopt]") {
  const Ground ground;
  const auto volumes = docker_volumes(ground);
  VolumeStore store = ground.volumes();
  const AdoptableVolume memory = adoptable(volumes)[1];
  CHECK(code_of([&] { (void)store.adopt(memory, {.copy = true}); }) == errc::not_supported);
  CHECK(store.adopt(memory).info().driver_options == memory.driver_options);
  CHECK(code_of([&] { (void)store.export_to("memory", ground.path("a.tar")); }) == errc::not_supported);
  CHECK(code_of([&] { (void)store.copy("memory", "other"); }) == errc::not_supported);
  CHECK(code_of([&] { (void)store.adopt({.engine = "docker", .name = "gone", .directory = volumes / "gone"}); }) ==
        std::errc::no_such_file_or_directory);
  CHECK_FALSE(store.find("gone"));
}

}  // namespace dunnage::test
