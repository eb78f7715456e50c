// SPDX-License-Identifier: Apache-2.0
#include "compose/services.hpp"

#include "compose/cast.hpp"
#include "compose/reading.hpp"
#include "error/nearest.hpp"
#include "error/printable.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dunnage::compose {
namespace {

class Consistency {
 public:
  Consistency(const Texts& texts, const Value& model, const Disabled& disabled)
      : texts_{texts}, model_{model}, disabled_{disabled} {}

  void check() {
    if (const Value* const services = model_.find("services")) {
      for (const auto& [name, service] : services->map()) {
        path_ = {"services", name};
        check_source(service);
        check_networks(service);
        check_dependencies(service);
        check_references(service);
        check_scale(service, name);
        check_limits(service);
        check_targets(service);
        check_restart(service);
      }
      check_circles(services->map());
    }
  }

 private:
  [[noreturn]] void refuse(const Value& value, std::string_view member, std::string cause, std::string remedy) {
    if (!member.empty()) {
      path_.emplace_back(member);
    }
    texts_.refuse(value.mark, to_string(path_), std::move(cause), std::move(remedy));
  }

  /// What is named at the top level is there.
  void need(const Value& value, const std::string& name, const char* part, std::string_view what,
            std::string_view member) {
    const Value* const all = model_.find(part);
    if (all != nullptr && all->find(name) != nullptr) {
      return;
    }
    std::vector<std::string> names;
    if (all != nullptr) {
      for (const auto& [other, one] : all->map()) {
        names.push_back(other);
      }
    }
    const auto near = error::nearest(name, std::span<const std::string>{names});
    refuse(value, member, fmt::format("it refers to undefined {} \"{}\"", what, error::shortened(name)),
           disabled_.contains(name) && part == std::string_view{"services"}
               ? fmt::format("enable its profile \"{}\"", error::shortened(disabled_.at(name).front()))
           : near                                ? fmt::format("did you mean \"{}\"?", error::shortened(*near))
           : name.find('/') != std::string::npos ? fmt::format("write \"./{}\" for a path", error::shortened(name))
                                                 : fmt::format("declare it under \"{}:\"", part));
  }

  void check_source(const Value& service) {
    const bool own = service.find("x-dunnage") != nullptr && service.find("x-dunnage")->find("rootfs") != nullptr;
    if (service.text_of("image").empty() && service.find("build") == nullptr && service.find("provider") == nullptr &&
        !own) {
      refuse(service, "", "it has neither an image nor a build context", "add \"image: NAME\"");
    }
    const Value* const build = service.find("build");
    if (build != nullptr && !build->text_of("dockerfile_inline").empty() && !build->text_of("dockerfile").empty()) {
      refuse(*build, "build", "dockerfile and dockerfile_inline exclude each other", "keep one of them");
    }
  }

  void check_networks(const Value& service) {
    const Value* const networks = service.find("networks");
    const std::string mode = service.text_of("network_mode");
    if (networks == nullptr || !networks->is_map()) {
      constexpr std::string_view kService = "service:";
      if (mode.starts_with(kService)) {
        need(*service.find("network_mode"), mode.substr(kService.size()), "services", "service", "network_mode");
      }
      return;
    }
    if (!mode.empty() && !networks->map().empty()) {
      refuse(*networks, "networks", "network_mode and networks exclude each other", "keep one of them");
    }
    for (const auto& [name, value] : networks->map()) {
      need(value, name, "networks", "network", "networks");
    }
  }

  void check_dependencies(const Value& service) {
    const Value* const all = service.find("depends_on");
    if (all == nullptr) {
      return;
    }
    for (const auto& [name, value] : all->map()) {
      const Value* const required = value.find("required");
      const bool optional = required != nullptr && required->is_bool() && !required->boolean();
      if (!(optional && disabled_.contains(name))) {
        need(value, name, "services", "service", "depends_on");
      }
    }
  }

  void check_references(const Value& service) {
    const auto each = [&](const char* list, const char* part, std::string_view what) {
      if (const Value* const found = service.find(list); found != nullptr && found->is_list()) {
        for (const Value& item : found->list()) {
          need(item, item.text_of("source"), part, what, list);
        }
      }
    };
    if (const Value* const volumes = service.find("volumes")) {
      for (const Value& volume : volumes->list()) {
        const std::string source = volume.text_of("source");
        if (volume.text_of("type") == "volume" && !source.empty()) {
          need(volume.find("source") != nullptr ? *volume.find("source") : volume, source, "volumes", "volume",
               "volumes");
        }
      }
    }
    each("configs", "configs", "config");
    each("secrets", "secrets", "secret");
    if (const Value* const test = service.find_below({"healthcheck", "test"});
        test != nullptr && test->is_list() && !test->list().empty()) {
      const std::string& first = test->list().front().text();
      if (first != "CMD" && first != "CMD-SHELL" && first != "NONE") {
        refuse(*test, "healthcheck", "the test must begin with \"CMD\", \"CMD-SHELL\" or \"NONE\"",
               "write [\"CMD\", PROGRAM, …], or a text for a shell");
      }
    }
  }

