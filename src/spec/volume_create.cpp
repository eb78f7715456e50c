// SPDX-License-Identifier: Apache-2.0
#include "spec/flag.hpp"
#include "spec/local_options.hpp"
#include "spec/podman_local_options.hpp"
#include "spec/value.hpp"

#include <dunnage/spec.hpp>

#include <fmt/format.h>

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace dunnage {
namespace spec {
namespace {

/// The options as one text, so that a caret has something to stand under.
std::string joined(std::span<const std::string> options) {
  std::string text;
  for (const std::string& option : options) {
    text += text.empty() ? "" : " ";
    text += option;
  }
  return text;
}

std::map<std::string, std::string> pairs_of(const Input& input, std::span<const std::string> options, Engine engine) {
  std::map<std::string, std::string> pairs;
  for (const std::string& option : options) {
    const std::size_t equals = option.find('=');
    std::string key = option.substr(0, equals);
    if (key.empty() && engine == Engine::Podman) {
      input.refuse(find_span(input, option),
                   {SpecCode::BadLabel, SpecStage::Parse, fmt::format("invalid label format: \"{}\"", shown(option))},
                   "the option has no name", "write \"KEY=VALUE\"");
    }
    pairs.insert_or_assign(std::move(key), equals == std::string::npos ? "" : option.substr(equals + 1));
  }
  return pairs;
}

SpecVolumeCreate docker_create(const Input& input, SpecVolumeCreate&& value, const Rules& rules) {
  if (value.driver != "local") {
    value.needs_mount = true;  // a plugin's volumes are mounted by the plugin
    return std::move(value);
  }
  check_local_options(input, value.stored_options, rules, SpecStage::Parse);
  const auto said = [&](const char* key) {
    const auto found = value.stored_options.find(key);
    return found != value.stored_options.end() && !found->second.empty();
  };
  value.needs_mount = said("device") || said("type");
  if (const auto size = value.stored_options.find("size"); size != value.stored_options.end()) {
    value.size = parse_size(size->second);
  }
  return std::move(value);
}

}  // namespace
}  // namespace spec

SpecVolumeCreate read_volume_create(std::string_view driver, std::span<const std::string> options, Engine engine,
                                    const SpecContext& context) {
  const std::string text = spec::joined(options);
  const spec::Input input{spec::kVolumeOptionNoun, text};
  const spec::Rules rules{.engine = engine, .own = false, .host = spec::Host{context}};
  SpecVolumeCreate value;
  value.driver = driver.empty() ? "local" : std::string{driver};
  value.stored_options = spec::pairs_of(input, options, engine);
  return engine == Engine::Podman ? spec::complete_podman_volume(input, std::move(value), rules)
                                  : spec::docker_create(input, std::move(value), rules);
}

}  // namespace dunnage
