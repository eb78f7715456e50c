// SPDX-License-Identifier: Apache-2.0
#include <dunnage/project.hpp>

#include "compose/hash.hpp"
#include "compose/model.hpp"
#include "error/nearest.hpp"
#include "error/printable.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <map>
#include <memory>
#include <ostream>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dunnage {
namespace {

/// A dollar sign is one again when it is read.
std::string escaped(std::string text, bool interpolated) {
  if (interpolated) {
    for (std::size_t at = text.find('$'); at != std::string::npos; at = text.find('$', at + 2)) {
      text.insert(at, 1, '$');
    }
  }
  return text;
}

void visit(const std::map<std::string, Service>& services, const std::string& name, std::set<std::string>& done,
           std::vector<std::string>& order) {
  const auto found = services.find(name);
  if (found == services.end() || !done.insert(name).second) {
    return;
  }
  for (const auto& [other, dependency] : found->second.depends_on) {
    visit(services, other, done, order);
  }
  order.push_back(name);
}

}  // namespace

ProjectGrants ProjectGrants::all() noexcept {
  return {.host_paths = true,
          .environment = true,
          .devices = true,
          .driver_options = true,
          .privileges = true,
          .external = true};
}

std::string ProjectNote::to_string() const {
  return place.line == 0 ? fmt::format("{}: {}", path, text)
                         : fmt::format("{}:{}:{}: {}: {}", place.file, place.line, place.column, path, text);
}

Project::Project(std::shared_ptr<const State> state) noexcept : state_{std::move(state)} {}

Project Project::load(const ProjectSource& source) {
  return Project{std::make_shared<const State>(compose::load_model(source))};
}

const std::string& Project::name() const noexcept { return state_->name; }
const std::filesystem::path& Project::directory() const noexcept { return state_->directory; }
const std::vector<std::filesystem::path>& Project::files() const noexcept { return state_->files; }
const std::map<std::string, Service>& Project::services() const noexcept { return state_->services; }
const std::map<std::string, std::vector<std::string>>& Project::disabled_services() const noexcept {
  return state_->disabled;
}
const std::map<std::string, ProjectVolume>& Project::volumes() const noexcept { return state_->volumes; }
const std::map<std::string, ProjectFile>& Project::configs() const noexcept { return state_->configs; }
const std::map<std::string, ProjectFile>& Project::secrets() const noexcept { return state_->secrets; }
const std::vector<ProjectNote>& Project::notes() const noexcept { return state_->notes; }

const Service& Project::service(std::string_view name) const {
  const auto found = state_->services.find(std::string{name});
  if (found != state_->services.end()) {
    return found->second;
  }
  std::vector<std::string> names;
  for (const auto& [other, service] : state_->services) {
    names.push_back(other);
  }
  const auto disabled = state_->disabled.find(std::string{name});
  const auto near = error::nearest(name, std::span<const std::string>{names});
  throw ProjectError{
      {.stage = Stage::Parse,
       .operation = "find service",
       .subject = std::string{name},
       .detail = "",
       .cause = disabled != state_->disabled.end()
                    ? "no profile that is used enables it"
                    : fmt::format("the project \"{}\" has no such service", state_->name),
       .code = errc::invalid_argument,
       .remedy = disabled != state_->disabled.end() ? fmt::format("enable its profile \"{}\"", disabled->second.front())
                 : near                             ? fmt::format("did you mean \"{}\"?", *near)
                                                    : "name one that is there"},
      {},
      "",
      0};
}

std::vector<std::string> Project::start_order() const {
  std::vector<std::string> order;
  std::set<std::string> done;
  for (const auto& [name, service] : state_->services) {
    visit(state_->services, name, done, order);
  }
  return order;
}

std::string Project::to_yaml() const {
  return escaped(compose::yaml_text(compose::printed(state_->value, compose::project_shape(), compose::Form::Yaml)),
                 state_->interpolated);
}

std::string Project::to_json() const {
  compose::Json json = compose::printed(state_->value, compose::project_shape(), compose::Form::Json);
  json.erase("models");  // as in Docker Compose
  std::map<std::string, compose::Json> sorted;
  for (auto& [name, value] : json.get_ref<compose::Json::object_t&>()) {
    sorted.emplace(name, std::move(value));
  }
  compose::Json result = compose::Json::object();
  for (auto& [name, value] : sorted) {
    result.get_ref<compose::Json::object_t&>().emplace_back(name, std::move(value));
  }
  constexpr int kIndent = 2;
  return escaped(compose::json_text(result, kIndent), state_->interpolated);
}

std::string Project::config_hash(std::string_view name) const {
  const Service& asked = service(name);
  if (const auto* known = state_->hashes.load()) {
    return known->at(asked.name);
  }
  auto hashes = std::make_unique<State::Hashes>();
  for (const auto& [key, service] : state_->services) {
    hashes->insert_or_assign(key, compose::service_hash(*state_, service));
  }
  const std::string hash = hashes->at(asked.name);
  const State::Hashes* none = nullptr;
  if (state_->hashes.compare_exchange_strong(none, hashes.get())) {
    (void)hashes.release();
  }
  return hash;
}

std::string Project::volume_hash(std::string_view name) const {
  const auto found = state_->volumes.find(std::string{name});
  if (found == state_->volumes.end()) {
    throw ProjectError{{.stage = Stage::Parse,
                        .operation = "find volume",
                        .subject = std::string{name},
                        .detail = "",
                        .cause = fmt::format("the project \"{}\" declares no such volume", state_->name),
                        .code = errc::invalid_argument,
                        .remedy = "give its key in the file"},
                       {},
                       "",
                       0};
  }
  return compose::volume_hash(found->second);
}

bool operator==(const Project& left, const Project& right) {
  return left.state_ == right.state_ ||
         (left.name() == right.name() && left.directory() == right.directory() && left.to_yaml() == right.to_yaml());
}

std::ostream& operator<<(std::ostream& out, const Project& project) { return out << project.to_yaml(); }

}  // namespace dunnage
