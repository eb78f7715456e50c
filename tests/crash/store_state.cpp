// SPDX-License-Identifier: Apache-2.0
#include "crash/store_state.hpp"

#include <dunnage/container_store.hpp>
#include <dunnage/image_store.hpp>
#include <dunnage/transaction.hpp>
#include <dunnage/volume_history.hpp>
#include <dunnage/volume_store.hpp>
#include <dunnage/volume_trash.hpp>

#include "crash/live_state.hpp"
#include "image/digest.hpp"
#include "support/apart.hpp"
#include "support/host.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <vector>

namespace dunnage::test {

namespace {

namespace fs = std::filesystem;

std::string text_of(const fs::path& file) {
  std::ifstream stream{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{stream}, std::istreambuf_iterator<char>{}};
}

std::set<std::string> names_in(const fs::path& directory) {
  std::set<std::string> names;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator{directory, none}) names.insert(entry.path().filename().string());
  return names;
}

std::string to_text(const Volume& volume) {
  const VolumeInfo& info = volume.info();
  std::ostringstream text;
  if (info.is_protected) text << "protected ";
  text << "volume " << (info.anonymous ? "(anonymous)" : info.name) << " of \"" << info.owner << '"';
  for (const auto& [name, value] : info.labels) text << ' ' << name << '=' << value;
  for (const auto& [name, value] : info.driver_options) text << " option " << name << '=' << value;
  if (info.limit_way != LimitWay::None) text << " limited by " << to_string(info.limit_way);
  if (info.limit_way == LimitWay::Ext4Image) {  // no two file systems that were made are the same
    text << '\n' << "image of " << std::filesystem::file_size(info.mountpoint / "image") << " bytes\n";
  } else {
    text << '\n' << content_of(info.mountpoint);
  }
  return text.str();
}

/// All snapshots there are in the directory, whether they are listed or not.
std::string snapshots_of(const VolumeStore& store, const std::string& name) {
  std::ostringstream text;
  std::set<std::string> there = names_in(store.root() / "volumes" / name / "snapshots");
  for (const VolumeSnapshot& snapshot : store.history(name).snapshots()) {
    there.erase(snapshot.name);
    text << "snapshot " << name << ' ' << snapshot.name << " (" << to_string(snapshot.consistency) << ')';
    for (const auto& [key, value] : snapshot.labels) text << ' ' << key << '=' << value;
    text << " limited by " << to_string(snapshot.limit_way) << '\n'
         << (snapshot.limit_way == LimitWay::None ? content_of(snapshot.mountpoint) : std::string{});
  }
  for (const std::string& left : there) text << "LEFT snapshot " << name << ' ' << left << '\n';
  return text.str();
}

std::string volumes_of(const fs::path& root) {
  const VolumeStore store = VolumeStore::open(root);
  std::vector<std::string> damaged;
  const std::vector<Volume> seen = store.list({}, damaged);
  std::multiset<std::string> volumes;
  for (const Volume& volume : seen) volumes.insert(to_text(volume));
  std::string text;
  for (const std::string& volume : volumes) text += volume;
  for (const Volume& volume : seen) text += snapshots_of(store, volume.name());
  for (const std::string& name : damaged) text += "DAMAGED volume " + name + "\n";
  for (const TrashEntry& entry : VolumeStore{store}.trash().list()) text += "in the trash: " + entry.name + "\n";
  if (store.list() != seen) text += "THE INDEX of volumes is wrong\n";
  for (const Volume& volume : seen) {
    for (const std::string& user : store.users(volume.name()))
      text += "USED " + (volume.info().anonymous ? "(anonymous)" : volume.name()) + " by " + user + "\n";
  }
  return text;
}

std::string images_of(const fs::path& root) {
  if (!fs::exists(root / "images")) return {};
  ImageStore store = ImageStore::open(root);
  (void)store.prune();  // takes the blobs that came in before the name that leads to them
  std::set<std::string> images;
  for (const Image& image : store.list()) {
    std::string line = "image";  // its id tells when it was imported
    const std::set<std::string> names{image.info().names.begin(), image.info().names.end()};
    for (const std::string& name : names) line += ' ' + name;
    for (const ImageLayer& layer : image.info().layers) line += " of " + layer.diff_id;
    images.insert(line + "\n");
  }
  std::string text;
  for (const std::string& image : images) text += image;
  for (const std::string& name : store.damaged()) text += "DAMAGED image " + name + "\n";
  const std::set<std::string> blobs = names_in(root / "images/blobs/sha256");
  text += "blobs: " + std::to_string(blobs.size()) + "\n";
  for (const std::string& blob : blobs) {
    const std::string content = text_of(root / "images/blobs/sha256" / blob);
    if (const std::string digest = image::digest_of(content); digest != "sha256:" + blob) {
      text += "DAMAGED blob " + blob + " of " + std::to_string(content.size()) + " bytes has " + digest + "\n";
    }
  }
  for (const std::string& ids : names_in(root / "images/trees")) {
    for (const std::string& tree : names_in(root / "images/trees" / ids)) {
      text += "tree " + tree + "\n" + content_of(root / "images/trees" / ids / tree / "tree");
    }
  }
  return text;
}

/// What a killed process left of a record is swept when it is old.
void make_old(const fs::path& containers) {
  for (const std::string& name : names_in(containers)) {
    const timespec long_ago[2] = {{1'000'000'000, 0}, {1'000'000'000, 0}};
    if (name.starts_with(".")) (void)::utimensat(AT_FDCWD, (containers / name).c_str(), long_ago, AT_SYMLINK_NOFOLLOW);
  }
}

bool any_runs(const std::vector<ContainerInfo>& containers) {
  return std::ranges::any_of(containers, [](const auto& info) {
    return info.status == ContainerStatus::Running && !info.labels.contains(kRuns);
  });
}

/// What prepares a mount may start a launcher, which this process must not have.
std::string settled(const fs::path& root) {
  return do_apart([&]() -> std::string {
           try {
             settle(root);
             return {};
           } catch (const std::exception& error) {
             return std::string{"UNSETTLED: "} + error.what() + "\n";
           }
         })
      .words;
}

std::string containers_of(const fs::path& root) {
  make_old(root / "containers");
  const ContainerStore store = ContainerStore::open(root);
  // programs that end at once need a moment
  (void)becomes_true([&] { return !any_runs(store.list()); }, std::chrono::seconds{20});
  std::set<std::string> names;
  std::string text;
  if (const auto live = store.find(kLiveContainer)) {
    if (live->labels.contains(kRuns)) text += settled(root);
    text += mounts_of(store.inspect(kLiveContainer), root);
  }
  for (const ContainerInfo& info : store.list()) {
    std::string line = "container " + info.name;
    for (const auto& [name, value] : info.labels) line += ' ' + name + '=' + value;
    if (info.status == ContainerStatus::Running) line += " RUNNING";
    names.insert(line + "\n");
  }
  for (const std::string& name : names) text += name;
  return text;
}

/// What each would change, and the source of those in tests, which lies beside the store.
std::string transactions_of(const fs::path& root) {
  if (!fs::exists(root / "transactions")) return {};
  const TransactionStore store = TransactionStore::open(root);
  std::string text;
  std::set<std::string> there = names_in(root / "transactions");
  for (const TransactionInfo& info : store.list()) {
    there.erase(info.name);
    text += "transaction " + info.name + (info.in_use ? " IN USE\n" : "\n");
    for (const TransactionChange& change : store.get(info.name).changes()) {
      text += "  " + std::string{to_string(change.kind)} + ' ' + change.path + '\n';
    }
    for (const TransactionConflict& conflict : store.get(info.name).conflicts()) {
      text += "CONFLICT " + info.name + ' ' + conflict.path + '\n';
    }
  }
  for (const std::string& left : there) text += "LEFT transaction " + left + '\n';
  return text + "source\n" + content_of(root.parent_path() / "store-source");
}

/// Of work that has ended nothing may be here.
std::string leftovers_of(const fs::path& root) {
  std::string text;
  for (const char* place : {"staging", "trash", "images/staging", "images/changes"}) {
    for (const std::string& name : names_in(root / place)) text += "LEFT " + std::string{place} + "/" + name + "\n";
  }
  for (const char* place : {".", "volumes", "containers", "images", "images/blobs", "images/blobs/sha256"}) {
    for (const std::string& name : names_in(root / place)) {
      if (name.starts_with(".")) text += "LEFT " + std::string{place} + "/" + name + "\n";
    }
  }
  return text;
}

}  // namespace

