// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The first content of a volume: what an image has where the volume is mounted.
///
/// It is copied in `staging/`, out of everybody's sight, brought to the disk, and then moved to its place in one step:
/// with a new volume by the rename that makes the volume, into one that is there and empty by a rename onto its empty
/// directory, which the kernel refuses if anything is in it by then. So whatever ends this process, the volume has all
/// of it or nothing, and data that is there is never touched. Of those who come at once one copies, the others wait.

#include <dunnage/progress.hpp>
#include <dunnage/volume_store.hpp>

#include "launcher/connection.hpp"
#include "volume/layout.hpp"

#include <string>

namespace dunnage::volume {

inline constexpr const char* kFillVolume = "fill volume";  ///< the operation, in errors

/// Where the content comes from.
struct FillSource {
  const launcher::Connection& connection;  ///< whose rights copy it
  int root = -1;                           ///< a root file system nobody writes to meanwhile
  std::string path{};                      ///< in it; links are taken as in a container, and lead nowhere else
  Watch watch{};                           ///< the deadline bounds waiting for others too; without one ten minutes do
};

enum class Filled {
  Copied,
  NothingThere,  ///< the image has no directory there
  HasData,
  InUse,      ///< somebody uses it, and might find files appear
  NoSubpath,  ///< there is no directory to be filled
  Elsewhere,  ///< its data is not in a directory of the store: see fill_elsewhere.hpp; or it is a mount point
};

/// What became of it, as a reason of a plan.
[[nodiscard]] std::string reason_of(Filled filled, const std::string& path);

/// Makes the volume if it is missing; what is there and empty is filled.
/// \param subpath  only this directory of the volume is filled, if it is there
/// Throws: VolumeError; cancelled, timed_out, or what failed and about which file.
Filled fill(const Layout& layout, const std::string& name, const VolumeOptions& options, const std::string& subpath,
            const FillSource& source);

struct FilledVolume {
  VolumeInfo info;
  Filled filled;
};
/// A new volume without a name. Throws: as fill().
[[nodiscard]] FilledVolume create_anonymous_filled(const Layout& layout, const std::string& owner,
                                                   const VolumeOptions& options, const std::string& subpath,
                                                   const FillSource& source);

}  // namespace dunnage::volume
