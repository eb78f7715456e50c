// SPDX-License-Identifier: Apache-2.0
#include <dunnage/mount_set.hpp>

#include "model/mount_text.hpp"

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <variant>

namespace dunnage {

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
  if (options.create_source) {
    text.word("bind-create-src");
  }
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
  if (options.no_copy) {
    text.word("volume-nocopy");
  }
  for (const auto& [key, value] : options.labels) {
    text.field("volume-label", key + "=" + value);
  }
  return text.attributes(options.suid, options.dev, options.exec, VolumeMountOptions{}.exec).take();
}

std::string to_string(const Tmpfs& mount) {
  const TmpfsOptions& options = mount.options;
  model::MountText text{"tmpfs"};
  text.field("target", mount.target)
      .field("tmpfs-size", fmt::to_string(options.size))
      .field("tmpfs-mode", fmt::format("{:04o}", options.mode));
  if (options.uid) {
    text.field("tmpfs-uid", fmt::to_string(*options.uid));
  }
  if (options.gid) {
    text.field("tmpfs-gid", fmt::to_string(*options.gid));
  }
  if (options.read_only) {
    text.word("readonly");
  }
  return text.attributes(options.suid, options.dev, options.exec, TmpfsOptions{}.exec).take();
}

std::string to_string(const Mount& mount) {
  return std::visit([](const auto& kind) { return to_string(kind); }, mount);
}

const std::string& target_of(const Mount& mount) noexcept {
  return *std::visit([](const auto& kind) { return &kind.target; }, mount);
}

}  // namespace dunnage
