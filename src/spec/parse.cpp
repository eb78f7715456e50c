// SPDX-License-Identifier: Apache-2.0
#include "error/nearest.hpp"
#include "spec/flag.hpp"
#include "spec/interpolate.hpp"
#include "spec/lower.hpp"
#include "spec/option.hpp"

#include <dunnage/mount_set.hpp>
#include <dunnage/spec.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dunnage {
namespace spec {
namespace {

using Reader = SpecMount (*)(const Input&, const Rules&);

struct FlagName {
  std::string_view name;
  std::string_view noun;
  Mount (*parse)(const Input&, Engine);
};

Mount own_mount(const Input& input, Engine engine, Reader read) {
  return realise(&input, read(input, {.engine = engine, .own = true}));
}

Mount own_compose_mount(const Input& input) {
  const Host host;
  const std::string text = interpolate(input, host, SpecStage::Parse);
  const Input interpolated{kComposeNoun, text};
  return realise(&interpolated, compose_short(interpolated, {.engine = Engine::Compose, .own = true, .host = host}));
}

Mount own_volume_flag(const Input& input, Engine engine) {
  return engine == Engine::Compose ? own_compose_mount(input)
                                   : own_mount(input, engine, engine == Engine::Podman ? podman_volume : docker_volume);
}

Mount own_mount_flag(const Input& input, Engine engine) {
  if (engine == Engine::Compose) {
    input.refuse(at_least_one(input.all()), {.code = SpecCode::Unsupported}, "Compose has no flag --mount",
                 "give the long form to read_compose_long()", errc::not_supported);
  }
  return own_mount(input, engine, engine == Engine::Podman ? podman_mount : docker_mount);
}

Mount own_tmpfs_flag(const Input& input, Engine engine) {
  return own_mount(input, engine, engine == Engine::Podman ? podman_tmpfs : docker_tmpfs);
}

constexpr std::array kFlagNames{
    FlagName{"-v", kVolumeNoun, own_volume_flag},
    FlagName{"--volume", kVolumeNoun, own_volume_flag},
    FlagName{"--mount", kMountNoun, own_mount_flag},
    FlagName{"--tmpfs", kTmpfsNoun, own_tmpfs_flag},
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
  return text.size() > key.size() && (text[key.size()] == '=' || find_option(Flag::DockerMount, true, key) != nullptr);
}

Mount parse_flag(std::string_view text, Engine engine) {
  const std::size_t end = std::min(text.find_first_of(" \t="), text.size());
  const std::string_view name = text.substr(0, end);
  for (const FlagName& flag : kFlagNames) {
    if (flag.name == name) {
      return flag.parse(Input{flag.noun, text, begin_of_value(text, end)}, engine);
    }
  }
  std::array<std::string_view, kFlagNames.size()> names;
  std::transform(kFlagNames.begin(), kFlagNames.end(), names.begin(), [](const FlagName& flag) { return flag.name; });
  const auto near = error::nearest(name, names);
  Input{kMountNoun, text}.refuse(
      {0, end}, {.code = SpecCode::UnknownOption}, fmt::format("unknown flag \"{}\"", name.substr(0, 100)),
      near ? fmt::format("did you mean \"{}\"?", *near) : "use \"-v\", \"--volume\", \"--mount\" or \"--tmpfs\"");
}

SpecMount engine_mount(std::string_view noun, std::string_view text, Engine engine, const SpecContext& context,
                       Reader read) {
  return read(Input{noun, text}, {.engine = engine, .own = false, .host = Host{context}});
}

Flag flag_named(std::string_view name, Engine engine) {
  const bool podman = engine == Engine::Podman;
  if (name == "-v" || name == "--volume") {
    return podman ? Flag::PodmanVolume : engine == Engine::Compose ? Flag::ComposeShort : Flag::DockerVolume;
  }
  if (name == "--mount") {
    return podman ? Flag::PodmanMount : Flag::DockerMount;
  }
  if (name == "--tmpfs") {
    return podman ? Flag::PodmanTmpfs : Flag::DockerTmpfs;
  }
  const Input input{kMountNoun, name};
  input.refuse(at_least_one(input.all()), {.code = SpecCode::UnknownOption},
               fmt::format("\"{}\" is not a flag for storage", shown(name)), "use \"-v\", \"--mount\" or \"--tmpfs\"");
}

}  // namespace
}  // namespace spec

Mount parse_volume_flag(std::string_view text, Engine engine) {
  return spec::own_volume_flag(spec::Input{spec::kVolumeNoun, text}, engine);
}

Mount parse_mount_flag(std::string_view text, Engine engine) {
  return spec::own_mount_flag(spec::Input{spec::kMountNoun, text}, engine);
}

Mount parse_tmpfs_flag(std::string_view text, Engine engine) {
  return spec::own_tmpfs_flag(spec::Input{spec::kTmpfsNoun, text}, engine);
}

MountSet& MountSet::add_spec(std::string_view text, Engine engine) {
  if (text.starts_with('-')) {
    return add(spec::parse_flag(text, engine));
  }
  const bool mount = engine != Engine::Compose && spec::looks_like_mount_flag(text);
  return add(mount ? parse_mount_flag(text, engine) : parse_volume_flag(text, engine));
}

SpecMount read_docker_volume(std::string_view text, const SpecContext& context) {
  return spec::engine_mount(spec::kVolumeNoun, text, Engine::Docker, context, spec::docker_volume);
}

SpecMount read_docker_mount(std::string_view text, const SpecContext& context) {
  return spec::engine_mount(spec::kMountNoun, text, Engine::Docker, context, spec::docker_mount);
}

SpecMount read_podman_volume(std::string_view text, const SpecContext& context) {
  return spec::engine_mount(spec::kVolumeNoun, text, Engine::Podman, context, spec::podman_volume);
}

SpecMount read_podman_mount(std::string_view text, const SpecContext& context) {
  return spec::engine_mount(spec::kMountNoun, text, Engine::Podman, context, spec::podman_mount);
}

SpecMount read_tmpfs(std::string_view text, Engine engine, const SpecContext& context) {
  return spec::engine_mount(spec::kTmpfsNoun, text, engine, context,
                            engine == Engine::Podman ? spec::podman_tmpfs : spec::docker_tmpfs);
}

std::vector<SpecWord> spec_words(std::string_view flag, Engine engine) {
  const spec::Flag which = spec::flag_named(flag, engine);
  std::vector<SpecWord> words;
  for (const spec::Option& option : spec::options()) {
    if (option.explains() || !option.is_in(which, true)) {
      continue;
    }
    SpecWord word{.name = option.name,
                  .aliases = {},
                  .value = option.value,
                  .summary = option.summary,
                  .member = spec::member_of(option.word)};
    std::copy_if(option.aliases.begin(), option.aliases.end(), std::back_inserter(word.aliases),
                 [](std::string_view alias) { return !alias.empty(); });
    word.own = !option.is_in(which, false);
    words.push_back(std::move(word));
  }
  return words;
}

}  // namespace dunnage
