// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What containers of one specification share.

#include <dunnage/container.hpp>
#include <dunnage/image.hpp>
#include <dunnage/mount_plan.hpp>
#include <dunnage/prepared_mounts.hpp>

#include "image/layout.hpp"
#include "kernel/file_descriptor.hpp"
#include "launch/user.hpp"
#include "launcher/connection.hpp"
#include "launcher/identity.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace dunnage::launch {

/// A mount that is attached for each container, to something of its own.
struct AttachedMount {
  std::size_t index = 0;                 ///< in the plan
  std::optional<std::size_t> own;        ///< made for each container: its place in Template::own
  std::optional<std::int32_t> shared{};  ///< its number among the mounts of the namespace
};

/// A part of the root of the host, by its number.
struct SharedPart {
  std::string target;
  bool is_file = false;
  std::int32_t number = 0;
};

/// Nothing of it changes once it is made: any number of threads may launch from it.
struct Template {
  Accounts accounts;
  User user;
  std::uint64_t capabilities = 0;
  launcher::Identity identity;
  std::shared_ptr<launcher::Connection> connection;
  std::shared_ptr<const image::Layout> images;
  std::shared_ptr<const ImageInfo> image;
  std::vector<kernel::FileDescriptor> image_locks;

  std::shared_ptr<const MountPlan> plan;
  MountPlan shared;  ///< of it: what is prepared once
  MountPlan own;     ///< of it: what is prepared for each container, in the order of the plan
  std::vector<AttachedMount> attached;
  std::vector<SharedPart> parts;
  PreparedMounts prepared;  ///< holds what is shared

  bool with_root = false;          ///< the root is in the namespace, with all mounts that are not `attached`
  kernel::FileDescriptor mounts;   ///< the namespace (launcher/program/template.cpp)
  kernel::FileDescriptor places;   ///< of PlaceRecords
  kernel::FileDescriptor content;  ///< what the image has, for volumes that are filled; only with the root
};

}  // namespace dunnage::launch
