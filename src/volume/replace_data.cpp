// SPDX-License-Identifier: Apache-2.0
#include "volume/replace_data.hpp"

#include <dunnage/error.hpp>

#include "kernel/files.hpp"
#include "volume/data_copy.hpp"
#include "volume/directory.hpp"
#include "volume/exchange_data.hpp"
#include "volume/failure.hpp"
#include "volume/limit_choice.hpp"
#include "volume/limited_data.hpp"
#include "volume/reading.hpp"
#include "volume/stage.hpp"

#include <utility>

namespace dunnage::volume {
namespace {

std::optional<VolumeInfo> known(const Layout& layout, const Deed& deed) {
  Reading reading = VolumeReader{layout}.read(deed.volume);
  if (!reading.damage.empty()) {
    throw damaged_failure(layout, deed.operation, deed.volume, reading);
  }
  if (reading.volume && reading.volume->is_protected) {
    throw protected_failure(deed.operation, deed.volume);  // what it holds would be gone
  }
  if (reading.volume && !reading.volume->driver_options.empty()) {
    throw deed_failure({deed.operation, deed.volume}, "its data is where its driver's options say",
                       make_error_code(errc::not_supported), "choose another name");
  }
  return std::move(reading.volume);
}

}  // namespace

std::optional<VolumeInfo> replace_data(const Layout& layout, const Deed& deed, const Content& content,
                                       const Watch& watch) {
  std::optional<VolumeInfo> info = known(layout, deed);
  const kernel::FileDescriptor volume = open_volume_directory(layout, deed.volume);
  if (!info || !volume) {
    return std::nullopt;
  }
  refuse_if_used(deed, volume.get());
  Stage stage{layout.open_staging()};
  if (is_in_store(info->limit_way)) {
    make_limited_data(layout, deed, stage, info->limit, info->limit_way, watch);
  }
  content(stage);
  if (is_image(info->limit_way)) {
    sync_image(stage.directory());
  }
  kernel::sync(stage.directory());
  try {
    exchange_data(layout, deed, stage, volume.get(), *info, watch, [&] { kernel::sync(volume.get()); });
  } catch (...) {
    take_data_back(stage);
    throw;
  }
  take_data_back(stage);
  info->mountpoint = layout.mountpoint(deed.volume);
  return info;
}

}  // namespace dunnage::volume
