// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// One thread of those that ask a store at random, and write down what they were answered.

#include "root/call_history.hpp"
#include "volume/use.hpp"

#include <dunnage/error.hpp>
#include <dunnage/image_store.hpp>
#include <dunnage/transaction.hpp>
#include <dunnage/volume_history.hpp>
#include <dunnage/volume_store.hpp>

#include <filesystem>
#include <functional>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>

namespace dunnage::test {

// Objects by number.
inline constexpr int kVolumes = 6;
inline constexpr int kTags = kVolumes + 3;
inline constexpr int kTransactions = kTags + 2;
inline constexpr int kObjects = kTransactions + 2;  // the last two are snapshots

inline constexpr const char* kKept = "kept";  // the volume that has these

inline std::string name_of(int object, int slot) { return "o" + std::to_string(object) + "-" + std::to_string(slot); }
inline std::string tag_of(int object, int slot) { return "tag:" + name_of(object, slot); }
inline std::string image_of(int value) { return "image:" + std::to_string(value); }

/// One of those answers, or it is thrown on.
inline Call::Answer answer_of(const Error& error) {
  const std::error_code code = error.code();
  if (code == errc::volume_exists || code == errc::transaction_exists || code == errc::snapshot_exists) {
    return Call::Answer::Exists;
  }
  for (const errc missing :
       {errc::volume_missing, errc::image_missing, errc::transaction_missing, errc::snapshot_missing}) {
    if (code == missing) return Call::Answer::Missing;
  }
  if (code == errc::volume_in_use || code == errc::transaction_in_use) return Call::Answer::InUse;
  throw;
}

/// One thread, which asks at random.
class Asker {
 public:
  Asker(CallHistory& history, const std::filesystem::path& place, unsigned seed)
      : history_{history},
        place_{place},
        volumes_{VolumeStore::open(store())},
        images_{ImageStore::open(store())},
        transactions_{TransactionStore::open(store())},
        random_{seed} {}

  void ask() {
    const int object = below(kObjects);
    const int slot = below(kSlots);
    if (object < kVolumes) return ask_volume(object, slot);
    if (object < kTags) return ask_tag(object, slot);
    if (object < kTransactions) return ask_transaction(object, slot);
    ask_snapshot(object, slot);
  }

  /// What there is in the end.
  void look_at_all() {
    for (int object = 0; object < kObjects; ++object) {
      for (int slot = 0; slot < kSlots; ++slot) look(object, slot);
    }
  }

 private:
  [[nodiscard]] std::filesystem::path store() const { return place_ / "store"; }
  int below(int end) { return static_cast<int>(random_() % static_cast<unsigned>(end)); }

  /// \param work  answers with what was found, if it was looked for
  void record(Call::Kind kind, int object, int slot, int value, const std::function<int()>& work) {
    Call* call = history_.add();
    if (call == nullptr) throw std::runtime_error{"the history is full"};
    *call = {.kind = kind,
             .slot = static_cast<std::uint8_t>(slot),
             .object = static_cast<std::uint16_t>(object),
             .value = value,
             .begin = history_.tick()};
    try {
      call->seen = work();
      call->answer = Call::Answer::Done;
    } catch (const Error& error) {
      call->answer = answer_of(error);
    }
    call->end = history_.tick();
  }
  void change(Call::Kind kind, int object, int slot, int value, const std::function<void()>& work) {
    record(kind, object, slot, value, [&] {
      work();
      return 0;
    });
  }

  static int value_of(const Volume& volume) { return std::stoi(volume.labels().at("value")); }

  void look(int object, int slot) {
    record(Call::Kind::Look, object, slot, 0, [&] {
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
    const int value = static_cast<int>(history_.tick());
    const Labels labels{{"value", std::to_string(value)}};
    switch (below(9)) {
      case 0:
        return change(Call::Kind::Create, object, slot, value,
                      [&] { (void)volumes_.create(name, {.labels = labels}); });
      case 1:
        return record(Call::Kind::GetOrCreate, object, slot, value,
                      [&] { return value_of(volumes_.get_or_create(name, {.labels = labels})); });
      case 2:
      case 3:
        return change(Call::Kind::Set, object, slot, value, [&] { (void)volumes_.update(name, {.labels = labels}); });
      case 4:
        return change(Call::Kind::Remove, object, slot, 0, [&] { volumes_.remove(name); });
      case 5:
        return change(Call::Kind::Rename, object, slot, 0,
                      [&] { (void)volumes_.rename(name, name_of(object, kSlots - 1 - slot)); });
      case 6:
        return use(object, slot, value);
      case 7:
        return list(object, slot);
      default:
        return look(object, slot);
    }
  }

  void use(int object, int slot, int number) {
    const std::string id = std::to_string(number);
    std::optional<volume::VolumeUse> use;
    change(Call::Kind::Use, object, slot, number,
           [&] { use.emplace(volume::VolumeUse::acquire(store(), name_of(object, slot), id, id)); });
    if (!use) return;
    std::this_thread::yield();
    change(Call::Kind::Unuse, object, slot, number, [&] { use.reset(); });
  }

  void list(int object, int slot) {
    record(Call::Kind::Look, object, slot, 0, [&] {
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
        return change(Call::Kind::Put, object, slot, value,
                      [&] { images_.tag(image_of(value), tag_of(object, slot)); });
      case 1:
        return change(Call::Kind::Remove, object, slot, 0, [&] { images_.remove(tag_of(object, slot)); });
      default:
        return look(object, slot);
    }
  }

  void ask_transaction(int object, int slot) {
    const std::string name = name_of(object, slot);
    switch (below(3)) {
      case 0:
        return change(Call::Kind::Create, object, slot, 1, [&] { (void)transactions_.begin(place_ / "source", name); });
      case 1:
        return change(Call::Kind::Remove, object, slot, 0, [&] { transactions_.get(name).discard(); });
      default:
        return look(object, slot);
    }
  }

  void ask_snapshot(int object, int slot) {
    const std::string name = name_of(object, slot);
    switch (below(3)) {
      case 0:
        return change(Call::Kind::Create, object, slot, 1,
                      [&] { (void)volumes_.history(kKept).snapshot({.name = name}); });
      case 1:
        return change(Call::Kind::Remove, object, slot, 0, [&] { volumes_.history(kKept).remove(name); });
      default:
        return look(object, slot);
    }
  }

  CallHistory& history_;
  std::filesystem::path place_;
  VolumeStore volumes_;
  ImageStore images_;
  TransactionStore transactions_;
  std::minstd_rand random_;
};

}  // namespace dunnage::test
