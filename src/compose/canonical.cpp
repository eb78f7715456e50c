// SPDX-License-Identifier: Apache-2.0
#include "compose/canonical.hpp"

#include "error/printable.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <string>
#include <string_view>
#include <utility>

namespace dunnage::compose {
namespace {

class Canonical {
 public:
  explicit Canonical(Texts& texts) : texts_{texts} {}

  void object(Value& value, const Shape& shape) {
    if (!value.is_map()) {
      return;
    }
    for (auto& [name, part] : value.map()) {
      if (const Key* const key = find_key(shape, name); key != nullptr) {
        const Step step{path_, name};
        member(part, *key);
      }
    }
    if (const Value* const external = value.find("external"); external != nullptr && external->is_map()) {
      named_external(value);
    }
  }

 private:
  void member(Value& value, const Key& key) {
    switch (key.type) {
      case Type::TextOrList:
        if (value.is_text()) {
          wrap(value);
        }
        break;
      case Type::KeyValues:
      case Type::Environment:
        pairs(value, key.type == Type::Environment);
        break;
      case Type::Hosts:
        hosts(value);
        break;
      case Type::ObjectMap:
        names(value, key);
        for_each(value, key);
        break;
      case Type::ObjectList:
        entries(value, key);
        for_each(value, key);
        break;
      case Type::Object:
      case Type::ObjectValue:
        if (value.is_text() && (key.name == "build" || key.name == "extends")) {
          value = with_key(make_map(value.mark, {{key.name == "build" ? "context" : "service", value}}), value.key);
        }
        object(value, *key.shape);
        break;
      default:
        break;
    }
  }

  /// `external: {name: N}`, the form of old, means `external: true` and `name: N`.
  void named_external(Value& value) {
    const Value external = *value.find("external");
    for (const auto& [name, part] : external.map()) {
      if (name != "name" && !name.starts_with("x-")) {
        texts_.refuse(part.key, to_string(path_), fmt::format("\"{}\" is no key of external", error::printable(name)),
                      "write \"external: true\"");
      }
    }
    if (const Value* const name = external.find("name")) {
      const Value* const other = value.find("name");
      if (other != nullptr && !(*other == *name)) {
        texts_.refuse(name->mark, to_string(path_), "name and external.name are not the same",
                      "keep \"name\", and write \"external: true\"");
      }
      value.map().insert_or_assign("name", *name);
    }
    Value flag{true, external.mark};
    flag.key = external.key;
    value.map().insert_or_assign("external", std::move(flag));
  }

  static Value with_key(Value value, Mark key) {
    value.key = key;
    return value;
  }

  void wrap(Value& value) {
    const Mark mark = value.mark;
    const Mark key = value.key;
    Value::List list;
    list.push_back(std::move(value));
    value = with_key(Value{std::move(list), mark}, key);
    texts_.spend_nodes(1, mark);
  }

  /// Each part of a mapping or a list of objects.
  void for_each(Value& value, const Key& key) {
    if (value.is_map()) {
      for (auto& [name, part] : value.map()) {
        const Step step{path_, name};
        object(part, *key.shape);
      }
    } else if (value.is_list()) {
      for (std::size_t index = 0; index < value.list().size(); ++index) {
        const Step step{path_, fmt::format("[{}]", index)};
        object(value.list()[index], *key.shape);
      }
    }
  }

  /// [A=1, B] to {A: "1", B: null}; the last one of a name counts.
  void pairs(Value& value, bool environment) {
    if (!value.is_list() ||
        !std::all_of(value.list().begin(), value.list().end(), [](const Value& item) { return item.is_text(); })) {
      return;
    }
    Value::Map map;
    for (const Value& item : value.list()) {
      const std::string& text = item.text();
      const std::size_t equals = text.find('=');
      std::string name = text.substr(0, equals);
      if (environment && !name.empty() && std::isspace(static_cast<unsigned char>(name.back())) != 0) {
        texts_.refuse(
            item.mark, to_string(path_),
            fmt::format("environment variable \"{}\" is declared with a trailing space", error::printable(name)),
            "write NAME=VALUE without blanks around \"=\"");
      }
      Value part = equals == std::string::npos ? Value::null(item.mark) : Value{text.substr(equals + 1), item.mark};
      part.key = item.mark;
      map.insert_or_assign(std::move(name), std::move(part));
    }
    value.set(std::move(map));
  }

