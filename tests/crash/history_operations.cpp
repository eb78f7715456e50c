// SPDX-License-Identifier: Apache-2.0
#include "crash/store_operation.hpp"

#include <dunnage/volume_history.hpp>

#include "launcher/connection.hpp"
#include "launcher/identity.hpp"

#include <filesystem>
#include <fstream>
#include <utility>

namespace dunnage::test {

namespace {

using Place = StoreOperation::Place;

constexpr const char* kKept = "kept";

VolumeStore open(const Place& place) { return VolumeStore::open(place / "store"); }

void write(const Place& file, const std::string& text) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream{file} << text;
}

/// The volume as it is when nothing has been done to it: one state is kept, and another one is there.
void make_history(const Place& place) {
  VolumeStore store = open(place);
  if (store.find("db")) store.remove("db");
  const Place data = store.create("db", {.labels = {{"of", "db"}}}).mountpoint();
  write(data / "d/file", "as it was");
  write(data / "gone", "later");
  std::filesystem::create_hard_link(data / "gone", data / "d/gone-too");
  (void)store.history("db").snapshot({.name = kKept, .labels = {{"nightly", "yes"}}});
  write(data / "d/file", "as it is");
  std::filesystem::remove(data / "gone");
}

void make_others(const Place& place) {
  VolumeStore store = open(place);
  write(store.create("other", {.labels = {{"of", "other"}}}).mountpoint() / "file", "content");
  make_history(place);
  (void)store.list();
}

void ask_for_launcher() { (void)launcher::Connection::get(launcher::identity_for(0, 0)); }

template <typename Call>
StoreOperation operation_on_history(std::string name, Call call, std::error_code done_before) {
  return {.name = std::move(name),
          .prepare = make_others,
          .ready =
              [call](const Place& place) {
                ask_for_launcher();
                return [store = open(place), call]() mutable { call(store); };
              },
          .undo = make_history,
          .done_before = done_before,
          .launcher = true};
}

StoreOperation snapshot() {
  return operation_on_history(
      "snapshot a volume",
      [](VolumeStore& store) {
        (void)store.history("db").snapshot({.name = "new", .labels = {{"k", "v"}}});
      },
      errc::snapshot_exists);
}

StoreOperation rollback() {
  return operation_on_history(
      "roll back a volume", [](VolumeStore& store) { (void)store.history("db").rollback(kKept, {.before = "before"}); },
      errc::snapshot_exists);
}

StoreOperation rollback_for_good() {
  return operation_on_history(
      "roll back a volume and keep nothing",
      [](VolumeStore& store) { (void)store.history("db").rollback(kKept, {.keep_before = false}); }, {});
}

StoreOperation clone(std::string name, CloneOptions options) {
  StoreOperation operation = operation_on_history(
      std::move(name), [options](VolumeStore& store) { (void)store.clone("db", "new", options); }, errc::volume_exists);
  operation.undo = [](const Place& place) {
    VolumeStore store = open(place);
    if (store.find("new")) store.remove("new");
  };
  return operation;
}

StoreOperation seeding() {
  StoreOperation operation = clone("seed a volume", {});
  operation.ready = [](const Place& place) {
    return [store = open(place)]() mutable {
      (void)store.create("new", {.seed = SeedFiles{{{"a/b", "one"}, {"c", "two"}}}});
    };
  };
  operation.launcher = false;
  return operation;
}

StoreOperation removal() {
  StoreOperation operation = operation_on_history(
      "remove a snapshot", [](VolumeStore& store) { store.history("db").remove(kKept); }, errc::snapshot_missing);
  operation.launcher = false;
  return operation;
}

StoreOperation labelling() {
  StoreOperation operation = operation_on_history("label a snapshot",
                                                  [](VolumeStore& store) {
                                                    (void)store.history("db").set_labels(kKept, {{"new", ""}});
                                                  },
                                                  {});
  operation.launcher = false;
  return operation;
}

}  // namespace

std::vector<StoreOperation> history_operations() {
  return {snapshot(),
          rollback(),
          rollback_for_good(),
          clone("clone a volume", {}),
          clone("clone a snapshot", {.snapshot = kKept}),
          seeding(),
          removal(),
          labelling()};
}

}  // namespace dunnage::test
