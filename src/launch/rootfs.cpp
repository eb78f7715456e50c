// SPDX-License-Identifier: Apache-2.0
#include <dunnage/rootfs.hpp>

#include <filesystem>
#include <string>
#include <utility>

namespace dunnage {

Rootfs::Rootfs(Kind kind, std::filesystem::path path) : kind_{kind}, path_{std::move(path)} {}

Rootfs Rootfs::host() { return Rootfs{Kind::Host, {}}; }
Rootfs Rootfs::directory(std::filesystem::path path) { return Rootfs{Kind::Directory, std::move(path)}; }

std::string Rootfs::to_string() const { return kind_ == Kind::Host ? "host" : path_.string(); }

}  // namespace dunnage
