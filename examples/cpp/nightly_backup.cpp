// SPDX-License-Identifier: Apache-2.0

// docker run --rm -v db-data:/data -v /backup:/backup debian:12 tar -czf /backup/db-data.tar.gz -C /data .
//
// A nightly backup: each volume that is labelled `backup=nightly` becomes a file with its digest beside it, whole or
// not at all, whoever uses the volume meanwhile. Then the machine is lost, and all of them are back.
//
//     nightly_backup [DIRECTORY]

#include "example.hpp"

#include <dunnage/dunnage.hpp>

#include <filesystem>
#include <fstream>
#include <map>

using example::check;
using example::say;

namespace {

using Digests = std::map<std::string, std::string>;

std::filesystem::path archive_of(const std::filesystem::path& backup, const std::string& volume) {
  return backup / (volume + ".tar.zst");
}

// What cron would start each night.
Digests back_up(const dunnage::VolumeStore& store, const std::filesystem::path& backup) {
  Digests digests;
  for (const auto& volume : store.list({.labels = {{"backup", "nightly"}}})) {
    const auto done = store.export_to(volume.name(), archive_of(backup, volume.name()),
                                      {.compression = dunnage::ArchiveCompression::Zstd});
    std::ofstream{backup / (volume.name() + ".digest")} << done.digest << '\n';
    digests[volume.name()] = done.digest;
    say("  " + volume.name() + ": " + std::to_string(done.entries) + " entries, " + std::to_string(done.size) +
        " bytes" + (done.in_use() ? ", used by " + done.users.front() + " meanwhile" : ""));
  }
  return digests;
}

// Nothing that is not what its digest says becomes a volume.
void restore(dunnage::VolumeStore& store, const std::filesystem::path& backup, const Digests& digests) {
  for (const auto& [name, digest] : digests) {
    (void)store.import_from(archive_of(backup, name), name, {.labels = {{"backup", "nightly"}}, .digest = digest});
  }
}

void write(const dunnage::VolumeStore& store, const std::string& volume, const std::string& text) {
  const auto status = dunnage::run({.argv = {"sh", "-c", "echo '" + text + "' >> /data/ledger"},
                                    .mounts = dunnage::MountSet{store.get(volume).at("/data")},
                                    .store = store.root()});
  check(status.success(), "a container writes \"" + text + "\" to the volume " + volume);
}

int run(const std::filesystem::path& directory) {
  auto store = dunnage::VolumeStore::open(directory / "store");
  const auto backup = directory / "backup";
  std::filesystem::create_directories(backup);
  (void)store.create("orders", {.labels = {{"backup", "nightly"}}});
  (void)store.create("invoices", {.labels = {{"backup", "nightly"}}});
  (void)store.create("cache");
  write(store, "orders", "one ship");
  write(store, "invoices", "one anchor");

  say("the first night");
  const Digests first = back_up(store, backup);
  check(first.size() == 2, "two volumes are in the backup, and the cache is not");
  say("the second night");
  check(back_up(store, backup) == first, "nothing has changed, so the archives are the same, byte for byte");
  write(store, "orders", "two ships");
  say("the third night");
  const Digests third = back_up(store, backup);
  check(third.at("orders") != first.at("orders") && third.at("invoices") == first.at("invoices"),
        "one of the two has changed");

  auto fresh = dunnage::VolumeStore::open(directory / "new-machine");
  restore(fresh, backup, third);
  check(fresh.list().size() == 2, "on another machine both volumes are back");
  check(back_up(fresh, backup) == third, "with the same content, for their archives are the same");
  say("The nights were worth it.");
  return 0;
}

}  // namespace

int main(int argc, char** argv) { return example::show_in_directory(argc, argv, run); }
