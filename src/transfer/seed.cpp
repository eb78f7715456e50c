// SPDX-License-Identifier: Apache-2.0
// New volumes with what they have in them from the beginning. They are made here, as an archive may be that.

#include <dunnage/volume_store.hpp>

#include "image/input.hpp"
#include "transfer/import.hpp"
#include "volume/clone.hpp"
#include "volume/create.hpp"
#include "volume/volume_access.hpp"
#include "volume/volume_store_access.hpp"

#include <fmt/format.h>

#include <memory>

namespace dunnage {
namespace transfer {
namespace {

/// The archive is opened when the volume is made: of two who make it at once one reads it.
void unpack_seed(const SeedArchive& seed, const volume::Stage& stage, const Watch& watch) {
  const VolumeImportOptions options{.digest = seed.digest, .accept_losses = seed.accept_losses, .watch = watch};
  const kernel::FileDescriptor file = image::open_input(seed.path);
  const OpenIncoming open = [&](int directory, image::Watching& watching) {
    return incoming_descriptor(file.get(), directory, options.limits.bytes, watching);
  };
  content_of_archive(open, options)(stage);
}

volume::Content content_of_seed(const volume::Layout& layout, const std::string& name, const VolumeOptions& options,
                                const Watch& watch) {
  return volume::content_of_seed(
      layout, name, options, watch,
      [](const SeedArchive& seed, const std::string& of, const Watch& watched) -> volume::Content {
        const Deed deed{"create volume", of, fmt::format("from the archive \"{}\"", seed.path.string())};
        return [deed, &seed, &watched](const volume::Stage& stage) {
          explained(deed, [&] { unpack_seed(seed, stage, watched); });
        };
      });
}

}  // namespace
}  // namespace transfer

Volume VolumeStore::create(const std::string& name, const VolumeOptions& options, const Watch& watch) {
  const auto content = transfer::content_of_seed(state_->layout, name, options, watch);
  return VolumeAccess::make(volume::create(state_->layout, name, options, content, watch));
}

Volume VolumeStore::create_anonymous(const std::string& owner, const VolumeOptions& options) {
  const Watch watch;
  const auto content = transfer::content_of_seed(state_->layout, "", options, watch);
  return VolumeAccess::make(volume::create_anonymous(state_->layout, owner, options, content));
}

}  // namespace dunnage
