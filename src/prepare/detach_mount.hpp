// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Asking for detached mounts, in this process or of the broker, whichever may.

#include "kernel/file_descriptor.hpp"
#include "kernel/file_system_kind.hpp"
#include "launcher/connection.hpp"
#include "launcher/detach.hpp"
#include "launcher/identity.hpp"

#include <dunnage/overlay.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace dunnage::prepare {

/// What a mount is made of. The texts are the caller's.
struct SourcePath {
  const char* path;         ///< absolute
  const char* below = "";   ///< in it; made if it is missing
  int opened = -1;          ///< what `path` was when it was looked at (-1: nobody did), whose inode it has to be
  int upper = -1;           ///< the upper directory of an overlay, locked
  int user_namespace = -1;  ///< by whose ids the files are shown; only as root
};

/// What an overlay of layers is made of: names below one directory.
struct LayersPath {
  std::filesystem::path directory;  ///< absolute
  int opened = -1;                  ///< it
  std::vector<std::string> layers;  ///< the lowest first
  std::vector<int> trees{};         ///< the same, open; or none
  std::string upper{};              ///< with UpperKind::Fresh and Kept
  std::string work{};
  int written = -1;  ///< what these two are names in, if not the directory; only as root
};

/// The one way to a detached mount for an identity. Cheap; the launcher is started at the first need of it. A source
/// whose server does not answer is a failure with ETIMEDOUT after kernel::kPatience.
class MountSource {
 public:
  explicit MountSource(const launcher::Identity& identity) : identity_{identity} {}
  [[nodiscard]] const launcher::Identity& identity() const noexcept { return identity_; }

  /// The source of a bind of the plan, whose path is free of links: looked up once, for all that is done with it.
  /// \param request whose kind it has to be of
  [[nodiscard]] static launcher::DetachResult open(const char* path, const launcher::DetachRequest& request);
  [[nodiscard]] launcher::DetachResult bind(const launcher::DetachRequest& request, const SourcePath& source);
  [[nodiscard]] launcher::DetachResult tmpfs(const launcher::DetachRequest& request);
  [[nodiscard]] launcher::DetachResult overlay(const launcher::DetachRequest& request, const SourcePath& source,
                                               const OverlayOptions& options);
  /// A failure's `mount` is the index of the layer it is about, from the top.
  [[nodiscard]] launcher::DetachResult layers(const launcher::DetachRequest& request, const LayersPath& path);
  /// A part of a mount this source made; links in the path mean places in the mount.
  [[nodiscard]] launcher::DetachResult part(int mount, const std::string& path);
  /// Gives the tree to uid and gid of the request, which are ids of the container.
  [[nodiscard]] launcher::Failure change_owner(const launcher::DetachRequest& request, const SourcePath& source);
  /// Covers what the descriptors hold, in mounts this source made.
  [[nodiscard]] launcher::Failure mask(std::span<const int> targets);

 private:
  /// Where a look-up starts.
  struct Start {
    int directory;  ///< or -errno
    const char* path;
  };
  const launcher::Connection& broker();
  [[nodiscard]] Start start_of(const SourcePath& source, const launcher::DetachRequest& request);
  [[nodiscard]] bool is_served(const SourcePath& source, const launcher::DetachRequest& request);
  [[nodiscard]] launcher::DetachResult ask_broker(launcher::DetachRequest& request, const SourcePath& source,
                                                  const std::string& texts);
  [[nodiscard]] static launcher::DetachResult overlay_here(launcher::DetachRequest request, const SourcePath& source,
                                                           const OverlayOptions& options);
  [[nodiscard]] launcher::DetachResult bind_here(launcher::DetachRequest request, const SourcePath& source);
  const launcher::Identity& identity_;
  std::shared_ptr<launcher::Connection> connection_;
  std::string parent_path_;  ///< with the slash at its end
  kernel::FileDescriptor parent_;
  kernel::FileSystemKind parent_kind_{};
  std::uint64_t parent_device_ = 0;
};

}  // namespace dunnage::prepare
