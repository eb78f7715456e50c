// SPDX-License-Identifier: Apache-2.0
#include "crash/store_operation.hpp"

#include <dunnage/volume_store.hpp>
#include <dunnage/volume_trash.hpp>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <utility>

namespace dunnage::test {

namespace {

using Place = StoreOperation::Place;

VolumeStore open(const Place& place) { return VolumeStore::open(place / "store"); }

void fill(const Volume& volume) {
  std::filesystem::create_directory(volume.mountpoint() / "d");
  std::ofstream{volume.mountpoint() / "d/file"} << "content of " << volume.name();
}

/// Volumes that every operation has to leave alone, and listings find without looking at each.
void make_others(const Place& place) {
  VolumeStore store = open(place);
  fill(store.create("other", {.labels = {{"of", "other"}}}));
  (void)store.create_anonymous("nobody");
  (void)store.list();
}

void remove_if_there(const Place& place, const std::string& name) {
  VolumeStore store = open(place);
  if (store.find(name)) store.remove(name);
}

void make_if_missing(const Place& place, const std::string& name) {
  VolumeStore store = open(place);
  if (!store.find(name)) fill(store.create(name, {.labels = {{"of", name}}}));
}

/// What the first removal into the trash makes stays, whatever becomes of that.
void make_retained(const Place& place) {
  VolumeStore store = open(place);
  (void)store.create("first");
  store.remove("first", {.keep = std::chrono::hours{24}});
  (void)store.trash().empty();
}

const VolumeOptions kOptions{.labels = {{"of", "new"}, {"tier", "db"}},
                             .driver_options = {{"type", "tmpfs"}, {"device", "tmpfs"}}};

StoreOperation creation() {
  return {
      .name = "create a volume",
      .prepare = make_others,
      .ready =
          [](const Place& place) { return [store = open(place)]() mutable { (void)store.create("new", kOptions); }; },
      .undo = [](const Place& place) { remove_if_there(place, "new"); },
      .done_before = errc::volume_exists};
}

StoreOperation anonymous_creation() {
  return {
      .name = "create an anonymous volume",
      .prepare = make_others,
      .ready =
          [](const Place& place) { return [store = open(place)]() mutable { (void)store.create_anonymous("new"); }; },
      .undo =
          [](const Place& place) {
            VolumeStore store = open(place);
            for (const Volume& volume : store.list()) {
              if (volume.info().owner == "new") store.remove(volume.name());
            }
          },
      .done_before = {},
      .adds = true};
}

StoreOperation get_or_creation() {
  StoreOperation operation = creation();
  operation.name = "get or create a volume";
  operation.ready = [](const Place& place) {
    return [store = open(place)]() mutable { (void)store.get_or_create("new", kOptions); };
  };
  operation.done_before = {};
  return operation;
}

StoreOperation removal() {
  return {.name = "remove a volume",
          .prepare =
              [](const Place& place) {
                make_others(place);
                make_if_missing(place, "old");
              },
          .ready = [](const Place& place) { return [store = open(place)]() mutable { store.remove("old"); }; },
          .undo = [](const Place& place) { make_if_missing(place, "old"); },
          .done_before = errc::volume_missing};
}

StoreOperation prune() {
  const auto make = [](const Place& place) {
    for (const char* name : {"old-1", "old-2", "old-3"}) make_if_missing(place, name);
  };
  return {.name = "prune volumes",
          .prepare =
              [make](const Place& place) {
                fill(open(place).create("other", {.labels = {{"keep", "yes"}}}));
                make(place);
              },
          .ready =
              [](const Place& place) {
                return [store = open(place)]() mutable { (void)store.prune(true, {.labels = {{"of", std::nullopt}}}); };
              },
          .undo = make,
          .done_before = {},
          .partial = true};
}

StoreOperation update() {
  const auto back = [](const Place& place) {
    open(place).update("old", {.labels = {{"of", "old"}}, .remove_labels = {"new"}, .protect = false});
  };
  return {.name = "update a volume",
          .prepare =
              [](const Place& place) {
                make_others(place);
                make_if_missing(place, "old");
              },
          .ready =
              [](const Place& place) {
                return [store = open(place)]() mutable {
                  store.update("old", {.labels = {{"of", "changed"}, {"new", ""}}, .protect = true});
                };
              },
          .undo = back,
          .done_before = {}};
}

StoreOperation removal_into_trash() {
  return {.name = "remove a volume into the trash",
          .prepare =
              [](const Place& place) {
                make_others(place);
                make_if_missing(place, "old");
                make_retained(place);
              },
          .ready =
              [](const Place& place) {
                return [store = open(place)]() mutable { store.remove("old", {.keep = std::chrono::hours{24}}); };
              },
          .undo =
              [](const Place& place) {
                VolumeTrash trash = open(place).trash();
                if (!trash.list().empty()) (void)trash.restore("old");
              },
          .done_before = errc::volume_missing};
}

/// A new one each time: what failed may have written the metadata of the former anew, and calls less the next time.
void make_trashed(const Place& place) {
  VolumeStore store = open(place);
  remove_if_there(place, "new");
  (void)store.trash().empty();
  make_if_missing(place, "old");
  store.remove("old", {.keep = std::chrono::hours{24}});
}

/// Under another name, so that its metadata is written anew.
StoreOperation restoration() {
  return {.name = "restore a volume from the trash",
          .prepare =
              [](const Place& place) {
                make_others(place);
                make_trashed(place);
              },
          .ready =
              [](const Place& place) {
                return [trash = open(place).trash()]() mutable {
                  const auto entries = trash.list();
                  (void)trash.restore(entries.empty() ? "old" : entries.front().id, "new");
                };
              },
          .undo = make_trashed,
          .done_before = errc::volume_missing};
}

StoreOperation purge() {
  return {.name = "purge a volume",
          .prepare =
              [](const Place& place) {
                make_others(place);
                make_trashed(place);
              },
          .ready = [](const Place& place) { return [trash = open(place).trash()]() mutable { (void)trash.empty(); }; },
          .undo = make_trashed,
          .done_before = {}};
}

StoreOperation listing() {
  return {.name = "list volumes, which makes the index",
          .prepare = make_others,
          .ready =
              [](const Place& place) {
                std::filesystem::remove_all(place / "store/volume-index");
                return [store = open(place)] { (void)store.list(); };
              },
          .undo = [](const Place&) {},
          .done_before = {}};
}

StoreOperation opening() {
  return {.name = "open a store that is not there yet",
          .prepare = [](const Place&) {},
          .ready = [](const Place& place) { return [place] { (void)open(place); }; },
          .undo = [](const Place& place) { std::filesystem::remove_all(place / "store"); },
          .done_before = {}};
}

}  // namespace

std::vector<StoreOperation> volume_operations() {
  return {creation(), anonymous_creation(), get_or_creation(), removal(), prune(), listing(), opening(),
          update(),   removal_into_trash(), restoration(),     purge()};
}

std::vector<StoreOperation> all_operations() {
  std::vector<StoreOperation> all = volume_operations();
  for (auto&& more : {history_operations(), move_operations(), image_operations(), container_operations()})
    all.insert(all.end(), more.begin(), more.end());
  return all;
}

}  // namespace dunnage::test
