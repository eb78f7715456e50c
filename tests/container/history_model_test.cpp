// SPDX-License-Identifier: Apache-2.0
// Histories made up at random: volumes are made, written to, kept, cloned, rolled back and removed, beside a model of
// what has to be in each of them. No byte differs. DUNNAGE_HISTORIES=1000 plays so many.

#include "container/history_support.hpp"

#include <cstdlib>
#include <map>
#include <random>

namespace dunnage::test {
namespace {

/// What is in a volume: paths, and contents. A path that ends in "/" is an empty directory.
using Content = std::map<std::string, std::string>;

Content content_below(const std::filesystem::path& top) {
  Content content;
  for (const auto& entry : std::filesystem::recursive_directory_iterator{top}) {
    const std::string path = entry.path().lexically_relative(top).string();
    if (entry.is_regular_file()) content[path] = read_text(entry.path());
  }
  return content;
}

class Model {
 public:
  Model(VolumeStore store, unsigned seed) : store_{std::move(store)}, random_{seed} {}

  void step() {
    const unsigned what = below(20);
    if (volumes_.empty() || what == 0) return create();
    const std::string volume = any_of(volumes_);
    if (what < 8) return write(volume);
    if (what < 12) return snapshot(volume);
    if (what < 14) return clone(volume);
    if (what < 17) return roll_back(volume);
    if (what < 19) return remove_snapshot(volume);
    remove(volume);
  }

  void verify() const {
    std::vector<std::string> names;
    for (const auto& [name, state] : volumes_) {
      CAPTURE(name);
      names.push_back(name);
      REQUIRE(content_below(store_.get(name).mountpoint()) == state.now);
      std::map<std::string, Content> kept;
      for (const VolumeSnapshot& snapshot : store_.history(name).snapshots()) {
        kept[snapshot.name] = content_below(snapshot.mountpoint);
      }
      REQUIRE(kept == state.snapshots);
    }
    std::vector<std::string> there;
    for (const Volume& volume : store_.list()) there.push_back(volume.name());
    REQUIRE(there == names);
  }

 private:
  struct State {
    Content now;
    std::map<std::string, Content> snapshots;
  };

  unsigned below(unsigned end) { return static_cast<unsigned>(random_() % end); }
  template <typename Map>
  const std::string& any_of(const Map& map) {
    return std::next(map.begin(), below(static_cast<unsigned>(map.size())))->first;
  }
  std::string fresh(const char* prefix) { return prefix + std::to_string(++count_); }

  void create() {
    const std::string name = fresh("v");
    const Content seed{{"seed/" + name, "seed of " + name}};
    store_.create(name, {.seed = SeedFiles{seed}});
    volumes_[name].now = seed;
  }

  void write(const std::string& volume) {
    Content& now = volumes_[volume].now;
    const auto data = store_.get(volume).mountpoint();
    if (!now.empty() && below(3) == 0) {
      const std::string path = any_of(now);
      std::filesystem::remove(data / path);
      now.erase(path);
      return;
    }
    const std::string path = "d" + std::to_string(below(3)) + "/f" + std::to_string(below(6));
    const std::string text(below(3) == 0 ? below(300'000) : below(300), static_cast<char>('a' + below(26)));
    write_text(data / path, text);
    now[path] = text;
  }

  void snapshot(const std::string& volume) {
    State& state = volumes_[volume];
    const std::string name = below(2) == 0 ? fresh("s") : std::string{};
    state.snapshots[store_.history(volume).snapshot({.name = name}).name] = state.now;
  }

  void clone(const std::string& volume) {
    const State& state = volumes_[volume];
    const bool of_now = state.snapshots.empty() || below(2) == 0;
    const std::string name = fresh("v");
    if (of_now) {
      store_.clone(volume, name);
      volumes_[name].now = state.now;
    } else {
      const std::string snapshot = any_of(state.snapshots);
      below(2) == 0 ? (void)store_.clone(volume, name, {.snapshot = snapshot})
                    : (void)store_.create(name, {.seed = SeedSnapshot{volume, snapshot}});
      volumes_[name].now = state.snapshots.at(snapshot);
    }
  }

  void roll_back(const std::string& volume) {
    State& state = volumes_[volume];
    if (state.snapshots.empty()) return;
    const std::string snapshot = any_of(state.snapshots);
    const bool keep = below(2) == 0;
    const auto before = store_.history(volume).rollback(snapshot, {.keep_before = keep});
    REQUIRE(before.has_value() == keep);
    if (before) state.snapshots[before->name] = state.now;
    state.now = state.snapshots.at(snapshot);
  }

  void remove_snapshot(const std::string& volume) {
    State& state = volumes_[volume];
    if (state.snapshots.empty()) return;
    const std::string snapshot = any_of(state.snapshots);
    store_.history(volume).remove(snapshot);
    state.snapshots.erase(snapshot);
  }

  void remove(const std::string& volume) {
    store_.remove(volume);
    volumes_.erase(volume);
  }

  VolumeStore store_;
  std::minstd_rand random_;
  std::map<std::string, State> volumes_;
  unsigned count_ = 0;
};

unsigned number_of_histories() {
  const char* asked = std::getenv("DUNNAGE_HISTORIES");
  return asked == nullptr ? 8 : static_cast<unsigned>(std::strtoul(asked, nullptr, 10));
}

}  // namespace

TEST_CASE("whatever is done to volumes and their histories, every one of them holds what it has to hold") {
  const Ground ground;
  for (unsigned seed = 1; seed <= number_of_histories(); ++seed) {
    CAPTURE(seed);
    const auto root = ground.path("history-" + std::to_string(seed));
    {
      Model model{VolumeStore::open(root), seed};
      for (int step = 0; step < 25; ++step) {
        CAPTURE(step);
        model.step();
        if (step % 6 == 5) model.verify();
      }
      model.verify();
    }
    REQUIRE(check_store(root, {.grace = 0s}).is_clean());
    std::filesystem::remove_all(root);
  }
}

}  // namespace dunnage::test
