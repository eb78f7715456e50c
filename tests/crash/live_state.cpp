// SPDX-License-Identifier: Apache-2.0
#include "crash/live_state.hpp"

#include <dunnage/volume_store.hpp>

#include "support/host.hpp"

#include <set>
#include <sstream>

namespace dunnage::test {

namespace {

namespace fs = std::filesystem;

/// Of a name nobody chose it says only that.
std::string shown(const VolumeStore& store, const std::string& target, const std::string& name) {
  const auto volume = store.find(name);
  const std::string word = !volume ? "MISSING" : volume->info().anonymous ? "(anonymous)" : name;
  return "  " + target + " is volume " + word;
}

std::set<std::string> planned(const MountPlan& plan, const VolumeStore& store) {
  std::set<std::string> lines;
  for (const ResolvedMount& mount : plan) {
    lines.insert(shown(store, mount.target, mount.volume));
  }
  return lines;
}

/// The name of the volume is the directory above the data of what is mounted.
std::set<std::string> mounted(int pid, const VolumeStore& store) {
  std::set<std::string> lines;
  std::istringstream text{file_text("/proc/" + std::to_string(pid) + "/mountinfo")};
  for (std::string line; std::getline(text, line);) {
    std::istringstream words{line};
    std::string skipped;
    std::string root;
    std::string target;
    words >> skipped >> skipped >> skipped >> root >> target;
    if (!target.starts_with(kLivePlaces)) continue;
    const std::string name = fs::path{root}.parent_path().filename().string();
    if (!lines.insert(shown(store, target, name)).second) lines.insert("  " + target + " TWICE");
  }
  return lines;
}

std::string joined(const char* title, const std::set<std::string>& lines) {
  std::string text = std::string{title} + "\n";
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

}  // namespace

void settle(const fs::path& store) {
  Container container = ContainerStore::open(store).get(kLiveContainer);
  (void)container.attach(Tmpfs{"/settled"});
  container.detach("/settled");
}

std::string mounts_of(const ContainerInfo& container, const fs::path& root) {
  const VolumeStore store = VolumeStore::open(root);
  std::string text = joined(" recorded", planned(container.mounts, store));
  if (container.status != ContainerStatus::Running) return text;
  text += joined(" mounted", mounted(container.pid, store));
  for (const auto& entry : fs::directory_iterator{root / "containers" / container.name}) {
    if (entry.path().extension() == ".next") text += "LEFT " + entry.path().filename().string() + "\n";
  }
  return text;
}

std::string disagreement_of(const Container& container, const fs::path& root) {
  const VolumeStore store = VolumeStore::open(root);
  const auto plan = planned(container.plan(), store);
  const auto record = planned(ContainerStore::open(root).inspect(kLiveContainer).mounts, store);
  const auto kernel = mounted(container.pid(), store);
  if (plan == record && record == kernel) return {};
  return joined("planned", plan) + joined("recorded", record) + joined("mounted", kernel);
}

bool is_live_as_launched(const fs::path& root) {
  const VolumeStore store = VolumeStore::open(root);
  for (const Volume& volume : store.list()) {
    if (volume.info().anonymous) return false;
  }
  const auto info = ContainerStore::open(root).find(kLiveContainer);
  if (!info || info->status != ContainerStatus::Running) return false;
  const std::set<std::string> lines{"  /live/first is volume first", "  /live/kept is volume kept"};
  return planned(info->mounts, store) == lines && mounted(info->pid, store) == lines;
}

}  // namespace dunnage::test
