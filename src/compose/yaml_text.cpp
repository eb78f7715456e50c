// SPDX-License-Identifier: Apache-2.0
#include "compose/printed.hpp"

#include "compose/scalar_style.hpp"
#include "compose/value.hpp"

#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>

namespace dunnage::compose {
namespace {

constexpr std::size_t kIndent = 2;

class YamlWriter {
 public:
  std::string write(const Json& value) {
    if (value.is_object() && !value.empty()) {
      object(value, 0, false);
    } else {
      scalar(value, 0);
      text_ += '\n';
    }
    return std::move(text_);
  }

 private:
  void indent(std::size_t level) { text_.append(level * kIndent, ' '); }

  /// \param begun the first key stands behind a "- " already
  void object(const Json& value, std::size_t level, bool begun) {
    for (const auto& [name, part] : value.get_ref<const Json::object_t&>()) {
      if (!begun) {
        indent(level);
      }
      begun = false;
      key(name, level);
      member(part, level);
    }
  }

  void key(const std::string& name, std::size_t level) {
    constexpr std::size_t kLongestSimple = 128;
    if (name.size() <= kLongestSimple) {
      text_ += scalar_in_yaml(name, true, level);
      text_ += ':';
      return;
    }
    text_ += "? " + scalar_in_yaml(name, true, level) + '\n';
    indent(level);
    text_ += ':';
  }

  void member(const Json& value, std::size_t level) {
    if (value.is_object() && !value.empty()) {
      text_ += '\n';
      object(value, level + 1, false);
    } else if (value.is_array() && !value.empty()) {
      text_ += '\n';
      array(value, level + 1, false);
    } else {
      text_ += ' ';
      scalar(value, level + 1);
      text_ += '\n';
    }
  }

  void array(const Json& value, std::size_t level, bool begun) {
    for (const Json& item : value) {
      if (!begun) {
        indent(level);
      }
      begun = false;
      text_ += "- ";
      if (item.is_object() && !item.empty()) {
        object(item, level + 1, true);
      } else if (item.is_array() && !item.empty()) {
        array(item, level + 1, true);
      } else {
        scalar(item, level + 1);
        text_ += '\n';
      }
    }
  }

  void scalar(const Json& value, std::size_t level) {
    if (value.is_string()) {
      text_ += scalar_in_yaml(value.get_ref<const std::string&>(), false, level);
    } else if (value.is_number_float()) {
      const double number = value.get<double>();
      text_ += std::isnan(number) ? ".nan" : std::isinf(number) ? (number < 0 ? "-.inf" : ".inf") : float_text(number);
    } else if (value.is_object()) {
      text_ += "{}";
    } else if (value.is_array()) {
      text_ += "[]";
    } else {
      text_ += value.dump();
    }
  }

  std::string text_{};
};

}  // namespace

std::string yaml_text(const Json& value) { return YamlWriter{}.write(value); }

}  // namespace dunnage::compose
