// SPDX-License-Identifier: Apache-2.0
// Containers that are started again, when they have ended and while they run.

#include "crash/store_operation.hpp"

#include <dunnage/container.hpp>
#include <dunnage/container_store.hpp>
#include <dunnage/volume_store.hpp>

#include "crash/live_state.hpp"
#include "launcher/connection.hpp"
#include "launcher/identity.hpp"
#include "support/host.hpp"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <utility>

namespace dunnage::test {

namespace {

using Place = StoreOperation::Place;

constexpr const char* kBox = "box";

ContainerStore containers(const Place& place) { return ContainerStore::open(place / "store"); }
Place data(const Place& place) { return VolumeStore::open(place / "store").get("data").mountpoint(); }

void remove_box(const Place& place) {
  if (containers(place).find(kBox)) containers(place).remove(kBox, true, false);
}

/// A container that runs on when it is first started, and ends at once when it is started again.
void launch(const Place& place, bool runs) {
  remove_box(place);
  for (const char* file : {"again", "first"}) std::filesystem::remove(data(place) / file);
  if (!runs) std::ofstream{data(place) / "again"}.close();
  (void)Container::launch({.argv = {"sh", "-c", "test -e /data/again || { echo > /data/first; exec sleep 100000; }"},
                           .mounts = MountSet{VolumeMount{.name = "data", .target = "/data"}},
                           .out = Stdio::null(),
                           .err = Stdio::null(),
                           .lifetime = Lifetime::Detached,
                           .name = kBox,
                           .labels = {{kRuns, ""}},
                           .remove_on_exit = false,
                           .store = place / "store"});
  const auto is_ready = [&] {
    return runs ? std::filesystem::exists(data(place) / "first")
                : containers(place).inspect(kBox).status == ContainerStatus::Exited;
  };
  if (!becomes_true(is_ready, std::chrono::seconds{20})) throw std::runtime_error{"the container is not ready"};
  std::ofstream{data(place) / "again"}.close();
}

StoreOperation operation(std::string name, bool runs) {
  return {.name = std::move(name),
          .prepare =
              [runs](const Place& place) {
                (void)VolumeStore::open(place / "store").create("data");
                launch(place, runs);
              },
          .ready =
              [](const Place& place) {
                (void)launcher::Connection::get(launcher::identity_for(0, 0));
                return [place] {
                  const ContainerStore store = containers(place);
                  if (store.inspect(kBox).status == ContainerStatus::Running) {
                    Container container = store.get(kBox);
                    container.restart(std::chrono::milliseconds{0});
                    (void)container.wait();
                  } else {
                    (void)store.start(kBox).wait();
                  }
                };
              },
          .undo = [runs](const Place& place) { launch(place, runs); },
          .fails_itself = true,
          .launcher = true,
          .resumes = true,
          .begun = "container box",
          .leave = remove_box};
}

}  // namespace

std::vector<StoreOperation> restart_operations() {
  return {operation("start a container that has ended", false), operation("restart a container that runs", true)};
}

}  // namespace dunnage::test
