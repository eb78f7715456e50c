// SPDX-License-Identifier: Apache-2.0
#include "compose/printed.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstddef>
#include <string>
#include <string_view>

namespace dunnage::compose {
namespace {

class JsonWriter {
 public:
  explicit JsonWriter(int indent) : indent_{indent} {}

  std::string write(const Json& value) {
    any(value, 1);
    return std::move(text_);
  }

 private:
  void line(std::size_t level) {
    if (indent_ > 0) {
      text_ += '\n';
      text_.append(level * static_cast<std::size_t>(indent_), ' ');
    }
  }

  void any(const Json& value, std::size_t level) {
    if (value.is_object()) {
      object(value, level);
    } else if (value.is_array()) {
      array(value, level);
    } else if (value.is_string()) {
      string(value.get_ref<const std::string&>());
    } else if (value.is_number_float()) {
      number(value.get<double>());
    } else {
      text_ += value.dump();
    }
  }

  void object(const Json& value, std::size_t level) {
    text_ += '{';
    bool first = true;
    for (const auto& [name, part] : value.get_ref<const Json::object_t&>()) {
      text_ += first ? "" : ",";
      first = false;
      line(level);
      string(name);
      text_ += indent_ > 0 ? ": " : ":";
      any(part, level + 1);
    }
    if (!first) {
      line(level - 1);
    }
    text_ += '}';
  }

  void array(const Json& value, std::size_t level) {
    text_ += '[';
    bool first = true;
    for (const Json& item : value) {
      text_ += first ? "" : ",";
      first = false;
      line(level);
      any(item, level + 1);
    }
    if (!first) {
      line(level - 1);
    }
    text_ += ']';
  }

  /// Go writes what HTML would take for its own as numbers, and bytes that are no text as U+FFFD.
  void string(std::string_view text) {
    const std::string dumped = Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
    for (std::size_t at = 0; at < dumped.size(); ++at) {
      const char byte = dumped[at];
      if (byte == '<' || byte == '>' || byte == '&') {
        text_ += fmt::format("\\u{:04x}", static_cast<unsigned>(byte));
      } else if (dumped.compare(at, 3, "\xE2\x80\xA8") == 0 || dumped.compare(at, 3, "\xE2\x80\xA9") == 0) {
        text_ += dumped[at + 2] == '\xA8' ? "\\u2028" : "\\u2029";
        at += 2;
      } else {
        text_ += byte;
      }
    }
  }

  void number(double value) {
    std::array<char, 400> buffer{};
    constexpr double kSmallest = 1e-6;
    constexpr double kGreatest = 1e21;
    const double size = value < 0 ? -value : value;
    const bool exponent = size != 0 && (size < kSmallest || size >= kGreatest);
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                   exponent ? std::chars_format::scientific : std::chars_format::fixed)
                         .ptr;
    text_.append(buffer.data(), end);
  }

  int indent_;
  std::string text_{};
};

}  // namespace

std::string json_text(const Json& value, int indent) { return JsonWriter{indent}.write(value); }

}  // namespace dunnage::compose
