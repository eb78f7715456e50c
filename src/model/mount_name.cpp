// SPDX-License-Identifier: Apache-2.0
#include "model/mount_name.hpp"

#include "error/printable.hpp"

#include <fmt/format.h>

#include <array>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <variant>

namespace dunnage::model {
namespace {

constexpr std::array<std::string_view, 4> kNouns{"bind mount", "volume", "tmpfs", "image"};

std::string source_of(const Mount& mount) {
  if (const auto* bind = std::get_if<BindMount>(&mount)) {
    return bind->source.string();
  }
  if (const auto* volume = std::get_if<VolumeMount>(&mount)) {
    return volume->name;
  }
  if (const auto* image = std::get_if<ImageMount>(&mount)) {
    return image->image;
  }
  return {};
}

}  // namespace

std::string_view noun_of(const Mount& mount) noexcept { return kNouns[mount.index()]; }

std::string subject_of(const Mount& mount) {
  if (std::holds_alternative<Tmpfs>(mount)) {
    return target_of(mount);
  }
  std::string source = source_of(mount);
  return source.empty() && std::holds_alternative<VolumeMount>(mount) ? "anonymous" : source;
}

std::string detail_of(const Mount& mount) {
  return std::holds_alternative<Tmpfs>(mount) ? "" : fmt::format("-> \"{}\"", target_of(mount));
}

std::string name_of(const Mount& mount) {
  const std::string detail = detail_of(mount);
  return error::printable(
      fmt::format("{} \"{}\"{}{}", noun_of(mount), subject_of(mount), detail.empty() ? "" : " ", detail));
}

MountError mount_error(Stage stage, std::string_view verb, const Mount& mount, std::string cause, std::error_code code,
                       std::string remedy) {
  return MountError{{.stage = stage,
                     .operation = fmt::format("{} {}", verb, noun_of(mount)),
                     .subject = subject_of(mount),
                     .detail = detail_of(mount),
                     .cause = std::move(cause),
                     .code = code,
                     .remedy = std::move(remedy)},
                    source_of(mount),
                    target_of(mount)};
}

}  // namespace dunnage::model
