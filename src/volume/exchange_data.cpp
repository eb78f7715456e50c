// SPDX-License-Identifier: Apache-2.0
#include "volume/exchange_data.hpp"

#include <dunnage/error.hpp>

#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "launcher/connection.hpp"
#include "launcher/look.hpp"
#include "volume/directory.hpp"
#include "volume/failure.hpp"
#include "volume/kept_volume.hpp"
#include "volume/limit_move.hpp"
#include "volume/metadata_change.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <exception>
#include <system_error>

namespace dunnage::volume {
namespace {

/// XFS takes a directory that moves for one that is written to. What cannot be put back harms nobody.
class Times {
 public:
  Times(int stage, int volume) : stage_{stage}, volume_{volume} {
    struct stat status {};
    prepared_ = ::fstatat(stage, kDataName, &status, AT_SYMLINK_NOFOLLOW) == 0 ? status.st_mtim : omit();
    before_ = ::fstatat(volume, kDataName, &status, AT_SYMLINK_NOFOLLOW) == 0 ? status.st_mtim : omit();
  }
  /// After the exchange.
  void put_back() const noexcept {
    const timespec of_volume[2] = {omit(), prepared_};
    const timespec of_stage[2] = {omit(), before_};
    (void)::utimensat(volume_, kDataName, of_volume, AT_SYMLINK_NOFOLLOW);
    (void)::utimensat(stage_, kDataName, of_stage, AT_SYMLINK_NOFOLLOW);
  }

 private:
  static timespec omit() noexcept { return {0, UTIME_OMIT}; }

  int stage_;
  int volume_;
  timespec prepared_{};
  timespec before_{};
};

/// A directory that moves is written to, which an ordinary user may not do where it belongs to others.
void exchange(const Deed& deed, const Stage& stage, int volume, const Watch& watch) {
  const Times times{stage.directory(), volume};
  const int number = kernel::exchange(stage.directory(), kDataName, volume, kDataName);
  if (number == EBUSY || number == EXDEV) {
    throw deed_failure(deed, "its data is at a mount point", make_error_code(errc::not_supported),
                       "unmount it, or change what is mounted there by its own means");
  }
  if (number != 0 && number != EACCES) {
    throw kernel::CallError{"rename", number};
  }
  if (number == EACCES) {
    const auto connection = launcher::connection_of_containers();
    const auto outcome =
        launcher::exchange_entries(*connection, stage.directory(), kDataName, volume, kDataName, watch);
    require_done(deed, outcome);
  }
  times.put_back();
}

/// Data under one limit does not take the place of data under another.
void require_same_limit(const Layout& layout, const Deed& deed, int volume, const VolumeInfo& known) {
  const MetadataLock lock{volume};
  settle_limit_move(layout, deed.volume, volume, lock);
  const VolumeInfo now = read_metadata(layout, deed.operation, deed.volume, volume).info;
  if (now.limit != known.limit || now.limit_way != known.limit_way) {
    throw deed_failure(deed, "it was given another limit meanwhile",
                       std::make_error_code(std::errc::resource_unavailable_try_again), "try again");
  }
}

}  // namespace

void exchange_data(const Layout& layout, const Deed& deed, Stage& stage, int volume, const VolumeInfo& known,
                   const Watch& watch, const std::function<void()>& settle) {
  const KeptVolume alone{layout, deed.operation, deed.volume, KeptVolume::Beside::Nobody};
  if (!kernel::is_at(layout.volumes.get(), deed.volume, volume)) {  // another one is called that by now
    throw missing_failure(deed.operation, deed.volume, names_to_suggest(layout));
  }
  require_same_limit(layout, deed, volume, known);
  exchange_kept_data(deed, stage, volume, watch, settle);
}

void exchange_kept_data(const Deed& deed, Stage& stage, int volume, const Watch& watch,
                        const std::function<void()>& settle) {
  exchange(deed, stage, volume, watch);
  try {
    settle();
  } catch (...) {
    try {
      exchange(deed, stage, volume, {});  // not acknowledged, so it must not stay
    } catch (const std::exception&) {
      stage.leave();
    }
    throw;
  }
}

}  // namespace dunnage::volume
