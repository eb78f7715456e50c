// SPDX-License-Identifier: Apache-2.0
#include "spec/host.hpp"

#include "spec/lower.hpp"
#include "spec/text.hpp"

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace dunnage::spec {
namespace {

const SpecContext kThisHost{};

}  // namespace

Host::Host() noexcept : context_{&kThisHost} {}

std::string Host::working_directory() const {
  return context_->working_directory ? *context_->working_directory : std::filesystem::current_path().string();
}

std::string Host::project_directory() const {
  return context_->project_directory ? *context_->project_directory : working_directory();
}

std::string Host::project_name() const {
  if (context_->project_name) {
    return *context_->project_name;
  }
  const std::string directory = clean(project_directory());
  std::string name;
  for (const char letter : lower(directory.substr(directory.rfind('/') + 1))) {
    const bool plain = (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9');
    if (plain || (!name.empty() && (letter == '_' || letter == '-'))) {
      name += letter;
    }
  }
  return name;
}

std::string Host::home() const { return context_->home ? *context_->home : variable("HOME").value_or(""); }

std::optional<std::string> Host::variable(const std::string& name) const {
  if (context_->environment) {
    const auto found = context_->environment->find(name);
    return found == context_->environment->end() ? std::nullopt : std::optional{found->second};
  }
  const char* const value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>{value};
}

bool Host::exists(const std::string& path) const {
  if (context_->exists) {
    return context_->exists(path);
  }
  std::error_code error;
  return std::filesystem::exists(std::filesystem::symlink_status(path, error));
}

std::string Host::absolute(std::string_view path) const {
  return path.starts_with('/') ? clean(path) : spec::absolute(working_directory(), path);
}

}  // namespace dunnage::spec
