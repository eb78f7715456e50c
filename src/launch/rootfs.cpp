// SPDX-License-Identifier: Apache-2.0
#include <dunnage/error.hpp>
#include <dunnage/rootfs.hpp>

#include "spec/lower.hpp"
#include "spec/value.hpp"

#include <fmt/format.h>

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

RootChanges RootChanges::parse_storage_option(std::string_view text) {
  const auto refuse = [&](std::string cause, errc code, const char* remedy) {
    throw LaunchError{{.stage = Stage::Parse,
                       .operation = "read storage option",
                       .subject = std::string{text},
                       .detail = {},
                       .cause = std::move(cause),
                       .code = code,
                       .remedy = remedy}};
  };
  const std::string_view name = text.substr(0, text.find('='));
  if (!spec::equals_in_any_case(name, "size")) {
    refuse("there is no such option", errc::not_supported, "write \"size=1G\", or leave it out");
  }
  const auto size = name == text ? std::nullopt : spec::parse_size(text.substr(name.size() + 1));
  if (!size) {
    refuse("its value is no size", errc::invalid_argument, "write a number, perhaps with a unit: \"size=1G\"");
  }
  RootChanges changes;
  if (*size != 0) {
    changes.limit = *size;
  }
  return changes;
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
