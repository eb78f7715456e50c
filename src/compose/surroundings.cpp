// SPDX-License-Identifier: Apache-2.0
#include "compose/surroundings.hpp"

#include "error/printable.hpp"

#include <fmt/format.h>

#include <unistd.h>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

namespace dunnage::compose {
namespace {

Environment environment_of_process() {
  Environment variables;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos) {
      variables.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
  }
  return variables;
}

}  // namespace

Surroundings::Surroundings(Texts& texts, const ProjectSource& source)
    : texts_{&texts}, hidden_{!source.environment && !source.grants.environment} {
  if (source.environment) {
    variables_ = *source.environment;
  } else if (source.grants.environment) {
    variables_ = environment_of_process();
  }
}

std::optional<std::string> Surroundings::known(const std::string& name) const {
  const auto found = variables_.find(name);
  return found == variables_.end() ? std::nullopt : std::optional{found->second};
}

std::optional<std::string> Surroundings::find(const std::string& name, Mark mark, const Path& path) const {
  if (auto value = known(name)) {
    return value;
  }
  if (hidden_ && std::getenv(name.c_str()) != nullptr) {
    texts_->refuse(
        mark, to_string(path),
        fmt::format("the variable {} is set in the environment of this process alone", error::printable(name)),
        "set it in \".env\", or have the caller grant environment", errc::not_granted);
  }
  return std::nullopt;
}

void Surroundings::add_file(std::uint32_t file, Environment& seen) const {
  const Lookup lookup = [&](const std::string& name) { return find(name, {file, 0, 0}, {}); };
  // Values of earlier lines and files come first, so that nothing is asked of the process that is there already.
  const Lookup nearest = [&](const std::string& name) -> std::optional<std::string> {
    if (auto value = known(name)) {
      return value;
    }
    const auto found = seen.find(name);
    return found != seen.end() ? std::optional{found->second} : lookup(name);
  };
  read_dotenv(*texts_, file, nearest, seen);
}

std::string Surroundings::home() const {
  if (auto value = known("HOME")) {
    return *value;
  }
  const char* const home = hidden_ ? std::getenv("HOME") : nullptr;
  return home == nullptr ? "" : home;
}

}  // namespace dunnage::compose
