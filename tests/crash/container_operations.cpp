// SPDX-License-Identifier: Apache-2.0
#include "crash/store_operation.hpp"

#include <dunnage/container.hpp>
#include <dunnage/container_store.hpp>
#include <dunnage/copy.hpp>
#include <dunnage/volume_store.hpp>

#include "kernel/file_descriptor.hpp"
#include "launcher/connection.hpp"
#include "launcher/identity.hpp"
#include "plan/copy_up.hpp"
#include "prepare/prepare.hpp"

#include <fcntl.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <utility>

namespace dunnage::test {

namespace {

using Place = StoreOperation::Place;

VolumeStore volumes(const Place& place) { return VolumeStore::open(place / "store"); }
ContainerStore containers(const Place& place) { return ContainerStore::open(place / "store"); }

/// A tree that stands for the root of an image, and a volume that every operation has to leave alone.
void make_image(const Place& place) {
  for (int number = 0; number < 6; ++number) {
    const Place file = place / "image/data" / ("d" + std::to_string(number % 2)) / ("f" + std::to_string(number));
    std::filesystem::create_directories(file.parent_path());
    std::ofstream{file} << "content of " << file.filename().string();
  }
  std::filesystem::create_symlink("d0/f0", place / "image/data/link");
  std::ofstream{volumes(place).create("other").mountpoint() / "file"} << "content";
}

MountPlan plan_of(const Place& place) {
  const MountPlan plan = MountSet{VolumeMount{.name = "new", .target = "/data", .store = place / "store"}}.resolve(
      {.store = place / "store"});
  return plan::with_copy_up(plan);
}

void remove_volume(const Place& place) {
  VolumeStore store = volumes(place);
  if (store.find("new")) store.remove("new");
}

StoreOperation filling() {
  return {.name = "fill a new volume",
          .prepare = make_image,
          .ready =
              [](const Place& place) {
                (void)launcher::Connection::get(launcher::identity_for(0, 0));
                const auto root = std::make_shared<kernel::FileDescriptor>(
                    ::open((place / "image").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
                return [plan = plan_of(place), root] {
                  (void)prepare::prepare(plan, launcher::identity_for(0, 0),
                                         {.id = "0123456789ab", .name = "test", .user = {}},
                                         {.root = root->get(), .watch = {}});
                };
              },
          .undo = remove_volume,
          .done_before = {},
          .launcher = true,
          .steps = true};
}

StoreOperation filling_of_empty() {
  StoreOperation operation = filling();
  operation.name = "fill an empty volume";
  operation.prepare = [](const Place& place) {
    make_image(place);
    (void)volumes(place).create("new");
  };
  operation.undo = [](const Place& place) {
    remove_volume(place);
    (void)volumes(place).create("new");
  };
  return operation;
}

LaunchSpec spec_of(const Place& place, std::string name) {
  return {.argv = {"true"},
          .mounts = MountSet{VolumeMount{.name = "new", .target = "/data"}},
          .out = Stdio::null(),
          .err = Stdio::null(),
          .lifetime = Lifetime::Detached,
          .name = std::move(name),
          .store = place / "store",
          // whoever waits for what never comes is found out
          .launch_timeout = std::chrono::hours{24}};
}

void remove_container(const Place& place, const std::string& name) {
  const ContainerStore store = containers(place);
  if (store.find(name)) containers(place).remove(name, true);
}

StoreOperation launching() {
  return {.name = "launch a container",
          .prepare =
              [](const Place& place) {
                std::ofstream{volumes(place).create("other").mountpoint() / "file"} << "content";
                (void)volumes(place).create("new");
              },
          .ready =
              [](const Place& place) {
                (void)launcher::Connection::get(launcher::identity_for(0, 0));
                return [place] { (void)Container::launch(spec_of(place, "new")); };
              },
          .undo = [](const Place& place) { remove_container(place, "new"); },
          .done_before = errc::container_exists,
          .launcher = true,
          .unsynced = true};
}

/// Of a program that does not end by itself, so that nothing but an answer ends the waiting for one.
StoreOperation launching_what_runs_on() {
  StoreOperation operation = launching();
  operation.name = "launch a container that runs on";
  operation.ready = [](const Place& place) {
    (void)launcher::Connection::get(launcher::identity_for(0, 0));
    return [place] {
      LaunchSpec spec = spec_of(place, "new");
      spec.argv = {"sleep", "1000"};
      spec.lifetime = Lifetime::WithHost;
      (void)Container::launch(std::move(spec));
    };
  };
  return operation;
}

void launch_old(const Place& place) {
  if (containers(place).find("old")) return;
  LaunchSpec spec = spec_of(place, "old");
  spec.labels = {{"age", "old"}};
  (void)Container::launch(std::move(spec)).wait();
}

StoreOperation replacing() {
  StoreOperation operation = launching();
  operation.name = "replace a container";
  operation.prepare = [](const Place& place) {
    (void)volumes(place).create("new");
    launch_old(place);
  };
  operation.ready = [](const Place& place) {
    (void)launcher::Connection::get(launcher::identity_for(0, 0));
    return [place] {
      LaunchSpec spec = spec_of(place, "old");
      spec.labels = {{"age", "new"}};
      spec.replace = Replace::KeepVolumes;
      (void)Container::launch(std::move(spec));
    };
  };
  operation.undo = [](const Place& place) {
    remove_container(place, "old");
    launch_old(place);
  };
  operation.done_before = {};
  return operation;
}

StoreOperation removal() {
  return {.name = "remove a container",
          .prepare =
              [](const Place& place) {
                (void)volumes(place).create("new");
                launch_old(place);
              },
          .ready = [](const Place& place) { return [store = containers(place)]() mutable { store.remove("old"); }; },
          .undo = launch_old,
          .done_before = errc::container_missing};
}

}  // namespace

std::vector<StoreOperation> talking_operations() { return {launching_what_runs_on(), replacing()}; }

std::vector<StoreOperation> container_operations() {
  return {filling(), filling_of_empty(), launching(), replacing(), removal()};
}

}  // namespace dunnage::test
