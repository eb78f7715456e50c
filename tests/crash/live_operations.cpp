// SPDX-License-Identifier: Apache-2.0
// Mounts of a container that runs: attached, detached and replaced.

#include "crash/live_state.hpp"
#include "crash/store_operation.hpp"

#include <dunnage/container.hpp>
#include <dunnage/container_store.hpp>
#include <dunnage/volume_store.hpp>

#include "launcher/connection.hpp"
#include "launcher/identity.hpp"

#include <fstream>
#include <functional>
#include <memory>
#include <utility>

namespace dunnage::test {

namespace {

using Place = StoreOperation::Place;
using Change = std::function<void(Container&)>;

VolumeStore volumes(const Place& place) { return VolumeStore::open(place / "store"); }
ContainerStore containers(const Place& place) { return ContainerStore::open(place / "store"); }

LaunchSpec spec_of(const Place& place, Lifetime lifetime) {
  return {.argv = {"sleep", "100000"},
          .mounts = MountSet{VolumeMount{.name = "kept", .target = std::string{kLivePlaces} + "kept"},
                             VolumeMount{.name = "first", .target = std::string{kLivePlaces} + "first"}},
          .out = Stdio::null(),
          .err = Stdio::null(),
          .lifetime = lifetime,
          .name = kLiveContainer,
          .replace = Replace::KeepVolumes,
          .labels = lifetime == Lifetime::Detached ? Labels{{kRuns, ""}} : Labels{},
          .remove_on_exit = false,
          .store = place / "store"};
}

void make_volumes(const Place& place) {
  for (const char* name : {"kept", "first", "new"}) {
    std::ofstream{volumes(place).create(name).mountpoint() / "file"} << "content of " << name;
  }
}

/// Volumes nobody chose a name for are those of attached mounts.
void drop_anonymous(const Place& place) {
  VolumeStore store = volumes(place);
  for (const Volume& volume : store.list()) {
    if (volume.info().anonymous) store.remove(volume.name());
  }
}

void launch_detached(const Place& place) { (void)Container::launch(spec_of(place, Lifetime::Detached)); }

void launch_for_a_moment(const Place& place) {
  Container container = Container::launch(spec_of(place, Lifetime::WithHost));
  container.kill();
  (void)container.wait();
}

void remove_container(const Place& place) {
  if (containers(place).find(kLiveContainer)) containers(place).remove(kLiveContainer, true);
  drop_anonymous(place);
}

struct Named {
  std::string name;
  Change change;
  std::error_code done_before;
  bool orphans = false;
};

std::vector<Named> changes() {
  const std::string places = kLivePlaces;
  return {{"attach a volume",
           [places](Container& container) {
             (void)container.attach(VolumeMount{"new", places + "new"});
           },
           errc::duplicate_target},
          {"attach a volume of its own",
           [places](Container& container) {
             (void)container.attach(VolumeMount{"", places + "new"});
           },
           errc::duplicate_target, true},
          {"detach a volume",
           [places](Container& container) { container.detach(places + "first"); },
           {ENOENT, std::system_category()}},
          {"replace a volume",
           [places](Container& container) {
             (void)container.replace(places + "first", VolumeMount{"new", places + "first"});
           },
           {}}};
}

StoreOperation of_another(Named named) {
  return {.name = named.name + " of a container of another process",
          .prepare =
              [](const Place& place) {
                make_volumes(place);
                launch_detached(place);
              },
          .ready =
              [change = std::move(named.change)](const Place& place) {
                (void)launcher::Connection::get(launcher::identity_for(0, 0));
                return [place, change] {  // the handle goes with what it has kept for its next change
                  Container container = containers(place).get(kLiveContainer);
                  change(container);
                };
              },
          .undo =
              [](const Place& place) {
                if (is_live_as_launched(place / "store")) return;
                remove_container(place);
                launch_detached(place);
              },
          .done_before = named.done_before,
          .orphans = named.orphans,
          .leave = remove_container};
}

StoreOperation of_its_own(Named named) {
  const auto launched = std::make_shared<std::unique_ptr<Container>>();
  return {.name = named.name + " of its own container",
          .prepare =
              [](const Place& place) {
                make_volumes(place);
                launch_for_a_moment(place);
              },
          .ready =
              [change = std::move(named.change), launched](const Place& place) {
                *launched = std::make_unique<Container>(Container::launch(spec_of(place, Lifetime::WithHost)));
                return [launched, change] { change(**launched); };
              },
          .undo =
              [](const Place& place) {
                remove_container(place);
                launch_for_a_moment(place);
              },
          .done_before = {},
          .launcher = true,
          .orphans = named.orphans,
          .wrong = [launched](const Place& place) { return disagreement_of(**launched, place / "store"); }};
}

}  // namespace

std::vector<StoreOperation> live_operations() {
  std::vector<StoreOperation> operations;
  for (Named& named : changes()) operations.push_back(of_another(std::move(named)));
  return operations;
}

std::vector<StoreOperation> own_live_operations() {
  std::vector<StoreOperation> operations;
  for (Named& named : changes()) operations.push_back(of_its_own(std::move(named)));
  return operations;
}

}  // namespace dunnage::test
