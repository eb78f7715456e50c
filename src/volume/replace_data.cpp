// SPDX-License-Identifier: Apache-2.0
#include "volume/replace_data.hpp"

#include <dunnage/error.hpp>

#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "kernel/lock.hpp"
#include "launcher/connection.hpp"
#include "volume/directory.hpp"
#include "volume/exchange_data.hpp"
#include "volume/failure.hpp"
#include "volume/reading.hpp"
#include "volume/stage.hpp"
#include "volume/take_back.hpp"
#include "volume/users.hpp"

#include <cerrno>
#include <utility>

namespace dunnage::volume {
namespace {

VolumeError elsewhere_failure(const Replacement& what) {
  return VolumeError{{.stage = dunnage::Stage::Store,
                      .operation = what.operation,
                      .subject = what.name,
                      .detail = "",
                      .cause = "its data is where its driver's options say",
                      .code = errc::not_supported,
                      .remedy = "choose another name"}};
}

std::optional<VolumeInfo> known(const Layout& layout, const Replacement& what) {
  Reading reading = VolumeReader{layout}.read(what.name);
  if (!reading.damage.empty()) {
    throw damaged_failure(layout, what.operation, what.name, reading);
  }
  if (reading.volume && reading.volume->is_protected) {
    throw protected_failure(what.operation, what.name);  // what it holds would be gone
  }
  if (reading.volume && !reading.volume->driver_options.empty()) {
    throw elsewhere_failure(what);
  }
  return std::move(reading.volume);
}

/// Exchanges the data while nobody can begin to use the volume.
void exchange_alone(const Layout& layout, const Replacement& what, const Stage& stage, int volume, const Watch& watch) {
  const HistoryDeed deed{what.operation, what.name};
  const kernel::FileDescriptor lock = lock_alone(volume);
  if (!lock) {
    throw in_use_failure(what.operation, what.name, names_of(living_users(volume)));
  }
  if (!kernel::is_at(layout.volumes.get(), what.name, volume)) {
    throw missing_failure(what.operation, what.name, {});
  }
  exchange_data(deed, stage, volume, watch);
  try {
    kernel::sync(volume);
  } catch (...) {
    exchange_data(deed, stage, volume, {});  // not acknowledged, so it must not stay
    throw;
  }
  kernel::unlock(lock.get());
}

}  // namespace

std::optional<VolumeInfo> replace_data(const Layout& layout, const Replacement& what, const Content& content,
                                       const Watch& watch) {
  std::optional<VolumeInfo> info = known(layout, what);
  const kernel::FileDescriptor volume = open_volume_directory(layout, what.name);
  if (!info || !volume) {
    return std::nullopt;
  }
  if (is_in_use(volume.get())) {  // before the work is done; it is looked at again
    if (auto users = names_of(living_users(volume.get())); !users.empty()) {
      throw in_use_failure(what.operation, what.name, std::move(users));
    }
  }
  Stage stage{layout.open_staging()};
  content(stage);
  kernel::sync(stage.directory());
  const auto connection = launcher::Connection::get(launcher::identity_for(0, 0));
  try {
    exchange_alone(layout, what, stage, volume.get(), watch);
  } catch (...) {
    take_back(stage, *connection);
    throw;
  }
  take_back(stage, *connection);
  info->mountpoint = layout.mountpoint(what.name);
  return info;
}

}  // namespace dunnage::volume
