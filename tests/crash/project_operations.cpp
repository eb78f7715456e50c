// SPDX-License-Identifier: Apache-2.0
// Compose projects: up, up again when something has changed, and down.

#include "crash/store_operation.hpp"
#include "crash/store_state.hpp"

#include <dunnage/container_store.hpp>
#include <dunnage/project_plan.hpp>
#include <dunnage/volume_store.hpp>

#include "crash/live_state.hpp"
#include "launcher/connection.hpp"
#include "launcher/identity.hpp"

#include <filesystem>
#include <fstream>
#include <functional>
#include <utility>

namespace dunnage::test {

namespace {

using Place = StoreOperation::Place;

VolumeStore volumes(const Place& place) { return VolumeStore::open(place / "store"); }

/// What of a project an operation changes.
struct Version {
  bool runs = false;  ///< else its programs end at once
  std::string word = "old";
  std::string volume_label = "old";
};

/// Two services, one after the other, with a named volume, one without a name, one of others, a config and a secret.
Project project_of(const Place& place, const Version& version) {
  const std::string command = version.runs ? "[sleep, '100000']" : "['true']";
  const std::string common = "    x-dunnage: {rootfs: host}\n    stop_signal: SIGKILL\n    command: " + command +
                             "\n    labels: {word: " + version.word +
                             (version.runs ? std::string{", "} + kRuns + ": ''" : "") + "}\n";
  const std::string text =
      "services:\n  db:\n" + common +
      "    volumes: ['data:/data', '/own', 'theirs:/theirs']\n    secrets: [password]\n  web:\n" + common +
      "    depends_on: [db]\n    volumes: ['data:/data']\n    configs: [settings]\n" +
      "volumes:\n  data: {labels: {word: " + version.volume_label + "}}\n  theirs: {external: true}\n" +
      "configs:\n  settings: {content: 'of the project'}\nsecrets:\n  password: {environment: WORD}\n";
  return Project::load({.text = text,
                        .directory = place,
                        .name = "shop",
                        .environment = Environment{{"WORD", "secret"}},
                        .grants = ProjectGrants::all()});
}

/// What ends by itself between a plan and its look at it makes the plan an old one.
void apply(const std::function<ProjectPlan()>& plan) {
  constexpr int kAttempts = 20;
  for (int attempt = 1;; ++attempt) {
    try {
      return plan().apply({.destroy_data = true});
    } catch (const LaunchError& error) {
      if (error.code() != std::errc::resource_unavailable_try_again || attempt == kAttempts) throw;
    }
  }
}

void up(const Place& place, const Version& version, bool recreate_volumes = false) {
  apply([project = project_of(place, version),
         options = UpOptions{.recreate_volumes = recreate_volumes, .store = place / "store"}] {
    return project.plan_up(options);
  });
}

void down(const Place& place, const Version& version, bool with_volumes) {
  apply(
      [project = project_of(place, version), options = DownOptions{.volumes = with_volumes, .store = place / "store"}] {
        return project.plan_down(options);
      });
}

/// What is not the project's, and stays.
void make_others(const Place& place) {
  for (const char* name : {"theirs", "other"}) {
    std::ofstream{volumes(place).create(name).mountpoint() / "file"} << "content of " << name;
  }
}

void drop(const Place& place) {
  down(place, {}, true);
  VolumeStore store = volumes(place);
  for (const Volume& volume : store.list()) {
    if (volume.info().anonymous) store.remove(volume.name());
  }
}

/// The project is up, and has written to all of its volumes.
void make_up(const Place& place, const Version& version) {
  up(place, version);
  for (const Volume& volume : volumes(place).list()) {
    std::ofstream{volume.mountpoint() / "file"} << "content of "
                                                << (volume.info().anonymous ? "its own" : volume.name());
  }
}

/// As it is told to whoever finds a record in the way that a power cut has left without its content.
void remove_damaged(const Place& store) {
  if (!std::filesystem::exists(store)) return;
  ContainerStore containers = ContainerStore::open(store);
  for (const ContainerInfo& info : containers.list()) {
    if (info.id.empty()) containers.remove(info.name);
  }
}

StoreOperation operation(std::string name, std::function<void(const Place&)> call,
                         std::function<void(const Place&)> undo) {
  return {.name = std::move(name),
          .prepare =
              [undo](const Place& place) {
                make_others(place);
                undo(place);
              },
          .ready =
              [call](const Place& place) {
                (void)launcher::Connection::get(launcher::identity_for(0, 0));
                return [place, call] { call(place); };
              },
          .undo = undo,
          .fails_itself = true,
          .launcher = true,
          .resumes = true,
          .passing = ".new",
          .begun = "container shop-",
          .beside = [](const Place& place) { return "configs and secrets\n" + content_of(place / "store/projects"); },
          .leave = drop};
}

/// What is up as `version` says, and is brought up, or down, by `call`.
StoreOperation from(std::string name, const Version& version, std::function<void(const Place&)> call) {
  return operation(std::move(name), std::move(call), [version](const Place& place) {
    drop(place);
    make_up(place, version);
  });
}

}  // namespace

std::vector<StoreOperation> up_operations() {
  StoreOperation first = operation(
      "bring a project up", [](const Place& place) { up(place, {}); }, drop);
  first.orphans = true;
  return {std::move(first),
          from("bring up a project whose services have changed", {},
               [](const Place& place) { up(place, {.word = "new"}); }),
          from("bring up a project one of whose volumes has changed", {},
               [](const Place& place) { up(place, {.volume_label = "new"}, true); })};
}

std::vector<StoreOperation> down_operations() {
  const Version running{.runs = true};
  StoreOperation with_volumes = from("take a project down with its volumes", running,
                                     [running](const Place& place) { down(place, running, true); });
  with_volumes.orphans = true;
  return {from("take a project down", running, [running](const Place& place) { down(place, running, false); }),
          std::move(with_volumes)};
}

std::vector<StoreOperation> ended_project_operations() {
  std::vector<StoreOperation> operations = up_operations();
  operations.push_back(
      from("take a project down that has ended", {}, [](const Place& place) { down(place, {}, false); }));
  operations.push_back(from("take a project down that has ended, with its volumes", {},
                            [](const Place& place) { down(place, {}, true); }));
  for (StoreOperation& operation : operations) {
    operation.unsynced_containers = true;
    operation.orphans = true;  // what has lost its record is nobody's, and not gone
    operation.ready = [ready = std::move(operation.ready)](const Place& place) {
      remove_damaged(place / "store");
      return ready(place);
    };
  }
  return operations;
}

}  // namespace dunnage::test
