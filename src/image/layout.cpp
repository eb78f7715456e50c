// SPDX-License-Identifier: Apache-2.0
#include "image/layout.hpp"

#include "image/failure.hpp"
#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "volume/private_directory.hpp"

#include <cerrno>
#include <utility>

namespace dunnage::image {
namespace {

using volume::kPrivateDirectory;
using volume::kPrivateFile;
using volume::open_private;

constexpr const char* kOpenStore = "open store";
constexpr const char* kVersionFile = "oci-layout";
constexpr const char* kVersionText = "{\"imageLayoutVersion\":\"1.0.0\"}";

/// \return whether it was not there
bool make_part(int parent, const char* name) {
  return !kernel::exists_at(parent, name) && kernel::make_directory(parent, name, kPrivateDirectory);
}

void make_parts(const Layout& layout) {
  bool made = false;
  for (const char* name : {"blobs", "staging", "trees", "changes"}) {
    made |= make_part(layout.images.get(), name);
  }
  const auto blobs = open_private(layout.images.get(), "blobs", layout.path / "blobs");
  if (blobs && make_part(blobs.get(), "sha256")) {
    kernel::sync(blobs.get());
  }
  if (!kernel::exists_at(layout.images.get(), kVersionFile)) {
    kernel::make_durably(layout.images.get(), kVersionFile, kVersionText, kPrivateFile);
  } else if (made) {
    kernel::sync(layout.images.get());
  }
}

std::optional<Layout> open_parts(volume::Layout store, bool make) {
  Layout layout{.store = std::move(store), .path = {}, .images = {}, .blobs = {}};
  layout.path = layout.store.path / "images";
  if (make && make_part(layout.store.root.get(), "images")) {
    kernel::sync(layout.store.root.get());
  }
  layout.images = open_private(layout.store.root.get(), "images", layout.path);
  if (!layout.images) {
    return std::nullopt;
  }
  if (make) {
    make_parts(layout);
    for (const char* name : {"staging", "trees", "changes"}) {
      (void)open_private(layout.images.get(), name, layout.path / name);  // for its check alone
    }
  }
  const auto blobs = open_private(layout.images.get(), "blobs", layout.path / "blobs");
  if (!blobs) {
    return std::nullopt;
  }
  layout.blobs = open_private(blobs.get(), "sha256", layout.path / "blobs" / "sha256");
  if (!layout.blobs) {
    return std::nullopt;
  }
  return layout;
}

kernel::FileDescriptor open_or_throw(const Layout& layout, const char* name) {
  kernel::FileDescriptor part = open_private(layout.images.get(), name, layout.path / name);
  if (!part) {
    throw kernel::CallError{"open directory", ENOENT};
  }
  return part;
}

}  // namespace

kernel::FileDescriptor Layout::open_staging() const { return open_or_throw(*this, "staging"); }
kernel::FileDescriptor Layout::open_trees() const { return open_or_throw(*this, "trees"); }
kernel::FileDescriptor Layout::open_changes() const { return open_or_throw(*this, "changes"); }

kernel::FileDescriptor Layout::open_ahead() const {
  constexpr const char* kAhead = "ahead";
  kernel::FileDescriptor part = open_private(images.get(), kAhead, path / kAhead);
  if (!part) {
    (void)kernel::make_directory(images.get(), kAhead, kPrivateDirectory);
    part = open_or_throw(*this, kAhead);
  }
  return part;
}

Layout open_layout(const std::filesystem::path& store_root) {
  volume::Layout store = volume::open_layout(store_root);
  return explained(kOpenStore, store.path.string(), [&] {
    auto layout = open_parts(std::move(store), true);
    if (!layout) {  // somebody removed it while we made it
      throw kernel::CallError{"open directory", ENOENT};
    }
    return std::move(*layout);
  });
}

std::optional<Layout> open_existing_layout(const std::filesystem::path& store_root) {
  auto store = volume::open_existing_layout(store_root);
  if (!store) {
    return std::nullopt;
  }
  return explained(kOpenStore, store->path.string(), [&] { return open_parts(std::move(*store), false); });
}

}  // namespace dunnage::image
