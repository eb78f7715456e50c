// SPDX-License-Identifier: Apache-2.0
#include "compose/schema.hpp"

#include "compose/cast.hpp"
#include "compose/names.hpp"
#include "error/nearest.hpp"
#include "error/printable.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dunnage::compose {
namespace {

class Schema {
 public:
  Schema(const Texts& texts, bool templates) : texts_{texts}, templates_{templates} {}

  void object(const Value& value, const Shape& shape) {
    if (!value.is_map()) {
      refuse(value, "a mapping");
    }
    for (const auto& [name, part] : value.map()) {
      const Key* const key = find_key(shape, name);
      if (key == nullptr) {
        if (name.starts_with("x-")) {
          continue;
        }
        unknown(part, name, shape);
      }
      const Step step{path_, name};
      member(part, *key);
    }
    check_required(value, shape);
  }

 private:
  [[noreturn]] void refuse(const Value& value, std::string_view wanted) const {
    texts_.refuse(value.is_null() && value.key.file != 0 ? value.key : value.mark, to_string(path_),
                  fmt::format("it is {} and must be {}", value.kind_name(), wanted), fmt::format("give {}", wanted));
  }

  [[noreturn]] void unknown(const Value& value, const std::string& name, const Shape& shape) const {
    std::vector<std::string_view> names;
    std::transform(shape.keys.begin(), shape.keys.end(), std::back_inserter(names),
                   [](const Key& key) { return key.name; });
    const auto near = error::nearest(name, std::span<const std::string_view>{names});
    Path path = path_;
    path.push_back(error::shortened(name));
    texts_.refuse(value.key.file != 0 ? value.key : value.mark, to_string(path),
                  fmt::format("\"{}\" is no key of {}", error::shortened(name), shape.name),
                  near ? fmt::format("did you mean \"{}\"?", *near) : "leave it out, or begin its name with \"x-\"");
  }

  void check_required(const Value& value, const Shape& shape) const {
    std::string_view words = shape.required;
    while (!words.empty()) {
      const std::size_t blank = std::min(words.find(' '), words.size());
      const std::string_view name = words.substr(0, blank);
      words.remove_prefix(std::min(blank + 1, words.size()));
      if (value.find(name) == nullptr) {
        texts_.refuse(value.mark, to_string(path_), fmt::format("it has no \"{}\"", name),
                      fmt::format("add \"{}: …\"", name));
      }
    }
  }

  [[nodiscard]] bool is_template(const Value& value) const {
    return templates_ && value.is_text() && value.text().find('$') != std::string::npos;
  }

  void member(const Value& value, const Key& key) {
    if (is_template(value)) {
      return;
    }
    switch (key.type) {
      case Type::Text:
      case Type::AlwaysText:
      case Type::NullableText:
        return text(value, key);
      case Type::ScalarText:
        return expect(value.is_scalar() && !value.is_null(), value, "a text");
      case Type::Bool:
      case Type::OptionalBool:
      case Type::RequiredBool:
      case Type::OptOut:
      case Type::External:
        return expect(value.is_bool() || (value.is_text() && boolean_of(value.text())), value, "a boolean");
      case Type::Integer:
      case Type::OptionalInteger:
      case Type::Mode:
        return whole(value, key);
      case Type::Float:
        return expect(value.is_number() || (value.is_text() && float_of(value.text())), value, "a number");
      case Type::Bytes:
        return expect(value.is_integer() || (value.is_text() && bytes_of(value.text())), value, "a size, like \"64m\"");
      case Type::FileMode:
        return expect(value.is_integer() || value.is_text(), value, "a mode, like \"0440\"");
      case Type::Duration:
      case Type::DurationValue:
        return expect(value.is_text() && duration_of(value.text()), value, "a duration, like \"1m30s\"");
      case Type::DeviceCount:
        return expect(value.is_integer() || (value.is_text() && (value.text() == "all" || integer_of(value.text()))),
                      value, "a number, or \"all\"");
      default:
        return collection(value, key);
    }
  }

  void collection(const Value& value, const Key& key) {
    switch (key.type) {
      case Type::Command:
        return value.is_null() || value.is_text() ? words(value) : list(value, false);
      case Type::Test:
        return value.is_text() ? void() : list(value, false);
      case Type::TextList:
      case Type::TextOrList:
      case Type::Hosts:
        return list(value, false);
      case Type::ScalarList:
        return list(value, true);
      case Type::KeyValues:
      case Type::Environment:
      case Type::Options:
        return scalars(value, key.type != Type::Options);
      case Type::MultiOptions:
        return expect(value.is_map(), value, "a mapping");
      case Type::KeyList:
        return expect(value.is_map() || value.is_list(), value, "a list of texts");
      case Type::Ulimits:
        return ulimits(value);
      case Type::Object:
      case Type::ObjectValue:
        if (!value.is_null() || (key.name != "deploy" && key.name != "develop")) {
          object(value, *key.shape);
        }
        return;
      case Type::ObjectList:
        return objects(value, key);
      case Type::ObjectMap:
        return named(value, key);
      default:
        return;
    }
  }

