// SPDX-License-Identifier: Apache-2.0
#include "spec/image_mount.hpp"

#include "model/target.hpp"

#include <optional>
#include <utility>

namespace dunnage::spec {

ImageMount image_mount(SpecMount&& mount) {
  ImageMount result{.image = std::move(mount.source), .target = std::move(mount.target)};
  ImageMountOptions& options = result.options;
  options.suid = mount.own.suid.value_or(options.suid);
  options.dev = mount.own.dev.value_or(options.dev);
  options.exec = mount.own.exec.value_or(options.exec);
  options.overlay = std::move(mount.own.overlay);
  if (mount.engine != Engine::Podman) {
    options.subpath = std::move(mount.subpath);
    return result;
  }
  options.subpath = model::clean_path(mount.subpath).substr(1);  // Podman's begins at the root of the image
  if (!mount.read_only && !options.overlay) {
    options.overlay = OverlayOptions{};
  }
  return result;
}

}  // namespace dunnage::spec