  /// To a list of HOST=ADDRESS.
  void hosts(Value& value) {
    Value::List list;
    const auto add = [&](const std::string& host, std::string address, Mark mark) {
      if (host.empty() || host.find_first_of(":=") != std::string::npos) {
        texts_.refuse(mark, to_string(path_), fmt::format("bad host name \"{}\"", error::printable(host)),
                      "write \"HOST=ADDRESS\"");
      }
      if (address.size() > 2 && address.starts_with('[') && address.ends_with(']')) {
        address = address.substr(1, address.size() - 2);
      }
      list.emplace_back(host + "=" + address, mark);
    };
    if (value.is_list()) {
      for (const Value& item : value.list()) {
        if (!item.is_text()) {
          return;
        }
        const std::string& text = item.text();
        std::size_t cut = text.find('=');
        cut = cut == std::string::npos ? text.find(':') : cut;
        if (cut == std::string::npos || cut == 0) {
          texts_.refuse(item.mark, to_string(path_),
                        fmt::format("invalid additional host, missing IP: {}", error::printable(text)),
                        "write \"HOST=ADDRESS\"");
        }
        add(text.substr(0, cut), text.substr(cut + 1), item.mark);
      }
    } else if (value.is_map()) {
      for (const auto& [host, address] : value.map()) {
        if (address.is_list()) {
          for (const Value& one : address.list()) {
            add(host, one.scalar_text(), one.mark);
          }
        } else {
          add(host, address.scalar_text(), address.mark);
        }
      }
    } else {
      return;
    }
    value.set(std::move(list));
  }

  /// [a, b] to {a: …, b: …}.
  void names(Value& value, const Key& key) {
    if (!value.is_list() ||
        !std::all_of(value.list().begin(), value.list().end(), [](const Value& item) { return item.is_text(); })) {
      return;
    }
    Value::Map map;
    for (const Value& item : value.list()) {
      Value part = Value::null(item.mark);
      if (key.name == "depends_on") {
        part = make_map(item.mark,
                        {{"condition", Value{"service_started", item.mark}}, {"required", Value{true, item.mark}}});
        texts_.spend_nodes(2, item.mark);
      }
      part.key = item.mark;
      map.insert_or_assign(item.text(), std::move(part));
    }
    value.set(std::move(map));
  }

  void entries(Value& value, const Key& key) {
    if (key.name == "env_file" && (value.is_text() || value.is_map())) {
      wrap(value);
    } else if (key.name == "gpus" && value.is_text()) {
      const Mark mark = value.mark;
      value.set(Value::List{make_map(mark, {{"count", Value{"all", mark}}})});
    }
    if (!value.is_list()) {
      return;
    }
    if (key.name == "ports") {
      make_ports_canonical(texts_, value, path_);
      return;
    }
    for (std::size_t index = 0; index < value.list().size(); ++index) {
      const Step step{path_, fmt::format("[{}]", index)};
      Value& item = value.list()[index];
      if (item.is_text()) {
        texts_.spend_nodes(3, item.mark);
        entry(item, key.name);
      }
    }
  }

  void entry(Value& item, std::string_view list) {
    if (list == "volumes") {
      make_mount_canonical(texts_, item, path_);
    } else if (list == "configs" || list == "secrets") {
      item = make_map(item.mark, {{"source", item}});
    } else if (list == "env_file" || list == "include") {
      item = make_map(item.mark, {{"path", item}});
    } else if (list == "schedule") {
      item = make_map(item.mark, {{"cron", item}});
    } else if (list == "devices") {
      device(item);
    }
  }

  void device(Value& item) const {
    const std::string& text = item.text();
    const auto parts = std::count(text.begin(), text.end(), ':');
    if (parts > 2) {
      texts_.refuse(item.mark, to_string(path_), "the device has too many colons", "use the long form");
    }
    const std::size_t first = text.find(':');
    const std::size_t second = first == std::string::npos ? first : text.find(':', first + 1);
    const std::string source = text.substr(0, first);
    std::string target = first == std::string::npos ? "" : text.substr(first + 1, second - first - 1);
    const std::string permissions = second == std::string::npos ? "rwm" : text.substr(second + 1);
    item = make_map(item.mark, {{"source", Value{source, item.mark}},
                                {"target", Value{target.empty() ? source : std::move(target), item.mark}},
                                {"permissions", Value{permissions, item.mark}}});
  }

  Texts& texts_;
  Path path_{};
};

}  // namespace

Value make_map(Mark mark, std::initializer_list<std::pair<const char*, Value>> members) {
  Value::Map map;
  for (const auto& [name, value] : members) {
    Value part = value;
    part.key = mark;
    map.insert_or_assign(name, std::move(part));
  }
  return Value{std::move(map), mark};
}

void make_canonical(Texts& texts, Value& project) { Canonical{texts}.object(project, project_shape()); }

}  // namespace dunnage::compose
