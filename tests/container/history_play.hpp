// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Histories made up at random: volumes are made, written to, kept, cloned, rolled back, renamed, removed and brought
/// back, beside a model of what has to be in each of them; whoever does it is killed now and then. No byte differs.
/// DUNNAGE_HISTORIES=1000 plays so many.

#include "container/history_model.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <string>
#include <utility>

namespace dunnage::test {

inline Content content_below(const std::filesystem::path& data, LimitWay way) {
  const Files files{data, way};
  const std::filesystem::path top = files.top() / ".";
  Content content;
  for (const auto& entry : std::filesystem::recursive_directory_iterator{top}) {
    const std::string path = entry.path().lexically_relative(top).string();
    if (entry.is_regular_file()) content[path] = read_text(entry.path());
  }
  return content;
}

inline ModelVolumes volumes_in(const VolumeStore& store) {
  ModelVolumes volumes;
  for (const Volume& volume : store.list()) {
    ModelVolume& found = volumes[volume.name()];
    found.now = content_below(volume.mountpoint(), volume.info().limit_way);
    for (const VolumeSnapshot& snapshot : store.history(volume.name()).snapshots()) {
      found.snapshots[snapshot.name] = content_below(snapshot.mountpoint, snapshot.limit_way);
    }
  }
  return volumes;
}

/// What is in the trash is compared when it comes back.
inline bool is_in(const VolumeStore& store, const Model& model) {
  std::set<std::string> wanted;
  for (const auto& [name, volume] : model.trash) wanted.insert(name);
  std::set<std::string> there;
  for (const TrashEntry& entry : store.trash().list()) there.insert(entry.name);
  return there == wanted && volumes_in(store) == model.volumes;
}

class History {
 public:
  History(std::filesystem::path root, unsigned seed, Limits limits)
      : root_{std::move(root)}, store_{VolumeStore::open(root_)}, maker_{seed, limits} {}

  void step() {
    const Act act = maker_.make(model_);
    if (act.whole && maker_.below(8) == 0) return crash(act);
    act.on_disk(store_);
    act.in_model(model_);
  }

  void verify() const { REQUIRE(is_in(store_, model_)); }

 private:
  /// Another process does it, and is killed at no moment in particular.
  void crash(const Act& act) {
    const pid_t process = ::fork();
    REQUIRE(process >= 0);
    if (process == 0) {
      try {
        VolumeStore store = VolumeStore::open(root_);
        act.on_disk(store);
      } catch (const std::exception&) {
        ::_exit(1);
      }
      ::_exit(0);
    }
    ::usleep(maker_.below(5'000));
    (void)::kill(process, SIGKILL);
    int status = 0;
    REQUIRE(::waitpid(process, &status, 0) == process);
    REQUIRE((WIFSIGNALED(status) || WEXITSTATUS(status) == 0));
    store_ = VolumeStore::open(root_);
    Model done = model_;
    act.in_model(done);
    if (WIFEXITED(status) || !is_in(store_, model_)) {
      REQUIRE(is_in(store_, done));
      model_ = std::move(done);
    }
  }

  std::filesystem::path root_;
  VolumeStore store_;
  ActMaker maker_;
  Model model_;
};

/// \param usual  so many in each run
inline void play_histories(unsigned usual, Limits limits) {
  const char* asked = std::getenv("DUNNAGE_HISTORIES");
  const auto number = asked == nullptr ? usual : static_cast<unsigned>(std::strtoul(asked, nullptr, 10));
  const Ground ground;
  for (unsigned seed = 1; seed <= number; ++seed) {
    CAPTURE(seed);
    const auto root = ground.path("history-" + std::to_string(seed));
    {
      History history{root, seed, limits};
      for (int step = 0; step < 25; ++step) {
        CAPTURE(step);
        history.step();
        if (step % 6 == 5) history.verify();
      }
      history.verify();
    }
    // the launcher of one that was killed may be at its work for a moment yet
    REQUIRE(eventually([&] {
      (void)VolumeStore::open(root).trash().list();
      return check_store(root, {.grace = 0s}).is_clean();
    }));
    std::filesystem::remove_all(root);
  }
}

}  // namespace dunnage::test
