// SPDX-License-Identifier: Apache-2.0
// Where exports go: a file that is there whole or not at all, a descriptor, or the caller's own code.

#include <dunnage/volume_store.hpp>

#include "transfer/caller_locale.hpp"
#include "transfer/export.hpp"
#include "transfer/new_file.hpp"
#include "transfer/output.hpp"
#include "volume/volume_store_access.hpp"

#include <fmt/format.h>

namespace dunnage {

using transfer::Deed;

std::string_view to_string(ArchiveCompression compression) noexcept {
  return compression == ArchiveCompression::Gzip ? "gzip" : compression == ArchiveCompression::Zstd ? "zstd" : "none";
}

VolumeExportResult VolumeStore::export_to(const std::string& name, const std::filesystem::path& file,
                                          const VolumeExportOptions& options) const {
  const Deed deed{transfer::kExportVolume, name, fmt::format("-> \"{}\"", file.string())};
  return transfer::explained(deed, [&] {
    image::Watching watching{options.watch, "export"};
    transfer::NewFile fresh{file};
    const transfer::Output output{fresh.descriptor(), watching};
    VolumeExportResult result = transfer::export_volume(state_->layout, deed, options, watching,
                                                        [&](std::string_view bytes) { output.write(bytes); });
    watching.check();
    fresh.publish();
    return result;
  });
}

VolumeExportResult VolumeStore::export_to(const std::string& name, int fd, const VolumeExportOptions& options) const {
  const Deed deed{transfer::kExportVolume, name, {}};
  return transfer::explained(deed, [&] {
    image::Watching watching{options.watch, "export"};
    const transfer::Output output{fd, watching};
    return transfer::export_volume(state_->layout, deed, options, watching,
                                   [&](std::string_view bytes) { output.write(bytes); });
  });
}

VolumeExportResult VolumeStore::export_to(const std::string& name, const ByteSink& sink,
                                          const VolumeExportOptions& options) const {
  const Deed deed{transfer::kExportVolume, name, {}};
  return transfer::explained(deed, [&] {
    image::Watching watching{options.watch, "export"};
    const transfer::CallerLocale locale;
    return transfer::export_volume(state_->layout, deed, options, watching, [&](std::string_view bytes) {
      const transfer::CallerLocale::Use caller{locale};
      sink(bytes);
    });
  });
}

}  // namespace dunnage
