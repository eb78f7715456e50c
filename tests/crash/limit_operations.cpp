// SPDX-License-Identifier: Apache-2.0
#include "crash/store_operation.hpp"
#include "crash/store_state.hpp"

#include <dunnage/copy.hpp>
#include <dunnage/volume_history.hpp>
#include <dunnage/volume_store.hpp>

#include "launcher/connection.hpp"
#include "launcher/identity.hpp"
#include "support/apart.hpp"

#include <filesystem>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

namespace dunnage::test {

namespace {

using Place = StoreOperation::Place;

constexpr VolumeLimit kLimit{.size = std::uint64_t{16} << 20U};
constexpr VolumeLimit kLarger{.size = std::uint64_t{24} << 20U};

VolumeStore open(const Place& place) { return VolumeStore::open(place / "store"); }

/// With the launcher there, whose descriptors are none that a call leaves behind.
VolumeStore open_ready(const Place& place) {
  (void)launcher::Connection::get(launcher::identity_for(0, 0));
  return open(place);
}

void make_other(const Place& place) {
  VolumeStore store = open(place);
  (void)store.create("other", {.labels = {{"of", "other"}}});
  (void)store.list();
}

void remove_new(const Place& place) {
  VolumeStore store = open(place);
  if (store.find("new")) store.remove("new");
}

void make_new(const Place& place) {
  remove_new(place);
  (void)open(place).create("new", {.limit = kLimit});
}

StoreOperation creation() {
  return {.name = "create a volume with a limit",
          .prepare = make_other,
          .ready =
              [](const Place& place) {
                return [store = open_ready(place)]() mutable { (void)store.create("new", {.limit = kLimit}); };
              },
          .undo = remove_new,
          .done_before = errc::volume_exists};
}

StoreOperation growth() {
  return {.name = "give a volume a larger limit",
          .prepare =
              [](const Place& place) {
                make_other(place);
                make_new(place);
              },
          .ready =
              [](const Place& place) {
                return [store = open_ready(place)]() mutable { (void)store.update("new", {.limit = kLarger}); };
              },
          .undo = make_new,
          .done_before = {}};
}

/// All that "new" holds, read as a container would see it, by a process that may have a launcher.
std::string content_of_new(const Place& place) {
  return do_apart([&]() -> std::string {
           try {
             VolumeStore store = open(place);
             if (!store.find("new")) return "new: is gone\n";
             std::filesystem::remove_all(place / "read");
             copy_out(store, "new", "/", place / "read");
             return "new:\n" + content_of(place / "read");
           } catch (const std::exception& error) {
             return std::string{"new: CANNOT BE READ: "} + error.what() + "\n";
           }
         })
      .words;
}

/// The data moves to where another limit holds it, and the snapshots stay.
StoreOperation change(std::string name, std::optional<VolumeLimit> before, VolumeLimit after) {
  const auto make = [before](const Place& place) {
    remove_new(place);
    VolumeStore store = open(place);
    (void)store.create(
        "new", {.seed = SeedFiles{{{"file", "content\n"}, {"deep/er", std::string(5'000, 'e')}}}, .limit = before});
    (void)store.history("new").snapshot({.name = "then"});
  };
  return {.name = std::move(name),
          .prepare =
              [make](const Place& place) {
                make_other(place);
                make(place);
              },
          .ready =
              [after](const Place& place) {
                return [store = open_ready(place), after]() mutable { (void)store.update("new", {.limit = after}); };
              },
          .undo = make,
          .done_before = {},
          .beside = content_of_new};
}

/// Of a volume that is there, made anew when it is gone.
StoreOperation on_limited(std::string name, std::function<void(VolumeStore&)> call, std::error_code done_before) {
  return {.name = std::move(name),
          .prepare =
              [](const Place& place) {
                make_other(place);
                make_new(place);
              },
          .ready = [call](const Place& place) { return [store = open_ready(place), call]() mutable { call(store); }; },
          .undo =
              [](const Place& place) {
                if (!open(place).find("new")) make_new(place);
              },
          .done_before = done_before};
}

StoreOperation removal() {
  return on_limited(
      "remove a volume with a limit", [](VolumeStore& store) { store.remove("new"); }, errc::volume_missing);
}

StoreOperation look() {
  return on_limited("look how much a volume with a limit holds",
                    [](VolumeStore& store) {
                      if (store.usage("new").limit.size != kLimit.size) throw std::runtime_error{"the answer is wrong"};
                    },
                    {});
}

}  // namespace

std::vector<StoreOperation> limit_operations() {
  return {creation(),
          growth(),
          removal(),
          look(),
          change("give a volume its first limit", {}, kLimit),
          change("give a volume a smaller limit", kLarger, kLimit),
          change("take the limit of a volume away", kLimit, {})};
}

}  // namespace dunnage::test
