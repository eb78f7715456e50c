// SPDX-License-Identifier: Apache-2.0
#include "error/nearest.hpp"
#include "spec/flag.hpp"
#include "spec/lower.hpp"
#include "spec/option.hpp"

#include <dunnage/mount_set.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace dunnage {
namespace spec {
namespace {

struct FlagName {
  std::string_view name;
  std::string_view noun;
  Mount (*read)(const Input&);
};

constexpr std::array kFlagNames{
    FlagName{"-v", kVolumeNoun, read_volume_flag},
    FlagName{"--volume", kVolumeNoun, read_volume_flag},
    FlagName{"--mount", kMountNoun, read_mount_flag},
    FlagName{"--tmpfs", kTmpfsNoun, read_tmpfs_flag},
};

/// Where the value begins after a flag's name: `--mount X`, `--mount=X`, `-v X`, `-v=X`.
std::size_t begin_of_value(std::string_view text, std::size_t after_name) {
  if (after_name < text.size() && text[after_name] == '=') {
    return after_name + 1;
  }
  return std::min(text.find_first_not_of(" \t", after_name), text.size());
}

/// Whether the first field reads like one of `--mount`, so that a slip in it is explained in those words.
bool looks_like_mount_flag(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t\""), text.size()));
  const std::string key = lower(text.substr(0, std::min(text.find_first_of("=,"), text.size())));
  if (key.empty() || key.find_first_not_of("abcdefghijklmnopqrstuvwxyz-") != std::string::npos) {
    return false;
  }
  return text.size() > key.size() && (text[key.size()] == '=' || find_option(Flag::Mount, Type::Bind, key) != nullptr);
}

Mount read_flag(std::string_view text) {
  const std::size_t end = std::min(text.find_first_of(" \t="), text.size());
  const std::string_view name = text.substr(0, end);
  for (const FlagName& flag : kFlagNames) {
    if (flag.name == name) {
      return flag.read(Input{flag.noun, text, begin_of_value(text, end)});
    }
  }
  std::array<std::string_view, kFlagNames.size()> names;
  std::transform(kFlagNames.begin(), kFlagNames.end(), names.begin(), [](const FlagName& flag) { return flag.name; });
  const auto near = error::nearest(name, names);
  Input{kMountNoun, text}.refuse(
      {0, end}, fmt::format("unknown flag \"{}\"", name.substr(0, 100)),
      near ? fmt::format("did you mean \"{}\"?", *near) : "use \"-v\", \"--volume\", \"--mount\" or \"--tmpfs\"");
}

}  // namespace
}  // namespace spec

Mount parse_volume_flag(std::string_view text) { return spec::read_volume_flag(spec::Input{spec::kVolumeNoun, text}); }

Mount parse_mount_flag(std::string_view text) { return spec::read_mount_flag(spec::Input{spec::kMountNoun, text}); }

Mount parse_tmpfs_flag(std::string_view text) { return spec::read_tmpfs_flag(spec::Input{spec::kTmpfsNoun, text}); }

MountSet& MountSet::add_spec(std::string_view text) {
  if (text.starts_with('-')) {
    return add(spec::read_flag(text));
  }
  return add(spec::looks_like_mount_flag(text) ? parse_mount_flag(text) : parse_volume_flag(text));
}

}  // namespace dunnage
