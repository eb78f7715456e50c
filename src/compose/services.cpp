// SPDX-License-Identifier: Apache-2.0
#include "compose/services.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dunnage::compose {
namespace {

bool is_enabled(const Value& service, const std::vector<std::string>& profiles) {
  const Value* const declared = service.find("profiles");
  if (declared == nullptr || declared->list().empty()) {
    return true;
  }
  return std::any_of(profiles.begin(), profiles.end(), [&](const std::string& profile) {
    return profile == "*" || std::any_of(declared->list().begin(), declared->list().end(),
                                         [&](const Value& one) { return one.text() == profile; });
  });
}

/// The variables of one container: its files in their order, and what it says itself over them.
class ContainerFiles {
 public:
  ContainerFiles(Texts& texts, Files& files, const Surroundings& surroundings, Value& container, Path path)
      : texts_{texts}, files_{files}, surroundings_{surroundings}, container_{container}, path_{std::move(path)} {}

  void resolve(std::map<std::string, std::optional<std::uint32_t>>& known) {
    known_ = &known;
    if (const Value* const list = container_.find("env_file"); list != nullptr && !list->list().empty()) {
      environment(*list);
    }
    container_.map().erase("env_file");
    if (const Value* const list = container_.find("label_file"); list != nullptr && !list->list().empty()) {
      labels(*list);
    }
  }

 private:
  std::optional<std::uint32_t> find(const Value& path, const char* what) {
    const auto [place, added] = known_->try_emplace(path.text());
    if (added) {
      const Step step{path_, what};
      place->second = files_.find(path.text(), {.mark = path.mark, .path = path_});
    }
    return place->second;
  }

  void environment(const Value& list) {
    Value& own = container_.map().try_emplace("environment", Value{Value::Map{}, list.mark}).first->second;
    Environment found;
    for (const auto& [name, value] : own.map()) {
      if (!value.is_null()) {
        found.emplace(name, value.scalar_text());
      }
    }
    const Lookup lookup = [&](const std::string& name) -> std::optional<std::string> {
      if (auto value = surroundings_.known(name)) {
        return value;
      }
      const Value* const said = own.find(name);
      if (said != nullptr && !said->is_null()) {
        return said->scalar_text();
      }
      const auto earlier = found.find(name);
      return earlier != found.end() ? std::optional{earlier->second} : surroundings_.find(name, list.mark, path_);
    };
    for (const Value& file : list.list()) {
      read(file, lookup, found);
    }
    for (auto& [name, value] : found) {
      const auto [place, added] = own.map().try_emplace(name);
      if (added) {
        texts_.spend_nodes(1, list.mark);
        place->second = Value{std::move(value), list.mark};
      }
    }
  }

  void read(const Value& file, const Lookup& lookup, Environment& found) {
    const Value& path = *file.find("path");
    const Value* const required = file.find("required");
    const auto text = find(path, "env_file");
    if (!text) {
      const bool optional = required != nullptr && required->is_bool() && !required->boolean();
      if (!optional) {
        path_.emplace_back("env_file");
        texts_.refuse(path.mark, to_string(path_), "the file of variables \"" + path.text() + "\" is not there",
                      "create it, or add \"required: false\"", errc::source_missing);
      }
      return;
    }
    const std::string format = file.text_of("format");
    if (!format.empty() && format != "raw" && format != ".env") {
      texts_.refuse(file.find("format")->mark, to_string(path_), "the format of variables is not known",
                    "write \"format: raw\", or leave it out");
    }
    (format == "raw" ? read_raw_env : read_dotenv)(texts_, *text, lookup, found);
  }

  void labels(const Value& list) {
    Environment found;
    for (const Value& path : list.list()) {
      const auto text = find(path, "label_file");
      if (!text) {
        texts_.refuse(path.mark, to_string(path_), "the file of labels \"" + path.text() + "\" is not there",
                      "create it, or leave it out", errc::source_missing);
      }
      Environment more;
      read_dotenv(
          texts_, *text,
          [&](const std::string& name) -> std::optional<std::string> {
            const auto one = found.find(name);
            return one == found.end() ? std::nullopt : std::optional{one->second};
          },
          more);
      for (auto& [name, value] : more) {
        found.insert_or_assign(name, std::move(value));
      }
    }
    Value& own = container_.map().try_emplace("labels", Value{Value::Map{}, list.mark}).first->second;
    for (auto& [name, value] : found) {
      texts_.spend_nodes(1, list.mark);
      own.map().try_emplace(name, Value{std::move(value), list.mark});
    }
  }

  Texts& texts_;
  Files& files_;
  const Surroundings& surroundings_;
  Value& container_;
  Path path_;
  std::map<std::string, std::optional<std::uint32_t>>* known_ = nullptr;
};

void use_names(const Value* map, std::set<std::string>& used) {
  if (map != nullptr && map->is_map()) {
    for (const auto& [name, value] : map->map()) {
      used.insert(name);
    }
  }
}

void use_sources(const Value* list, std::set<std::string>& used) {
  if (list != nullptr && list->is_list()) {
    for (const Value& item : list->list()) {
      used.insert(item.text_of("source"));
    }
  }
}

}  // namespace

Disabled select_services(Value& model, const std::vector<std::string>& profiles) {
  Disabled disabled;
  for (const char* const part : {"services", "jobs"}) {
    Value* const services = model.find(part);
    if (services == nullptr) {
      continue;
    }
    std::erase_if(services->map(), [&](const auto& entry) {
      const bool enabled = is_enabled(entry.second, profiles);
      if (!enabled && part == std::string_view{"services"}) {
        for (const Value& profile : entry.second.find("profiles")->list()) {
          disabled[entry.first].push_back(profile.text());
        }
      }
      return !enabled;
    });
  }
  return disabled;
}

void resolve_service_files(Texts& texts, Files& files, Value& model, const Surroundings& surroundings) {
  Value* const services = model.find("services");
  if (services == nullptr) {
    return;
  }
  std::map<std::string, std::optional<std::uint32_t>> known;
  for (auto& [name, service] : services->map()) {
    ContainerFiles{texts, files, surroundings, service, {"services", name}}.resolve(known);
  }
}

Value without_unused(const Value& model) {
  std::array<std::set<std::string>, 5> used;
  constexpr std::array<const char*, 5> kParts{"volumes", "networks", "secrets", "configs", "models"};
  if (const Value* const services = model.find("services")) {
    for (const auto& [name, service] : services->map()) {
      use_sources(service.find("volumes"), used[0]);
      use_names(service.find("networks"), used[1]);
      use_sources(service.find("secrets"), used[2]);
      if (const Value* const build = service.find("build")) {
        use_sources(build->find("secrets"), used[2]);
      }
      use_sources(service.find("configs"), used[3]);
      use_names(service.find("models"), used[4]);
    }
  }
  Value pruned = model;
  for (std::size_t index = 0; index < kParts.size(); ++index) {
    if (Value* const part = pruned.find(kParts.at(index))) {
      std::erase_if(part->map(), [&](const auto& entry) { return !used.at(index).contains(entry.first); });
    }
  }
  return pruned;
}

}  // namespace dunnage::compose