  void check_scale(const Value& service, const std::string& name) {
    const Value* const scale = service.find("scale");
    const Value* const replicas = service.find_below({"deploy", "replicas"});
    if (scale != nullptr && replicas != nullptr && whole(*scale) != whole(*replicas)) {
      refuse(*scale, "scale", "scale and deploy.replicas are not the same", "keep one of them");
    }
    const Value* const count = scale != nullptr ? scale : replicas;
    if (count != nullptr && whole(*count) > 1 && !service.text_of("container_name").empty()) {
      refuse(*service.find("container_name"), "container_name",
             fmt::format("\"{}\" has several containers, and a name can have one", error::shortened(name)),
             "leave container_name out");
    }
    constexpr std::int64_t kMost = 1000;
    if (count != nullptr && whole(*count) > kMost) {
      refuse(*count, "scale", "a service may have 1,000 containers", "give a smaller number");
    }
  }

  void check_limits(const Value& service) {
    const auto same = [&](const char* member, const Value* other, const auto& read) {
      const Value* const value = service.find(member);
      if (value != nullptr && other != nullptr && read(*value) != 0 && read(*value) != read(*other)) {
        refuse(*value, member, "it is not the same as in deploy.resources", "keep one of them");
      }
    };
    const auto bytes = [](const Value& value) {
      return value.is_integer() ? value.integer() : bytes_of(value.scalar_text()).value_or(0);
    };
    const auto number = [](const Value& value) {
      return value.is_number() ? value.number() : float_of(value.scalar_text()).value_or(0);
    };
    same("cpus", service.find_below({"deploy", "resources", "limits", "cpus"}), number);
    same("mem_limit", service.find_below({"deploy", "resources", "limits", "memory"}), bytes);
    same("mem_reservation", service.find_below({"deploy", "resources", "reservations", "memory"}), bytes);
    same("pids_limit", service.find_below({"deploy", "resources", "limits", "pids"}), whole);
  }

  void check_targets(const Value& service) {
    std::map<std::string, std::string> taken;
    const auto take = [&](const Value& item, const std::string& target, const char* list, std::size_t index) {
      const auto [place, added] = taken.emplace(target, fmt::format("{}[{}]", list, index));
      if (!added) {
        refuse(item, fmt::format("{}[{}]", list, index),
               fmt::format("target {} already mounted as {}", error::shortened(target), place->second),
               "give it another target");
      }
    };
    if (const Value* const tmpfs = service.find("tmpfs")) {
      for (std::size_t index = 0; index < tmpfs->list().size(); ++index) {
        const std::string& text = tmpfs->list()[index].text();
        take(tmpfs->list()[index], text.substr(0, text.find(':')), "tmpfs", index);
      }
    }
    if (const Value* const volumes = service.find("volumes")) {
      for (std::size_t index = 0; index < volumes->list().size(); ++index) {
        take(volumes->list()[index], volumes->list()[index].text_of("target"), "volumes", index);
      }
    }
  }

  void check_restart(const Value& service) {
    const Value* const restart = service.find("restart");
    if (restart == nullptr) {
      return;
    }
    const std::string& text = restart->text();
    constexpr std::string_view kLimited = "on-failure:";
    const bool limited = text.starts_with(kLimited) && integer_of(text.substr(kLimited.size())).value_or(-1) >= 0;
    if (text.empty() || text == "no" || text == "always" || text == "on-failure" || text == "unless-stopped" ||
        text.find("${") != std::string::npos || limited) {
      return;
    }
    constexpr std::array<std::string_view, 4> kWords{"no", "always", "on-failure", "unless-stopped"};
    const auto near = error::nearest(text, std::span<const std::string_view>{kWords});
    refuse(*restart, "restart", fmt::format("\"{}\" is no restart policy", error::shortened(text)),
           near ? fmt::format("did you mean \"{}\"?", *near)
                : "write \"no\", \"always\", \"on-failure[:N]\" or \"unless-stopped\"");
  }

  void check_circles(const Value::Map& services) {
    std::set<std::string> done;
    for (const auto& [name, service] : services) {
      std::vector<std::string> way;
      follow(services, name, way, done);
    }
  }

  void follow(const Value::Map& services, const std::string& name, std::vector<std::string>& way,
              std::set<std::string>& done) {
    const auto found = services.find(name);
    if (found == services.end() || done.contains(name)) {
      return;
    }
    if (const auto before = std::find(way.begin(), way.end(), name); before != way.end()) {
      std::string circle;
      std::for_each(before, way.end(), [&](const std::string& one) { circle += error::shortened(one) + " -> "; });
      path_ = {"services", name};
      const Value* const all = found->second.find("depends_on");
      refuse(all != nullptr ? *all : found->second, "depends_on",
             fmt::format("dependency cycle detected: {}{}", circle, error::shortened(name)), "take one of them out");
    }
    way.push_back(name);
    if (const Value* const all = found->second.find("depends_on")) {
      for (const auto& [other, value] : all->map()) {
        follow(services, other, way, done);
      }
    }
    way.pop_back();
    done.insert(name);
  }

  const Texts& texts_;
  const Value& model_;
  const Disabled& disabled_;
  Path path_{};
};

}  // namespace

void check_consistency(const Texts& texts, const Value& model, const Disabled& disabled) {
  Consistency{texts, model, disabled}.check();
}

}  // namespace dunnage::compose
