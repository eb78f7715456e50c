// SPDX-License-Identifier: Apache-2.0
#include <dunnage/mount_set.hpp>

#include "model/mount_text.hpp"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace dunnage {
namespace {

void add_overlay(model::MountText& text, const std::optional<OverlayOptions>& overlay) {
  if (!overlay) {
    return;
  }
  text.word("overlay");
  if (!overlay->upper.empty() || !overlay->work.empty()) {
    text.field("overlay-upper", overlay->upper.string()).field("overlay-work", overlay->work.string());
  }
  if (overlay->size != OverlayOptions{}.size) {
    text.field("overlay-size", fmt::to_string(overlay->size));
  }
}

/// What bind mounts and volumes have in common, in words of `--mount`.
template <typename Options>
void add_shared(model::MountText& text, const Options& options) {
  if (options.owner != Ownership{}) {
    text.field("owner", to_string(options.owner));
  }
  text.flag("chown", options.chown);
  if (options.relabel != Relabel::None) {
    text.field("relabel", to_string(options.relabel));
  }
  for (const std::string& pattern : options.exclude) {
    text.field("exclude", pattern);
  }
  add_overlay(text, options.overlay);
  if (const SourceLoss& loss = options.on_loss; loss != SourceLoss{}) {
    text.field("on-loss", to_string(loss.policy));
    text.field("check-interval", fmt::format("{}ms", loss.interval.count()));
    text.field("check-timeout", fmt::format("{}ms", loss.timeout.count()));
  }
}

}  // namespace

std::string to_string(const BindMount& mount) {
  const BindOptions& options = mount.options;
  model::MountText text{"bind"};
  // A leading "~" is refused in text, because people mean their home by it; a directory of that name is meant here.
  const std::string source = mount.source.string();
  text.field("source", source.starts_with('~') ? "./" + source : source).field("target", mount.target);
  if (options.read_only) {
    text.word("readonly");
  }
  // bind-recursive=readonly is only accepted with the propagation spelled out.
  if (options.propagation != Propagation::RPrivate || options.recursion == Recursion::ReadOnly) {
    text.field("bind-propagation", to_string(options.propagation));
  }
  if (options.recursion != Recursion::Enabled) {
    text.field("bind-recursive", to_string(options.recursion));
  }
  text.flag("bind-create-src", options.create_source);
  if (options.create_mode != BindOptions{}.create_mode) {
    text.field("create-mode", fmt::format("{:04o}", options.create_mode));
  }
  text.number("create-uid", options.create_uid).number("create-gid", options.create_gid);
  if (!options.transaction.empty()) {
    text.field("transaction", options.transaction);
  }
  text.flag("optional", options.optional).flag("require-mountpoint", options.require_mountpoint);
  if (options.follow != Follow::Inode) {
    text.field("follow", to_string(options.follow));
  }
  add_shared(text, options);
  return text.attributes(options.suid, options.dev, options.exec, BindOptions{}.exec).take();
}

std::string to_string(const VolumeMount& mount) {
  const VolumeMountOptions& options = mount.options;
  model::MountText text{"volume"};
  if (!mount.name.empty()) {
    text.field("source", mount.name);
  }
  text.field("target", mount.target);
  if (options.read_only) {
    text.word("readonly");
  }
  text.flag("volume-nocopy", options.no_copy).flag("nocreate", !options.create);
  if (!options.subpath.empty()) {
    text.field("volume-subpath", options.subpath);
  }
  for (const auto& [key, value] : options.labels) {
    text.field("volume-label", key + "=" + value);
  }
  if (!options.driver.empty()) {
    text.field("volume-driver", options.driver);
  }
  for (const auto& [key, value] : options.driver_options) {
    text.field("volume-opt", key + "=" + value);
  }
  if (options.access != AccessMode::Shared) {
    text.field("access", to_string(options.access));
  }
  if (options.access_timeout.count() != 0) {
    text.field("access-timeout", fmt::format("{}ms", options.access_timeout.count()));
  }
  add_shared(text, options);
  return text.attributes(options.suid, options.dev, options.exec, VolumeMountOptions{}.exec).take();
}

std::string to_string(const Tmpfs& mount) {
  const TmpfsOptions& options = mount.options;
  model::MountText text{"tmpfs"};
  text.field("target", mount.target)
      .field("tmpfs-size", fmt::to_string(options.size))
      .field("tmpfs-mode", fmt::format("{:04o}", options.mode));
  text.number("tmpfs-uid", options.uid).number("tmpfs-gid", options.gid);
  text.number("tmpfs-inodes", options.nr_inodes).flag("noswap", options.no_swap);
  if (options.read_only) {
    text.word("readonly");
  }
  return text.attributes(options.suid, options.dev, options.exec, TmpfsOptions{}.exec).take();
}

std::string to_string(const ImageMount& mount) {
  const ImageMountOptions& options = mount.options;
  model::MountText text{"image"};
  text.field("source", mount.image).field("target", mount.target);
  if (!options.subpath.empty()) {
    text.field("image-subpath", options.subpath);
  }
  add_overlay(text, options.overlay);
  return text.attributes(options.suid, options.dev, options.exec, ImageMountOptions{}.exec).take();
}

std::string to_string(const Mount& mount) {
  return std::visit([](const auto& kind) { return to_string(kind); }, mount);
}

const std::string& target_of(const Mount& mount) noexcept {
  return *std::visit([](const auto& kind) { return &kind.target; }, mount);
}

}  // namespace dunnage
