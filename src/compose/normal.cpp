// SPDX-License-Identifier: Apache-2.0
#include "compose/normal.hpp"

#include "compose/canonical.hpp"
#include "spec/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dunnage::compose {
namespace {

void put(Value& map, std::string_view name, Value value) {
  if (map.is_map() && map.find(name) == nullptr) {
    value.key = map.key;
    map.map().emplace(std::string{name}, std::move(value));
  }
}

template <typename Action>
void each_item(Value* list, const Action& action) {
  if (list != nullptr && list->is_list()) {
    std::for_each(list->list().begin(), list->list().end(), action);
  }
}

template <typename Action>
void each_member(Value* map, const Action& action) {
  if (map != nullptr && map->is_map()) {
    for (auto& [name, value] : map->map()) {
      action(name, value);
    }
  }
}

void count_all(Value& device) {
  if (device.find("count") == nullptr && device.find("device_ids") == nullptr) {
    put(device, "count", Value{"all", device.mark});
  }
}

void set_container_defaults(Value& container) {
  each_item(container.find("secrets"), [](Value& secret) {
    put(secret, "target", Value{"/run/secrets/" + secret.text_of("source"), secret.mark});
  });
  each_item(container.find("ports"), [](Value& port) {
    put(port, "protocol", Value{"tcp", port.mark});
    put(port, "mode", Value{"ingress", port.mark});
  });
  each_item(container.find("gpus"), count_all);
  each_item(container.find("volumes"), [](Value& volume) {
    if (Value* const bind = volume.find("bind"); bind != nullptr && bind->is_map()) {
      put(*bind, "create_host_path", Value{true, volume.mark});
    }
  });
  if (Value* const build = container.find("build"); build != nullptr && build->is_map()) {
    put(*build, "context", Value{".", build->mark});
  }
  each_member(container.find("depends_on"), [](const std::string&, Value& dependency) {
    put(dependency, "condition", Value{"service_started", dependency.mark});
    put(dependency, "required", Value{true, dependency.mark});
  });
}

Value implied(Mark mark, bool restart) {
  Value value = make_map(mark, {{"condition", Value{"service_started", mark}}, {"required", Value{true, mark}}});
  if (restart) {
    value.map().emplace("restart", Value{true, mark});
  }
  return value;
}

class Dependencies {
 public:
  explicit Dependencies(Value& container) : container_{container} {}

  void imply() {
    each_item(container_.find("links"), [&](const Value& link) { add(link, link.text(), true); });
    for (const char* const space : {"network_mode", "ipc", "pid", "uts", "cgroup"}) {
      const Value* const value = container_.find(space);
      constexpr std::string_view kService = "service:";
      if (value != nullptr && value->is_text() && value->text().starts_with(kService)) {
        add(*value, value->text().substr(kService.size()), true);
      }
    }
    each_item(container_.find("volumes_from"), [&](const Value& from) {
      if (!from.text().starts_with("container:")) {
        add(from, from.text(), false);
      }
    });
    if (!found_.empty()) {
      Value& all = container_.map().try_emplace("depends_on", Value{Value::Map{}, container_.mark}).first->second;
      for (auto& [name, value] : found_) {
        all.map().try_emplace(name, std::move(value));
      }
    }
  }

 private:
  void add(const Value& at, const std::string& text, bool restart) {
    found_.emplace_back(text.substr(0, text.find(':')), implied(at.mark, restart));
    found_.back().second.key = at.mark;
  }

