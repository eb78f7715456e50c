// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// One entry of `security_opt`.

#include <dunnage/seccomp.hpp>

#include "compose/files.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace dunnage::compose {

struct SecurityOption {
  std::string_view name;
  std::string_view value;  ///< empty without one
};

/// "NAME=VALUE", or "NAME:VALUE" as it was once written.
[[nodiscard]] inline SecurityOption security_option(std::string_view text) {
  auto end = text.find('=');
  end = end == std::string_view::npos ? text.find(':') : end;
  return end == std::string_view::npos ? SecurityOption{text, {}}
                                       : SecurityOption{text.substr(0, end), text.substr(end + 1)};
}

/// Whether programs may gain nothing; none if the option is another one. Without a value they may not.
[[nodiscard]] inline std::optional<bool> no_new_privileges_option(std::string_view text) {
  return text.starts_with("no-new-privileges") ? std::optional{!text.ends_with("false")} : std::nullopt;
}

/// What `seccomp=VALUE` means; none if the option is another one or names nothing. A path begins at the project's
/// directory, and `~` is a name as any other there.
[[nodiscard]] inline std::optional<Seccomp> seccomp_option(const SecurityOption& option, const std::string& directory) {
  if (option.name != "seccomp" || option.value.empty() || option.value.find('\0') != std::string_view::npos) {
    return std::nullopt;
  }
  Seccomp seccomp = Seccomp::parse(option.value);
  return seccomp.kind() == Seccomp::Kind::File ? Seccomp::file(absolute_path(option.value, directory, "")) : seccomp;
}

}  // namespace dunnage::compose
