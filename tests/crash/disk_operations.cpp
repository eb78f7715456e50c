// SPDX-License-Identifier: Apache-2.0
// Volumes whose driver says that they are a file system in a file: mounted by a loop device, which nobody may leave.

#include "crash/store_operation.hpp"

#include <dunnage/container.hpp>
#include <dunnage/container_store.hpp>
#include <dunnage/mount_plan.hpp>
#include <dunnage/mount_set.hpp>
#include <dunnage/prepared_mounts.hpp>
#include <dunnage/volume_store.hpp>

#include "kernel/file_descriptor.hpp"
#include "kernel/loop_device.hpp"
#include "launcher/connection.hpp"
#include "launcher/identity.hpp"
#include "support/host.hpp"

#include <fcntl.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <utility>

namespace dunnage::test {

namespace {

using Place = StoreOperation::Place;

MountSet mounts() { return MountSet{VolumeMount{.name = "disk", .target = "/disk"}}; }

/// A device goes a moment after the last who had it.
std::string device_of(const Place& place) {
  const kernel::FileDescriptor image{::open((place / "image").c_str(), O_RDONLY | O_CLOEXEC)};
  const bool gone = becomes_true([&] { return !kernel::has_block_device(image.get()); }, std::chrono::seconds{20});
  return gone ? "no device" : "LEFT a loop device";
}

void make_disk(const Place& place) {
  const Place image = place / "image";
  std::ofstream{image}.close();
  std::filesystem::resize_file(image, std::uintmax_t{8} << 20U);
  if (std::system(("mkfs.ext4 -q -F '" + image.string() + "'").c_str()) != 0) throw std::runtime_error{"mkfs.ext4"};
  (void)VolumeStore::open(place / "store")
      .create("disk", {.driver_options = {{"type", "ext4"}, {"device", image.string()}}});
}

void remove_container(const Place& place) {
  ContainerStore store = ContainerStore::open(place / "store");
  if (store.find("new")) store.remove("new", true);
}

StoreOperation operation(std::string name, std::function<void(const Place&)> call) {
  return {.name = std::move(name),
          .prepare = make_disk,
          .ready =
              [call = std::move(call)](const Place& place) {
                (void)launcher::Connection::get(launcher::identity_for(0, 0));
                return [place, call] { call(place); };
              },
          .undo = remove_container,
          .fails_itself = true,
          .launcher = true,
          .beside = device_of};
}

}  // namespace

std::vector<StoreOperation> disk_operations() {
  StoreOperation launch = operation("launch a container with a file system in a file", [](const Place& place) {
    LaunchSpec spec{.argv = {"true"},
                    .mounts = mounts(),
                    .out = Stdio::null(),
                    .err = Stdio::null(),
                    .lifetime = Lifetime::Detached,
                    .name = "new",
                    .remove_on_exit = false,
                    .store = place / "store",
                    .launch_timeout = std::chrono::hours{24}};
    (void)Container::launch(std::move(spec));
  });
  launch.done_before = errc::container_exists;
  return {operation("prepare the mount of a file system in a file",
                    [](const Place& place) {
                      const PreparedMounts prepared = mounts().resolve({.store = place / "store"}).prepare();
                    }),
          std::move(launch)};
}

}  // namespace dunnage::test
