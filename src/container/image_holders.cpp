// SPDX-License-Identifier: Apache-2.0
#include "container/image_holders.hpp"

#include <dunnage/image_store.hpp>

#include "container/config.hpp"
#include "container/lookup.hpp"
#include "container/record.hpp"
#include "image/image_store_access.hpp"
#include "kernel/call_error.hpp"
#include "kernel/file_descriptor.hpp"

#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>

namespace dunnage {
namespace container {
namespace {

/// Nothing if it was removed meanwhile, or is damaged.
std::optional<Config> config_of(int record) {
  try {
    return read_config(record);
  } catch (const std::invalid_argument&) {
  } catch (const kernel::CallError& error) {
    if (error.code() != std::errc::no_such_file_or_directory) {
      throw;
    }
  }
  return std::nullopt;
}

bool is_of_store(const ResolvedMount& mount, const volume::Layout& layout) {
  std::error_code gone;
  return mount.kind == MountKind::Image && !mount.left_out &&
         std::filesystem::equivalent(mount.store, layout.path, gone);
}

}  // namespace

image::Holders find_image_holders(const volume::Layout& layout) {
  image::Holders holders;
  const kernel::FileDescriptor containers = open_containers(layout);
  for (const std::string& name : record_names(containers.get())) {
    const auto record = open_record(containers.get(), name);
    const auto config = record ? config_of(record->directory.get()) : std::nullopt;
    if (!config || config->remove_on_exit) {
      continue;
    }
    for (const ResolvedMount& mount : config->mounts) {
      if (is_of_store(mount, layout)) {
        holders.emplace(mount.image_id, name);
      }
    }
  }
  return holders;
}

}  // namespace container

void ImageStore::remove(std::string_view name) {
  const image::Layout& layout = state_->layout;
  image::remove_image(layout, name, [&] { return container::find_image_holders(layout.store); });
}

ImagePruneResult ImageStore::prune(bool all) {
  const image::Layout& layout = state_->layout;
  return image::prune_images(layout, all, [&] { return container::find_image_holders(layout.store); });
}

}  // namespace dunnage
