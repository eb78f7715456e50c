// SPDX-License-Identifier: Apache-2.0
// Volumes that go out of a store, come in, or get another name.

#include "crash/store_operation.hpp"

#include <dunnage/volume_store.hpp>

#include "launcher/connection.hpp"
#include "launcher/identity.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

namespace dunnage::test {

namespace {

using Place = StoreOperation::Place;

VolumeStore store_in(const Place& place) { return VolumeStore::open(place / "store"); }

void fill_data(const Volume& volume, const std::string& what) {
  std::filesystem::create_directory(volume.mountpoint() / "d");
  for (int number = 0; number < 4; ++number) {
    std::ofstream{volume.mountpoint() / "d" / std::to_string(number)} << what << number;
  }
  std::filesystem::create_symlink("d/0", volume.mountpoint() / "link");
}

void make_data(const Place& place, const std::string& name) {
  VolumeStore store = store_in(place);
  if (!store.find(name)) fill_data(store.create(name, {.labels = {{"of", name}}}), name);
}

void remove_volume_if_there(const Place& place, const std::string& name) {
  VolumeStore store = store_in(place);
  if (store.find(name)) store.remove(name);
}

std::string bytes_of_file(const Place& file) {
  std::ifstream stream{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{stream}, std::istreambuf_iterator<char>{}};
}

void start_launcher() { (void)launcher::Connection::get(launcher::identity_for(0, 0)); }

/// The volume "data", a listing that knows it, and an archive of it beside the store.
void make_archive(const Place& place) {
  make_data(place, "data");
  (void)store_in(place).export_to("data", place / "archive");
  (void)store_in(place).list();
}

/// What is there under the name of an export is whole, or what was there before.
StoreOperation exporting() {
  return {.name = "export a volume to a file",
          .prepare =
              [](const Place& place) {
                make_archive(place);
                std::ofstream{place / "backup"} << "old";
              },
          .ready =
              [](const Place& place) {
                start_launcher();
                return [place, store = store_in(place)] { (void)store.export_to("data", place / "backup"); };
              },
          .undo =
              [](const Place& place) {
                for (const auto& entry : std::filesystem::directory_iterator{place}) {
                  if (entry.path().filename().string().starts_with(".dunnage-")) std::filesystem::remove(entry.path());
                }
                std::ofstream{place / "backup"} << "old";
              },
          .done_before = {},
          .launcher = true,
          .beside = [](const Place& place) -> std::string {
            const std::string found = bytes_of_file(place / "backup");
            if (found == "old") return "what was there before";
            return found == bytes_of_file(place / "archive") ? "a whole export" : "HALF an export";
          }};
}

StoreOperation importing() {
  return {.name = "import a volume",
          .prepare = make_archive,
          .ready =
              [](const Place& place) {
                start_launcher();
                return
                    [place, store = store_in(place)]() mutable { (void)store.import_from(place / "archive", "new"); };
              },
          .undo = [](const Place& place) { remove_volume_if_there(place, "new"); },
          .done_before = errc::volume_exists};
}

StoreOperation replacing() {
  return {.name = "import an archive into a volume that is there",
          .prepare =
              [](const Place& place) {
                make_archive(place);
                make_data(place, "old");
              },
          .ready =
              [](const Place& place) {
                start_launcher();
                return [place, store = store_in(place)]() mutable {
                  (void)store.import_from(place / "archive", "old", {.replace = true});
                };
              },
          .undo =
              [](const Place& place) {
                remove_volume_if_there(place, "old");
                make_data(place, "old");
              },
          .done_before = {},
          .launcher = true};
}

StoreOperation renaming() {
  return {
      .name = "rename a volume",
      .prepare =
          [](const Place& place) {
            make_archive(place);
            make_data(place, "old");
            (void)store_in(place).list();
          },
      .ready =
          [](const Place& place) { return [store = store_in(place)]() mutable { (void)store.rename("old", "new"); }; },
      .undo =
          [](const Place& place) {
            remove_volume_if_there(place, "new");
            make_data(place, "old");
          },
      .done_before = errc::volume_missing};
}

StoreOperation copying() {
  return {.name = "copy a volume",
          .prepare = make_archive,
          .ready =
              [](const Place& place) {
                start_launcher();
                return [store = store_in(place)]() mutable { (void)store.copy("data", "new"); };
              },
          .undo = [](const Place& place) { remove_volume_if_there(place, "new"); },
          .done_before = errc::volume_exists,
          .launcher = true};
}

}  // namespace

std::vector<StoreOperation> move_operations() { return {exporting(), importing(), replacing(), renaming(), copying()}; }

}  // namespace dunnage::test