  Value& container_;
  std::vector<std::pair<std::string, Value>> found_{};
};

/// Whether the network that is there without being named is used.
bool join_default_network(Value& container) {
  if (container.find("provider") != nullptr || container.find("network_mode") != nullptr) {
    return false;
  }
  Value* const networks = container.find("networks");
  if (networks != nullptr && networks->is_map() && !networks->map().empty()) {
    return networks->find("default") != nullptr;
  }
  Value map{Value::Map{}, container.mark};
  map.map().emplace("default", Value::null(container.mark));
  container.map().insert_or_assign("networks", std::move(map));
  return true;
}

void resolve_build(Value& build, const Surroundings& surroundings) {
  put(build, "context", Value{".", build.mark});
  if (build.find("dockerfile_inline") == nullptr) {
    put(build, "dockerfile", Value{"Dockerfile", build.mark});
  }
  if (Value* const arguments = build.find("args"); arguments != nullptr && arguments->is_map()) {
    for (auto argument = arguments->map().begin(); argument != arguments->map().end();) {
      auto& [name, value] = *argument;
      if (value.is_null()) {
        auto found = surroundings.find(name, value.mark, {"build", "args", name});
        if (!found) {
          argument = arguments->map().erase(argument);
          continue;
        }
        value.set(*std::move(found));
      }
      ++argument;
    }
  }
}

void normalise_container(Value& container, const Surroundings& surroundings) {
  if (Value* const policy = container.find("pull_policy"); policy != nullptr && policy->text() == "if_not_present") {
    policy->set(std::string{"missing"});
  }
  if (Value* const build = container.find("build"); build != nullptr && build->is_map()) {
    resolve_build(*build, surroundings);
  }
  each_item(container.find("volumes"), [](Value& volume) {
    if (Value* const target = volume.find("target"); target != nullptr && target->is_text()) {
      target->set(spec::clean(target->text()));
    }
  });
  Dependencies{container}.imply();
}

void name_resources(Value& model, std::string_view part, const std::string& project) {
  each_member(model.find(part), [&](const std::string& key, Value& resource) {
    if (resource.is_null()) {
      resource.set(Value::Map{});
    }
    const Value* const external = resource.find("external");
    const bool others = external != nullptr && external->is_bool() && external->boolean();
    put(resource, "name", Value{others ? key : fmt::format("{}_{}", project, key), resource.mark});
  });
}

}  // namespace

void set_defaults(const Texts& /*texts*/, Value& model) {
  for (const char* const part : {"services", "jobs"}) {
    each_member(model.find(part), [](const std::string&, Value& container) {
      if (container.is_map()) {
        set_container_defaults(container);
      }
    });
  }
}

void resolve_files(const Texts& /*texts*/, Value& model, const Surroundings& surroundings) {
  for (const char* const part : {"services", "jobs"}) {
    each_member(model.find(part), [&](const std::string& service, Value& container) {
      each_member(container.find("environment"), [&](const std::string& name, Value& value) {
        if (value.is_null()) {
          if (auto found = surroundings.find(name, value.mark, {part, service, "environment", name})) {
            value.set(*std::move(found));
          }
        }
      });
    });
  }
  for (const char* const part : {"secrets", "configs"}) {
    each_member(model.find(part), [&](const std::string& name, Value& file) {
      const Value* const variable = file.find("environment");
      if (variable == nullptr || !variable->is_text() || file.find(kContentKey) != nullptr) {
        return;
      }
      if (auto found = surroundings.find(variable->text(), variable->mark, {part, name, "environment"})) {
        file.map().emplace(kContentKey, Value{*std::move(found), variable->mark});
      }
    });
  }
}

void normalise(Value& model, const std::string& name, const Surroundings& surroundings) {
  bool uses_default = false;
  for (const char* const part : {"services", "jobs"}) {
    each_member(model.find(part), [&](const std::string&, Value& container) {
      uses_default = join_default_network(container) || uses_default;
      normalise_container(container, surroundings);
    });
  }
  if (uses_default) {
    Value& networks = model.map().try_emplace("networks", Value{Value::Map{}, model.mark}).first->second;
    networks.map().try_emplace("default", Value::null(model.mark));
  }
  for (const char* const part : {"networks", "volumes", "configs", "secrets"}) {
    name_resources(model, part, name);
  }
}

}  // namespace dunnage::compose
