// SPDX-License-Identifier: Apache-2.0
#include "crash/store_operation.hpp"

#include <dunnage/volume_store.hpp>

#include <filesystem>

namespace dunnage::test {

namespace {

using Place = StoreOperation::Place;

constexpr VolumeLimit kLimit{.size = std::uint64_t{16} << 20U};
constexpr VolumeLimit kLarger{.size = std::uint64_t{24} << 20U};

VolumeStore open(const Place& place) { return VolumeStore::open(place / "store"); }

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
                return [store = open(place)]() mutable { (void)store.create("new", {.limit = kLimit}); };
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
                return [store = open(place)]() mutable { (void)store.update("new", {.limit = kLarger}); };
              },
          .undo = make_new,
          .done_before = {}};
}

}  // namespace

std::vector<StoreOperation> limit_operations() { return {creation(), growth()}; }

}  // namespace dunnage::test
