// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What has to be in each volume of a store, however it came there.

#include <dunnage/volume_history.hpp>
#include <dunnage/volume_store.hpp>
#include <dunnage/volume_trash.hpp>

#include "container/history_support.hpp"
#include "kernel/file_descriptor.hpp"
#include "volume/data_image.hpp"
#include "volume/deed.hpp"

#include <fcntl.h>

#include <filesystem>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>

namespace dunnage::test {

/// Where the files of a volume or of a snapshot are: of an image, a mount of it.
class Files {
 public:
  enum class For { Reading, Writing };

  Files(const std::filesystem::path& data, LimitWay way, For purpose = For::Reading) : top_{data} {
    if (way != LimitWay::XfsImage && way != LimitWay::Ext4Image) return;
    const kernel::FileDescriptor directory{::open(data.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
    const volume::Deed deed{"look into volume", data.string()};
    mount_ = purpose == For::Reading ? volume::look_into_image(deed, directory.get(), way)
                                     : volume::mount_image(deed, directory.get(), way);
    top_ = "/proc/self/fd/" + std::to_string(mount_.get());
  }
  [[nodiscard]] const std::filesystem::path& top() const noexcept { return top_; }

 private:
  kernel::FileDescriptor mount_{};
  std::filesystem::path top_;
};

/// Paths of files, with their contents.
using Content = std::map<std::string, std::string>;

struct ModelVolume {
  Content now{};
  std::map<std::string, Content> snapshots{};
  friend bool operator==(const ModelVolume&, const ModelVolume&) = default;
};
using ModelVolumes = std::map<std::string, ModelVolume>;

struct Model {
  ModelVolumes volumes{};
  ModelVolumes trash{};  ///< no name is given twice
};

/// One thing that is done, to a store and in the model of it.
struct Act {
  std::function<void(VolumeStore&)> on_disk;
  std::function<void(Model&)> in_model;
  bool whole = true;  ///< who is killed leaves it done or undone
};

/// Whether volumes get limits, too.
enum class Limits { No, Yes };

/// Makes up what is done next.
class ActMaker {
 public:
  ActMaker(unsigned seed, Limits limits) : random_{seed}, limits_{limits} {}

  [[nodiscard]] unsigned below(unsigned end) { return static_cast<unsigned>(random_() % end); }

  [[nodiscard]] Act make(const Model& model) {
    const unsigned what = below(25);
    if (!model.trash.empty() && what < 2) return undelete(any_of(model.trash));
    if (model.volumes.empty() || what < 3) return create();
    const std::string volume = any_of(model.volumes);
    if (limits_ == Limits::Yes && below(5) == 0) return limit(volume);
    if (what < 10) return write(volume, model.volumes.at(volume).now);
    if (what < 13) return snapshot(volume);
    if (what < 15) return clone(volume, model.volumes.at(volume));
    if (what < 17) return rename(volume);
    if (what < 19) return remove(volume);
    if (model.volumes.at(volume).snapshots.empty()) return snapshot(volume);
    const std::string kept = any_of(model.volumes.at(volume).snapshots);
    return what < 23 ? roll_back(volume, kept) : remove_snapshot(volume, kept);
  }

 private:
  template <typename Map>
  std::string any_of(const Map& map) {
    return std::next(map.begin(), below(static_cast<unsigned>(map.size())))->first;
  }
  std::string fresh(const char* prefix) { return prefix + std::to_string(++count_); }

  Act create() {
    const std::string name = fresh("v");
    const Content seed{{"seed/" + name, "seed of " + name}};
    return {[=](VolumeStore& store) { (void)store.create(name, {.seed = SeedFiles{seed}}); },
            [=](Model& model) { model.volumes[name].now = seed; }};
  }

  Act write(const std::string& volume, const Content& now) {
    if (!now.empty() && below(3) == 0) {
      const std::string path = any_of(now);
      return {[=](VolumeStore& store) { std::filesystem::remove(writable(store, volume).top() / path); },
              [=](Model& model) { model.volumes.at(volume).now.erase(path); }, false};
    }
    const std::string path = "d" + std::to_string(below(3)) + "/f" + std::to_string(below(6));
    const std::string text(below(3) == 0 ? below(300'000) : below(300), static_cast<char>('a' + below(26)));
    return {[=](VolumeStore& store) { write_text(writable(store, volume).top() / path, text); },
            [=](Model& model) { model.volumes.at(volume).now[path] = text; }, false};
  }

  /// All there is in these histories fits in each of them.
  Act limit(const std::string& volume) {
    constexpr std::uint64_t kMebibyte = std::uint64_t{1} << 20U;
    const VolumeLimit limits[] = {{}, {16 * kMebibyte}, {24 * kMebibyte}, {20 * kMebibyte, 400}, {20 * kMebibyte, 200}};
    const VolumeLimit asked = limits[below(std::size(limits))];
    return {[=](VolumeStore& store) { (void)store.update(volume, {.limit = asked}); }, [](Model&) {}};
  }

  /// Half of them get a name from the store, which the process has to tell.
  Act snapshot(const std::string& volume) {
    const bool named = below(2) == 0;
    const auto name = std::make_shared<std::string>(named ? fresh("s") : "");
    return {[=](VolumeStore& store) { *name = store.history(volume).snapshot({.name = *name}).name; },
            [=](Model& model) { model.volumes.at(volume).snapshots[*name] = model.volumes.at(volume).now; }, named};
  }

  Act clone(const std::string& volume, const ModelVolume& there) {
    const std::string name = fresh("v");
    if (there.snapshots.empty() || below(2) == 0) {
      return {[=](VolumeStore& store) { (void)store.clone(volume, name); },
              [=](Model& model) { model.volumes[name].now = model.volumes.at(volume).now; }};
    }
    const std::string kept = any_of(there.snapshots);
    const bool seeds = below(2) == 0;
    return {[=](VolumeStore& store) {
              seeds ? (void)store.create(name, {.seed = SeedSnapshot{volume, kept}})
                    : (void)store.clone(volume, name, {.snapshot = kept});
            },
            [=](Model& model) { model.volumes[name].now = model.volumes.at(volume).snapshots.at(kept); }};
  }

  Act rename(const std::string& volume) {
    const std::string name = fresh("v");
    return {[=](VolumeStore& store) { (void)store.rename(volume, name); },
            [=](Model& model) { model.volumes[name] = std::move(model.volumes.extract(volume).mapped()); }};
  }

  Act remove(const std::string& volume) {
    const bool for_good = below(3) == 0;
    return {[=](VolumeStore& store) {
              for_good ? store.remove(volume) : store.remove(volume, {.keep = std::chrono::hours{1}});
            },
            [=](Model& model) {
              auto gone = model.volumes.extract(volume);
              if (!for_good) model.trash.insert(std::move(gone));
            }};
  }

  Act undelete(const std::string& volume) {
    const std::string name = below(2) == 0 ? volume : fresh("v");
    return {[=](VolumeStore& store) { (void)store.trash().restore(volume, name == volume ? "" : name); },
            [=](Model& model) { model.volumes[name] = std::move(model.trash.extract(volume).mapped()); }};
  }

  Act roll_back(const std::string& volume, const std::string& kept) {
    const bool keeps = below(2) == 0;
    const std::string before = keeps ? fresh("s") : std::string{};
    return {[=](VolumeStore& store) {
              (void)store.history(volume).rollback(kept, {.keep_before = keeps, .before = before});
            },
            [=](Model& model) {
              ModelVolume& there = model.volumes.at(volume);
              if (keeps) there.snapshots[before] = there.now;
              there.now = there.snapshots.at(kept);
            }};
  }

  Act remove_snapshot(const std::string& volume, const std::string& kept) {
    return {[=](VolumeStore& store) { store.history(volume).remove(kept); },
            [=](Model& model) { model.volumes.at(volume).snapshots.erase(kept); }};
  }

  static Files writable(const VolumeStore& store, const std::string& volume) {
    const VolumeInfo info = store.get(volume).info();
    return {info.mountpoint, info.limit_way, Files::For::Writing};
  }

  std::minstd_rand random_;
  Limits limits_;
  unsigned count_ = 0;
};

}  // namespace dunnage::test
