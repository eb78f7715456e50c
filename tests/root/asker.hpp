// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// One thread of those that ask a store at random, and write down what they were answered.

#include "root/call_recorder.hpp"
#include "root/container_asker.hpp"
#include "volume/use.hpp"

#include <dunnage/image_store.hpp>
#include <dunnage/transaction.hpp>
#include <dunnage/volume_history.hpp>
#include <dunnage/volume_store.hpp>

#include <filesystem>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <thread>

namespace dunnage::test {

// Objects by number.
inline constexpr int kVolumes = 6;
inline constexpr int kFirstBoxed = 2;  // from here on containers use them, each asked for by one thread of a process
inline constexpr int kTags = kVolumes + 3;
inline constexpr int kTransactions = kTags + 2;
inline constexpr int kObjects = kTransactions + 2;  // the last two are snapshots

inline constexpr const char* kKept = "kept";  // the volume that has these

inline std::string name_of(int object, int slot) { return "o" + std::to_string(object) + "-" + std::to_string(slot); }
inline std::string tag_of(int object, int slot) { return "tag:" + name_of(object, slot); }
inline std::string image_of(int value) { return "image:" + std::to_string(value); }

/// One thread, which asks at random.
class Asker {
 public:
  Asker(CallHistory& history, const std::filesystem::path& place, unsigned seed)
      : recorder_{history},
        place_{place},
        volumes_{VolumeStore::open(store())},
        images_{ImageStore::open(store())},
        transactions_{TransactionStore::open(store())},
        containers_{recorder_, store()},
        boxed_{kFirstBoxed + static_cast<int>(seed % 8)},
        random_{seed} {}

  void ask() {
    const int object = below(kObjects);
    const int slot = below(kSlots);
    if (object < kVolumes) return boxed_ < kVolumes ? ask_boxed(boxed_) : ask_volume(object % kFirstBoxed, slot);
    if (object < kTags) return ask_tag(object, slot);
    if (object < kTransactions) return ask_transaction(object, slot);
    ask_snapshot(object, slot);
  }

  /// What there is in the end.
  void look_at_all() {
    for (int object = 0; object < kObjects; ++object) {
      for (int slot = 0; slot < kSlots; ++slot) look(object, slot);
      if (object >= kFirstBoxed && object < kVolumes) (void)containers_.find(object);
    }
  }

 private:
  [[nodiscard]] std::filesystem::path store() const { return place_ / "store"; }
  int below(int end) { return static_cast<int>(random_() % static_cast<unsigned>(end)); }

  static int value_of(const Volume& volume) { return std::stoi(volume.labels().at("value")); }

  void look(int object, int slot) {
    recorder_.record(Call::Kind::Look, object, slot, 0, [&] {
      const std::string name = name_of(object, slot);
      if (object < kVolumes) {
        const auto volume = volumes_.find(name);
        return volume ? value_of(*volume) : 0;
      }
      if (object < kTags) {
        const auto image = images_.find(tag_of(object, slot));
        return image ? std::stoi(image->config().labels.at("value")) : 0;
      }
      if (object < kTransactions) return transactions_.find(name) ? 1 : 0;
      return volumes_.history(kKept).find(name) ? 1 : 0;
    });
  }

  void ask_volume(int object, int slot) {
    const std::string name = name_of(object, slot);
    const int value = static_cast<int>(recorder_.tick());
    const Labels labels{{"value", std::to_string(value)}};
    switch (below(9)) {
      case 0:
        return recorder_.change(Call::Kind::Create, object, slot, value,
                                [&] { (void)volumes_.create(name, {.labels = labels}); });
      case 1:
        return recorder_.record(Call::Kind::GetOrCreate, object, slot, value,
                                [&] { return value_of(volumes_.get_or_create(name, {.labels = labels})); });
      case 2:
      case 3:
        return recorder_.change(Call::Kind::Set, object, slot, value,
                                [&] { (void)volumes_.update(name, {.labels = labels}); });
      case 4:
        return recorder_.change(Call::Kind::Remove, object, slot, 0, [&] { volumes_.remove(name); });
      case 5:
        return recorder_.change(Call::Kind::Rename, object, slot, 0,
                                [&] { (void)volumes_.rename(name, name_of(object, kSlots - 1 - slot)); });
      case 6:
        return use(object, slot, value);
      case 7:
        return list(object, slot);
      default:
        return look(object, slot);
    }
  }

  void ask_boxed(int object) {
    const std::string name = name_of(object, 0);
    const int value = static_cast<int>(recorder_.tick());
    switch (below(8)) {
      case 0:
        return recorder_.record(Call::Kind::GetOrCreate, object, 0, value, [&] {
          return value_of(volumes_.get_or_create(name, {.labels = {{"value", std::to_string(value)}}}));
        });
      case 1:
        return recorder_.change(Call::Kind::Remove, object, 0, 0, [&] { volumes_.remove(name); });
      case 2:
        return list(object, 0);
      case 3:
        return use(object, 0, value);
      case 4:
        return containers_.launch(object, name);
      case 5:
        return containers_.stop(object);
      case 6:
        return containers_.erase(object);
      default:
        return containers_.execute(object);
    }
  }

  void use(int object, int slot, int number) {
    const std::string id = std::to_string(number);
    std::optional<volume::VolumeUse> use;
    recorder_.change(Call::Kind::Use, object, slot, number,
                     [&] { use.emplace(volume::VolumeUse::acquire(store(), name_of(object, slot), id, id)); });
    if (!use) return;
    std::this_thread::yield();
    recorder_.change(Call::Kind::Unuse, object, slot, number, [&] { use.reset(); });
  }

  void list(int object, int slot) {
    recorder_.record(Call::Kind::Look, object, slot, 0, [&] {
      for (const Volume& volume : volumes_.list()) {
        if (volume.name() == name_of(object, slot)) return value_of(volume);
      }
      return 0;
    });
  }

  void ask_tag(int object, int slot) {
    const int value = 1 + below(2);
    switch (below(3)) {
      case 0:
        return recorder_.change(Call::Kind::Put, object, slot, value,
                                [&] { images_.tag(image_of(value), tag_of(object, slot)); });
      case 1:
        return recorder_.change(Call::Kind::Remove, object, slot, 0, [&] { images_.remove(tag_of(object, slot)); });
      default:
        return look(object, slot);
    }
  }

  void ask_transaction(int object, int slot) {
    const std::string name = name_of(object, slot);
    switch (below(3)) {
      case 0:
        return recorder_.change(Call::Kind::Create, object, slot, 1,
                                [&] { (void)transactions_.begin(place_ / "source", name); });
      case 1:
        return recorder_.change(Call::Kind::Remove, object, slot, 0, [&] { transactions_.get(name).discard(); });
      default:
        return look(object, slot);
    }
  }

  void ask_snapshot(int object, int slot) {
    const std::string name = name_of(object, slot);
    switch (below(3)) {
      case 0:
        return recorder_.change(Call::Kind::Create, object, slot, 1,
                                [&] { (void)volumes_.history(kKept).snapshot({.name = name}); });
      case 1:
        return recorder_.change(Call::Kind::Remove, object, slot, 0, [&] { volumes_.history(kKept).remove(name); });
      default:
        return look(object, slot);
    }
  }

  CallRecorder recorder_;
  std::filesystem::path place_;
  VolumeStore volumes_;
  ImageStore images_;
  TransactionStore transactions_;
  ContainerAsker containers_;
  int boxed_;
  std::minstd_rand random_;
};

}  // namespace dunnage::test
