// SPDX-License-Identifier: Apache-2.0
#include "support/snapshot.hpp"

#include <dunnage/volume_store.hpp>

#include "support/catch.hpp"
#include "support/difference.hpp"

#include <chrono>
#include <iterator>
#include <system_error>
#include <thread>
#include <utility>

namespace dunnage::test {

namespace fs = std::filesystem;

namespace {

/// Records of users who are gone stay until somebody asks who uses the volume.
void forget_users(const fs::path& store) {
  if (!fs::exists(store / "volumes")) return;
  const VolumeStore volumes = VolumeStore::open(store);
  for (const Volume& volume : volumes.list()) (void)volumes.users(volume.name());
}

/// A cache, and what a volume has from its first user on: the directory of their records, and who the last one was.
bool may_come(const fs::path& entry) {
  const bool of_volume = *entry.begin() == "volumes" && std::distance(entry.begin(), entry.end()) == 3;
  return *entry.begin() == "volume-index" ||
         (of_volume && (entry.filename() == "users" || entry.filename() == "last-user"));
}

/// Names below a store. What is gone while it is listed, or belongs to an id this user cannot read, is left out.
std::string entries_of(const fs::path& store) {
  forget_users(store);
  std::string entries;
  std::error_code code;
  fs::recursive_directory_iterator entry{store, fs::directory_options::skip_permission_denied, code};
  for (; !code && entry != fs::recursive_directory_iterator{}; entry.increment(code)) {
    const fs::path name = entry->path().lexically_relative(store);
    if (!may_come(name)) entries += name.string() + "\n";
  }
  return entries;
}

}  // namespace

Snapshot::Snapshot(const Canary& canary, fs::path store)
    : canary_{canary}, store_{std::move(store)}, process_{ProcessSnapshot::take()}, entries_{entries_of(store_)} {}

std::string Snapshot::changes_now() const {
  const ProcessSnapshot now = ProcessSnapshot::take();
  return canary_.changes() + line_difference(process_.mounts, now.mounts) +
         line_difference(process_.descriptors, now.descriptors) + line_difference(process_.children, now.children) +
         line_difference(entries_, entries_of(store_));
}

std::string Snapshot::changes() const {
  using namespace std::chrono_literals;
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  std::string text = changes_now();
  while (!text.empty() && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(10ms);
    text = changes_now();
  }
  return text;
}

void Snapshot::verify() const { CHECK(changes() == ""); }

}  // namespace dunnage::test
