// SPDX-License-Identifier: Apache-2.0
#include "compose/merge.hpp"

#include <fmt/format.h>

#include <array>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace dunnage::compose {
namespace {

enum class By { Name, Target, Config, Secret, Scalar, Port, File };

struct UniqueRule {
  std::string_view list;
  By by;
};

/// Of a service.
constexpr std::array kRules{
    UniqueRule{"cap_add", By::Name},    UniqueRule{"cap_drop", By::Name}, UniqueRule{"configs", By::Config},
    UniqueRule{"devices", By::Target},  UniqueRule{"dns", By::Name},      UniqueRule{"dns_opt", By::Name},
    UniqueRule{"dns_search", By::Name}, UniqueRule{"env_file", By::File}, UniqueRule{"expose", By::Scalar},
    UniqueRule{"links", By::Name},      UniqueRule{"ports", By::Port},    UniqueRule{"profiles", By::Name},
    UniqueRule{"secrets", By::Secret},  UniqueRule{"tmpfs", By::Name},    UniqueRule{"volumes", By::Target},
};
constexpr std::array kNetworkLists{"aliases", "link_local_ips"};

std::string text_of(const Value& item, std::string_view name, std::string_view otherwise) {
  const Value* const value = item.find(name);
  return value == nullptr ? std::string{otherwise} : value->scalar_text();
}

class Unique {
 public:
  explicit Unique(const Texts& texts) : texts_{texts} {}

  void service(Value& service, const std::string& name) {
    path_ = {"services", name};
    for (const UniqueRule& rule : kRules) {
      list(service.find(rule.list), rule);
    }
    if (Value* const build = service.find("build")) {
      list(build->find("tags"), {"build.tags", By::Name});
    }
    if (Value* const networks = service.find("networks"); networks != nullptr && networks->is_map()) {
      for (auto& [network, value] : networks->map()) {
        for (const std::string_view part : kNetworkLists) {
          list(value.find(part), {part, By::Name});
        }
      }
    }
  }

 private:
  void list(Value* value, const UniqueRule& rule) {
    if (value == nullptr || !value->is_list()) {
      return;
    }
    const Step step{path_, std::string{rule.list}};
    std::map<std::string, std::size_t> places;
    Value::List kept;
    for (std::size_t index = 0; index < value->list().size(); ++index) {
      Value& item = value->list()[index];
      const Step inner{path_, fmt::format("[{}]", index)};
      const auto [place, added] = places.emplace(key_of(item, rule.by), kept.size());
      if (added) {
        kept.push_back(std::move(item));
      } else {
        kept[place->second] = std::move(item);
      }
    }
    value->set(std::move(kept));
  }

  /// What is of another kind is left for the schema to refuse, each with a key of its own.
  std::string key_of(const Value& item, By by) {
    if (by == By::Name && item.is_text()) {
      return item.text().substr(0, item.text().find('='));
    }
    if (by == By::Scalar && item.is_scalar()) {
      return item.scalar_text();
    }
    if (!item.is_map()) {
      return fmt::format("\n{}", ++others_);
    }
    switch (by) {
      case By::Target:
        return need(item, "target");
      case By::Config:
        return text_of(item, "target", "/" + item.text_of("source"));
      case By::Secret:
        return text_of(item, "target", "/run/secrets/" + item.text_of("source"));
      case By::File:
        return need(item, "path");
      case By::Port:
        return fmt::format("{}:{}:{}/{}", text_of(item, "host_ip", "0.0.0.0"), text_of(item, "published", "\n"),
                           need(item, "target"), text_of(item, "protocol", "tcp"));
      default:
        return fmt::format("\n{}", ++others_);
    }
  }

  std::string need(const Value& item, std::string_view name) {
    const Value* const value = item.find(name);
    if (value == nullptr || !value->is_scalar() || value->is_null()) {
      texts_.refuse(item.mark, to_string(path_), fmt::format("it has no {}", name), fmt::format("add \"{}: …\"", name));
    }
    return value->scalar_text();
  }

  const Texts& texts_;
  Path path_{};
  std::size_t others_ = 0;
};

}  // namespace

void make_unique(const Texts& texts, Value& project) {
  Value* const services = project.find("services");
  if (services == nullptr || !services->is_map()) {
    return;
  }
  Unique unique{texts};
  for (auto& [name, service] : services->map()) {
    unique.service(service, name);
  }
}

}  // namespace dunnage::compose
