// SPDX-License-Identifier: Apache-2.0
#include <dunnage/rootfs.hpp>

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

namespace dunnage {

Rootfs::Rootfs(Kind kind, std::filesystem::path path, std::string name)
    : kind_{kind}, path_{std::move(path)}, name_{std::move(name)} {}

Rootfs Rootfs::host() { return Rootfs{Kind::Host, {}, {}}; }
Rootfs Rootfs::directory(std::filesystem::path path) { return Rootfs{Kind::Directory, std::move(path), {}}; }
Rootfs Rootfs::image(std::string name) { return Rootfs{Kind::Image, {}, std::move(name)}; }

std::string Rootfs::to_string() const {
  return kind_ == Kind::Host ? "host" : kind_ == Kind::Image ? name_ : path_.string();
}

std::string_view to_string(RootChanges::Kind kind) noexcept {
  return kind == RootChanges::Kind::Disk ? "disk" : "memory";
}

std::string_view to_string(ImageVolumes volumes) noexcept {
  switch (volumes) {
    case ImageVolumes::Anonymous:
      return "anonymous";
    case ImageVolumes::Tmpfs:
      return "tmpfs";
    case ImageVolumes::Ignore:
      return "ignore";
  }
  return "unknown";
}

}  // namespace dunnage