  void words(const Value& value) const {
    if (value.is_text() && !words_of(value.text())) {
      texts_.refuse(value.mark, to_string(path_), "its quotes or parentheses do not match",
                    "close them, or write a list of words");
    }
  }

  void expect(bool right, const Value& value, std::string_view wanted) const {
    if (!right) {
      refuse(value, wanted);
    }
  }

  void text(const Value& value, const Key& key) const {
    if (value.is_null() && key.type == Type::NullableText) {
      return;
    }
    expect(value.is_text(), value, "a text");
    if (key.name == "container_name" && !is_container_name(value.text())) {
      texts_.refuse(value.mark, to_string(path_),
                    fmt::format("\"{}\" is no name of a container", error::shortened(value.text())),
                    "use two or more letters, digits, \"_\", \".\" and \"-\", and begin with a letter or digit");
    }
    const bool unknown = !key.choices.empty() && !has_word(key.choices, value.text());
    if (unknown || (key.name == "pull_policy" && !is_pull_policy(value.text()))) {
      const std::string_view words = unknown ? key.choices : "always never missing build daily weekly every_…";
      texts_.refuse(value.mark, to_string(path_),
                    fmt::format("\"{}\" is none of the words it may be", error::shortened(value.text())),
                    fmt::format("write one of: {}", words));
    }
  }

  void whole(const Value& value, const Key& key) const {
    const bool right = value.is_integer() || (value.is_text() && key.type != Type::Mode && integer_of(value.text()));
    if (value.is_null() && key.name == "umask") {
      return;
    }
    expect(right, value, key.type == Type::Mode ? "a number, like 0755 without quotes" : "a whole number");
    const std::int64_t number = value.is_integer() ? value.integer() : *integer_of(value.text());
    const bool signed_number = key.name == "oom_score_adj" || key.name == "priority" || key.name == "gw_priority" ||
                               key.name == "pids_limit" || key.name == "cpu_quota";
    if (number < 0 && !signed_number) {
      texts_.refuse(value.mark, to_string(path_), "it must be greater than or equal to 0", "give 0 or more");
    }
  }

  void list(const Value& value, bool numbers) {
    expect(value.is_list(), value, "a list of texts");
    for (std::size_t index = 0; index < value.list().size(); ++index) {
      const Value& item = value.list()[index];
      const Step step{path_, fmt::format("[{}]", index)};
      expect(item.is_text() || (numbers && item.is_number()), item, "a text");
    }
  }

  void scalars(const Value& value, bool null_too) {
    expect(value.is_map(), value, null_too ? "a mapping, or a list of \"KEY=VALUE\"" : "a mapping");
    for (const auto& [name, part] : value.map()) {
      const Step step{path_, name};
      expect(part.is_scalar() && (null_too || !part.is_null() || path_.front() == "services"), part, "a text");
    }
  }

  void ulimits(const Value& value) {
    expect(value.is_map(), value, "a mapping");
    for (const auto& [name, part] : value.map()) {
      const Step step{path_, name};
      if (!part.is_map()) {
        expect(part.is_integer() || (part.is_text() && integer_of(part.text())), part, "a number, or soft and hard");
        continue;
      }
      for (const std::string_view limit : {"soft", "hard"}) {
        const Value* const number = part.find(limit);
        if (number == nullptr || part.map().size() != 2) {
          refuse(part, "soft and hard, and nothing else");
        }
        expect(number->is_integer(), *number, "a whole number");
      }
    }
  }

  void objects(const Value& value, const Key& key) {
    expect(value.is_list(), value, "a list");
    for (std::size_t index = 0; index < value.list().size(); ++index) {
      const Step step{path_, fmt::format("[{}]", index)};
      const Value& item = value.list()[index];
      if (!is_template(item)) {
        expect(item.is_map(), item, "a text, or a mapping");
        object(item, *key.shape);
      }
    }
  }

  void named(const Value& value, const Key& key) {
    expect(value.is_map(), value, "a mapping");
    const bool may_be_null = key.name == "networks" || key.name == "volumes" || key.name == "models";
    for (const auto& [name, part] : value.map()) {
      const Step step{path_, error::shortened(name)};
      if (!is_name(name)) {
        texts_.refuse(part.key.file != 0 ? part.key : part.mark, to_string(path_),
                      fmt::format("\"{}\" is no name", error::shortened(name)),
                      "use letters, digits, \".\", \"_\" and \"-\"");
      }
      if (!part.is_null() || !may_be_null) {
        object(part, *key.shape);
      }
    }
  }

  const Texts& texts_;
  bool templates_;
  Path path_{};
};

}  // namespace

void check_schema(const Texts& texts, const Value& project, bool templates) {
  Schema{texts, templates}.object(project, project_shape());
}

}  // namespace dunnage::compose
