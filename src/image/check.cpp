// SPDX-License-Identifier: Apache-2.0
#include "image/check.hpp"

#include <dunnage/image_store.hpp>

#include "image/blob_check.hpp"
#include "image/changes_check.hpp"
#include "image/image_store_access.hpp"
#include "image/layout.hpp"
#include "kernel/call_error.hpp"
#include "kernel/open_beneath.hpp"
#include "volume/check.hpp"
#include "volume/failure.hpp"
#include "volume/leftover_check.hpp"
#include "volume/part_check.hpp"

#include <fcntl.h>

#include <chrono>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

namespace dunnage::image {
namespace {

using volume::StoreFaults;

constexpr const char* kCheckImages = "check images of";
constexpr const char* kRepairImages = "repair images of";

void add_faults(StoreFaults& all, StoreFaults more) { std::move(more.begin(), more.end(), std::back_inserter(all)); }

/// Each is looked into by itself: what is wrong with one of them hides nothing of the others.
StoreFaults faults_of_directories(const Layout& layout, int blobs) {
  StoreFaults faults;
  for (const char* name : {"blobs", "staging", "trees", "changes"}) {
    add_faults(faults, volume::fault_of_part(layout.images.get(), name, layout.path / name, StoreFinding::Part::Image));
  }
  if (blobs >= 0) {
    add_faults(faults, volume::fault_of_part(blobs, "sha256", layout.path / "blobs/sha256", StoreFinding::Part::Image));
  }
  return faults;
}

/// \param take  what becomes of faults: they are told, or repaired, before what they are of is closed
template <typename Take>
std::vector<StoreFinding> look_into(const volume::Layout& store, std::chrono::milliseconds grace, bool contents,
                                    Take&& take) {
  std::vector<StoreFinding> findings;
  const auto add = [&](StoreFaults faults) {
    std::vector<StoreFinding> more = take(std::move(faults));
    std::move(more.begin(), more.end(), std::back_inserter(findings));
  };
  const auto opened = [](int parent, const char* name) {
    return parent < 0 ? kernel::FileDescriptor{}
                      : kernel::open_beneath(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  };
  if (!volume::look_at(store.root.get(), "images")) {
    return findings;
  }
  add(volume::fault_of_part(store.root.get(), "images", store.path / "images", StoreFinding::Part::Image));
  Layout layout{.store = {.path = store.path,
                          .root = opened(store.root.get(), "."),
                          .volumes = opened(store.root.get(), "volumes")},
                .path = store.path / "images",
                .images = opened(store.root.get(), "images"),
                .blobs = {}};
  if (!layout.images) {
    return findings;
  }
  const auto seen = volume::look_at(store.root.get(), "images");
  const auto blobs = opened(layout.images.get(), "blobs");
  if (seen && volume::is_older(seen->status, grace)) {  // else somebody may be making them
    add(faults_of_directories(layout, blobs.get()));
  }
  layout.blobs = opened(opened(layout.images.get(), "blobs").get(), "sha256");
  if (layout.blobs) {
    add(faults_of_images(layout, contents));
  }
  add(faults_of_trees(layout));
  add(faults_of_changes(layout, grace));
  if (const auto staging = opened(layout.images.get(), "staging")) {
    add(volume::leftovers_in_staging(layout.store, staging.get(), layout.path / "staging", grace));
  }
  return findings;
}

template <typename Work>
std::vector<StoreFinding> work_on_images(const char* operation, const volume::Layout& store, Work&& work) {
  try {
    return work();
  } catch (const kernel::CallError& error) {
    throw volume::call_failure(operation, store.path.string(), error);
  }
}

}  // namespace

std::vector<StoreFinding> check_images(const volume::Layout& store, const StoreCheck& options) {
  return work_on_images(kCheckImages, store, [&] {
    return look_into(store, options.grace, options.contents,
                     [](StoreFaults faults) { return volume::findings_of(std::move(faults)); });
  });
}

std::vector<StoreFinding> repair_images(const volume::Layout& store, const StoreRepair& options) {
  return work_on_images(kRepairImages, store, [&] {
    const volume::RepairLock lock{store};
    return look_into(store, options.grace, options.contents,
                     [](StoreFaults faults) { return volume::repaired(std::move(faults)); });
  });
}

}  // namespace dunnage::image

namespace dunnage {

StoreReport ImageStore::check(const StoreCheck& options) const {
  return volume::report_of(image::check_images(state_->layout.store, options));
}

StoreReport ImageStore::repair(const StoreRepair& options) {
  return volume::report_of(image::repair_images(state_->layout.store, options));
}

}  // namespace dunnage
