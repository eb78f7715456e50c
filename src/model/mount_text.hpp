// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Writes the words of `--mount`: fields with commas between them, quoted as CSV where the value needs it.

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace dunnage::model {

class MountText {
 public:
  explicit MountText(std::string_view type);

  MountText& word(std::string_view name);
  MountText& field(std::string_view name, std::string_view value);
  /// The bare word if `on`, else nothing.
  MountText& flag(std::string_view name, bool on);
  /// `name=1000`, if there is a number.
  template <typename Number>
  MountText& number(std::string_view name, const std::optional<Number>& value) {
    return value ? field(name, std::to_string(*value)) : *this;
  }
  [[nodiscard]] std::string take() { return std::move(text_); }

  /// The three attributes every mount has; `exec` is written only where it is not the default.
  MountText& attributes(bool suid, bool dev, bool exec, bool default_exec);

 private:
  std::string text_;
};

}  // namespace dunnage::model
