// SPDX-License-Identifier: Apache-2.0
#include "seccomp/place.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace dunnage::seccomp {
namespace {

/// Steps over the values of a text that is JSON. Where it is not, it ends at the end of the text.
class Walker {
 public:
  explicit Walker(std::string_view text) noexcept : text_{text} {}

  std::size_t find(std::string_view place) noexcept {
    std::size_t found = begin();
    while (!place.empty()) {
      const auto inner = place.front() == '[' ? enter_list(place) : enter_object(place);
      if (!inner) {
        break;
      }
      found = *inner;
    }
    return 1 + static_cast<std::size_t>(
                   std::count(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(found), '\n'));
  }

 private:
  [[nodiscard]] char now() const noexcept { return at_ < text_.size() ? text_[at_] : '\0'; }

  std::size_t begin() noexcept {
    while (at_ < text_.size() && std::string_view{" \t\r\n,:"}.find(text_[at_]) != std::string_view::npos) {
      ++at_;
    }
    return std::min(at_, text_.size());
  }

  std::string_view skip_text() noexcept {
    const std::size_t first = ++at_;
    while (at_ < text_.size() && text_[at_] != '"') {
      at_ += text_[at_] == '\\' ? 2 : 1;
    }
    const std::size_t end = std::min(at_++, text_.size());
    return text_.substr(std::min(first, end), end - std::min(first, end));
  }

  void skip_value() noexcept {
    std::size_t depth = 0;
    do {
      begin();
      const char first = now();
      if (first == '"') {
        (void)skip_text();
      } else if (first == '{' || first == '[') {
        ++depth;
        ++at_;
      } else if (first == '}' || first == ']') {
        depth -= depth == 0 ? 0 : 1;
        ++at_;
      } else {
        at_ = std::min(text_.find_first_of(" \t\r\n,:]}", at_), text_.size());
      }
    } while (depth != 0 && at_ < text_.size());
  }

  /// Takes "[3]" off the place and goes to that value.
  std::optional<std::size_t> enter_list(std::string_view& place) noexcept {
    const std::size_t end = std::min(place.find(']'), place.size());
    std::size_t index = 0;
    (void)std::from_chars(place.data() + 1, place.data() + end, index);
    place.remove_prefix(std::min(end + 1, place.size()));
    if (now() != '[') {
      return std::nullopt;
    }
    ++at_;
    for (begin(); now() != ']' && at_ < text_.size(); begin()) {
      if (index-- == 0) {
        return at_;
      }
      skip_value();
    }
    return std::nullopt;
  }

  /// Takes "name" off the place and goes to the value of that member; the place found is the name's.
  std::optional<std::size_t> enter_object(std::string_view& place) noexcept {
    place.remove_prefix(place.front() == '.' ? 1 : 0);
    const std::string_view name = place.substr(0, place.find_first_of(".["));
    place.remove_prefix(name.size());
    if (now() != '{') {
      return std::nullopt;
    }
    ++at_;
    for (begin(); now() == '"'; begin()) {
      const std::size_t found = at_;
      if (skip_text() == name) {
        begin();
        return found;
      }
      skip_value();
    }
    return std::nullopt;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

std::size_t line_of(std::string_view json, std::string_view place) noexcept { return Walker{json}.find(place); }

}  // namespace dunnage::seccomp
