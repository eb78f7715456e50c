// SPDX-License-Identifier: Apache-2.0
#include "volume/fill_elsewhere.hpp"

#include "kernel/call_error.hpp"
#include "kernel/file_descriptor.hpp"
#include "kernel/remove_tree.hpp"
#include "launcher/copy_tree.hpp"
#include "launcher/look.hpp"
#include "volume/failure.hpp"
#include "volume/fill_lock.hpp"
#include "volume/kept_volume.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <exception>

namespace dunnage::volume {
namespace {

using launcher::Follow;
using launcher::Look;
using launcher::WorkOutcome;

constexpr const char* kFilling = ".dunnage-filling";
constexpr const char* kFilled = ".dunnage-filled";

class Top {
 public:
  Top(const std::string& name, int directory, const FillSource& source)
      : name_{name}, directory_{directory}, source_{source} {}

  /// Nothing is in it but what somebody left who was killed while he copied.
  [[nodiscard]] bool is_empty() const {
    if (is_directory(directory_, kFilling)) {
      remove(kFilling);
    }
    return !has_entries();
  }
  [[nodiscard]] bool has_source() const { return is_directory(source_.root, source_.path); }
  [[nodiscard]] bool is_half_moved() const { return is_directory(directory_, kFilled); }

  /// \return false if the image has no directory there
  bool copy() const {
    if (!has_source()) {
      return false;
    }
    launcher::TreeCopy copy;
    copy.from = source_.root;
    copy.below = source_.path;
    copy.follow = true;
    copy.to = directory_;
    copy.name = kFilling;
    run(copy);
    require(launcher::move_entry(source_.connection, directory_, kFilling, directory_, {}, kFilled, source_.watch));
    return true;
  }

  void copy_at_once() const {
    launcher::TreeCopy copy;
    copy.from = source_.root;
    copy.below = source_.path;
    copy.to = directory_;
    run(copy, false);
  }

  /// The entries first, then what the directory itself has of the image's.
  void move_out() const {
    require(launcher::spill_directory(source_.connection, directory_, kFilled, source_.watch));
    launcher::TreeCopy copy;
    copy.from = directory_;
    copy.below = kFilled;
    copy.to = directory_;
    copy.only_top = true;
    run(copy);
    remove(kFilled);
  }

  /// What a copy that failed has left; what stays is removed before the next one.
  void take_back() const noexcept {
    try {
      remove(kFilling);
    } catch (const std::exception&) {
    }
  }

  void remove(const char* entry) const {
    constexpr auto kPatience = std::chrono::seconds{60};
    const launcher::Connection& connection = source_.connection;
    const int number = connection.identity().rootless()
                           ? connection.remove_tree(directory_, entry, std::chrono::steady_clock::now() + kPatience)
                           : kernel::remove_tree(directory_, entry).value();
    if (number != 0 && number != ENOENT) {
      throw kernel::CallError{"remove what was copied", number};
    }
  }

 private:
  [[nodiscard]] bool has_entries() const { return look(directory_, "", Follow::No).report.has_entries != 0; }

  [[nodiscard]] bool is_directory(int root, const std::string& path) const {
    const bool own = root == directory_;
    return S_ISDIR(look(root, path, own ? Follow::No : Follow::Yes).report.mode);
  }

  /// Empty if nothing is there.
  [[nodiscard]] Look look(int root, const std::string& path, Follow follow) const {
    Look found;
    const WorkOutcome outcome = launcher::look_at(source_.connection, root, path, follow, found, source_.watch);
    const int number = outcome.failure.error;
    if (!outcome.done() && number != ENOENT && number != ENOTDIR && number != ELOOP) {
      require(outcome);
    }
    return outcome.done() ? found : Look{};
  }

  void run(launcher::TreeCopy& copy, bool sync = true) const {
    copy.quiet = true;
    copy.sync = sync;
    copy.subject = name_;
    require(launcher::copy_tree(source_.connection, copy, source_.watch));
  }

  void require(const WorkOutcome& outcome) const {
    if (!outcome.done()) {
      throw work_failure(kFillVolume, name_, fmt::format("from \"{}\" of the image", source_.path), outcome);
    }
  }

  const std::string& name_;
  int directory_;
  const FillSource& source_;
};

/// Nobody may begin to use the volume while its content changes.
bool move_alone(const Top& top, KeptVolume& volume) {
  const bool alone = volume.be_alone();
  if (alone) {
    top.move_out();
  }
  return alone;
}

Filled fill_top(const Top& top, KeptVolume& volume) {
  if (top.is_half_moved()) {
    return move_alone(top, volume) ? Filled::Copied : Filled::InUse;
  }
  if (volume.has_others()) {
    return Filled::InUse;
  }
  if (!top.is_empty()) {
    return Filled::HasData;
  }
  bool copied = false;
  try {
    copied = top.copy();
    if (!copied) {
      return Filled::NothingThere;
    }
    if (move_alone(top, volume)) {
      return Filled::Copied;
    }
  } catch (...) {
    if (!copied) {
      top.take_back();
    }
    throw;
  }
  top.remove(kFilled);
  return Filled::InUse;
}

}  // namespace

Filled fill_elsewhere(const Layout& layout, const std::string& name, const OpenTop& open_top,
                      const FillSource& source) {
  try {
    const FillLock lock{layout, name, source.watch};
    KeptVolume volume{layout, kFillVolume, name, KeptVolume::Beside::Users};
    const int directory = open_top(volume.directory());
    return directory < 0 ? Filled::Elsewhere : fill_top(Top{name, directory, source}, volume);
  } catch (const kernel::CallError& error) {
    throw call_failure(kFillVolume, name, error);
  }
}

Filled fill_memory(const std::string& name, int directory, const FillSource& source) {
  const Top top{name, directory, source};
  try {
    if (!top.has_source()) {
      return Filled::NothingThere;
    }
    top.copy_at_once();
    return Filled::Copied;
  } catch (const kernel::CallError& error) {
    throw call_failure(kFillVolume, name, error);
  }
}

}  // namespace dunnage::volume