std::string content_of(const fs::path& directory) {
  std::set<std::string> lines;
  std::error_code none;
  for (const auto& entry : fs::recursive_directory_iterator{directory, none}) {
    struct stat status {};
    if (::lstat(entry.path().c_str(), &status) != 0) continue;
    std::ostringstream line;
    line << "  " << entry.path().lexically_relative(directory).string() << ' ' << std::oct << status.st_mode;
    if (entry.is_symlink(none)) line << " -> " << fs::read_symlink(entry.path(), none).string();
    if (S_ISREG(status.st_mode)) line << ' ' << text_of(entry.path());
    lines.insert(line.str() + "\n");
  }
  std::string text;
  for (const std::string& line : lines) text += line;
  return text;
}

std::string without_parts(const std::string& state, std::string_view heading) {
  std::istringstream lines{state};
  std::string text;
  bool in_part = false;
  for (std::string line; std::getline(lines, line);) {
    in_part = line.starts_with(heading) || (in_part && line.starts_with("  "));
    if (!in_part) text += line + "\n";
  }
  return text;
}

std::string without_trees(const std::string& state) { return without_parts(state, "tree "); }

std::string state_of(const fs::path& root) {
  std::string text = containers_of(root);
  text += volumes_of(root);
  text += images_of(root);
  text += transactions_of(root);
  return text + leftovers_of(root);
}

}  // namespace dunnage::test
