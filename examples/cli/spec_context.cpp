// SPDX-License-Identifier: Apache-2.0
#include "spec_context.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace cli {
namespace {

/// No part of the path is exactly "missing".
bool exists_on_reference_machine(const std::string& path) {
  constexpr std::string_view kMissing = "missing";
  std::size_t begin = 0;
  while (begin <= path.size()) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    if (std::string_view{path}.substr(begin, end - begin) == kMissing) return false;
    begin = end + 1;
  }
  return true;
}

RequestContext reference_machine() {
  RequestContext context;
  context.spec.working_directory = "/srv/app";
  context.spec.home = "/home/dev";
  context.spec.project_name = "shop";
  context.spec.environment.emplace();
  context.spec.exists = exists_on_reference_machine;
  return context;
}

void take_environment(dunnage::SpecContext& context, const Json& value) {
  for (const auto& [name, text] : value.items()) {
    (*context.environment)[name] = text.is_string() ? text.get<std::string>() : one_line(text);
  }
}

void take_missing(dunnage::SpecContext& context, const Json& value) {
  std::vector<std::string> paths;
  for (const Json& path : value) paths.push_back(path.get<std::string>());
  context.exists = [paths](const std::string& path) {
    return exists_on_reference_machine(path) && std::find(paths.begin(), paths.end(), path) == paths.end();
  };
}

/// By key the engine's name, or a volume as in a Compose file.
void take_declared(RequestContext& context, const Json& value) {
  Json volumes = Json::object();
  for (const auto& [key, volume] : value.items()) {
    volumes[key] = volume.is_string() ? Json{{"name", volume}} : volume;
  }
  context.spec.volumes = dunnage::read_compose_top_level(one_line({{"volumes", volumes}}), context.spec);
}

using Take = std::function<void(RequestContext&, const Json&)>;

const std::map<std::string, Take>& members() {
  static const Take kCwd = [](RequestContext& c, const Json& v) { c.spec.working_directory = v.get<std::string>(); };
  static const Take kHome = [](RequestContext& c, const Json& v) {
    c.spec.home = v.is_null() ? "" : v.get<std::string>();
  };
  static const Take kProject = [](RequestContext& c, const Json& v) { c.spec.project_name = v.get<std::string>(); };
  static const Take kDirectory = [](RequestContext& c, const Json& v) {
    c.spec.project_directory = v.get<std::string>();
  };
  static const Take kEnvironment = [](RequestContext& c, const Json& v) { take_environment(c.spec, v); };
  static const Take kVolumes = [](RequestContext& c, const Json& v) {
    if (v.is_object()) return take_declared(c, v);
    c.service_volumes = one_line(v);
  };
  static const std::map<std::string, Take> kMembers{
      {"cwd", kCwd},
      {"working_directory", kCwd},
      {"home", kHome},
      {"project", kProject},
      {"project_name", kProject},
      {"project_dir", kDirectory},
      {"project_directory", kDirectory},
      {"env", kEnvironment},
      {"environment", kEnvironment},
      {"quota", [](RequestContext& c, const Json& v) { c.spec.project_quota = v.get<bool>(); }},
      {"rootless", [](RequestContext& c, const Json& v) { c.spec.rootless = v.get<bool>(); }},
      {"missing", [](RequestContext& c, const Json& v) { take_missing(c.spec, v); }},
      {"declared", take_declared},
      {"volumes", kVolumes},
      {"tmpfs", [](RequestContext& c, const Json& v) { c.service_tmpfs = one_line(v); }},
  };
  return kMembers;
}

}  // namespace

RequestContext request_context(const Json& value) {
  if (value == "host") return {};
  if (!value.is_object()) throw std::invalid_argument{"ctx is no object"};
  RequestContext context = reference_machine();
  for (const auto& [name, member] : value.items()) {
    const auto known = members().find(name);
    if (known == members().end()) throw std::invalid_argument{"unknown member \"" + name + "\" of ctx"};
    if (name != "declared" && name != "volumes") known->second(context, member);
  }
  // The names of declared volumes depend on the project, so they come last.
  take_declared(context,
                {{"ledger", nullptr}, {"cache", nullptr}, {"assets", {{"name", "shared-assets"}, {"external", true}}}});
  for (const char* const name : {"declared", "volumes"}) {
    if (value.contains(name)) members().at(name)(context, value.at(name));
  }
  return context;
}

}  // namespace cli
