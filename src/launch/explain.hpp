// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A path of a container, explained. The parts, each of which adds what it knows.

#include <dunnage/mount_plan.hpp>
#include <dunnage/path_explanation.hpp>
#include <dunnage/rootfs.hpp>

#include "launch/mount_table.hpp"
#include "launcher/connection.hpp"
#include "launcher/examine.hpp"
#include "launcher/identity.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace dunnage::launch {

/// Where a path is explained.
struct ExplainedPlace {
  const launcher::Connection& connection;  ///< whose rights look
  int root = -1;
  const MountPlan& plan;
  bool running = false;
  MountTable table{};  ///< empty of a container that has ended, and where the machine shows it to nobody
  Rootfs rootfs = Rootfs::host();
  std::string image_id{};
  std::filesystem::path store{};
  launcher::AskedUser user{};
};

/// "directory", "file", "link", "FIFO", "socket", "device"
[[nodiscard]] std::string kind_in_words(unsigned mode);

/// The id of a user namespace that an id of the host is; nothing if it is none.
[[nodiscard]] std::optional<std::uint32_t> inside_of(const std::vector<launcher::IdRange>& ranges,
                                                     std::uint32_t outside);

/// The path with the part that does not exist, as the container has it.
[[nodiscard]] std::string whole_path(const std::string& path, const launcher::Examination& examined);

/// Which mount serves it, from where, with which options; what of the path is below the mount's own place.
/// \return the plan's mount; null if it is none of the plan
const ResolvedMount* explain_mount(const ExplainedPlace& place, const std::string& path,
                                   const launcher::Examination& examined, PathExplanation& told);

/// What the mount covers: other mounts, and files of the image, of the directory that is the root, or of a source.
void explain_hidden(const ExplainedPlace& place, const launcher::Examination& examined, const ResolvedMount* mount,
                    PathExplanation& told);

/// Owners and what the user may do.
void explain_access(const ExplainedPlace& place, const launcher::Examination& examined, const ResolvedMount* mount,
                    PathExplanation& told);

}  // namespace dunnage::launch
