// SPDX-License-Identifier: Apache-2.0
#include "error/nearest.hpp"
#include "spec/apply.hpp"
#include "spec/flag.hpp"
#include "spec/lower.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage::spec {
namespace {

constexpr std::array kTypes{Type::Bind, Type::Volume, Type::Tmpfs};
constexpr std::array<std::string_view, 3> kTypeNames{"bind", "volume", "tmpfs"};
constexpr std::array<std::string_view, 8> kTypesElsewhere{"image",  "npipe", "cluster",  "ramfs",
                                                          "devpts", "glob",  "artifact", "overlay"};

Type type_named(const Input& input, const Field& field) {
  const Value value = parse_value(input, ValueKind::Text, field);
  const std::string word = lower(value.text.text);
  for (const Type type : kTypes) {
    if (to_string(type) == word) {
      return type;
    }
  }
  const std::string shown = word.substr(0, 100);
  if (std::find(kTypesElsewhere.begin(), kTypesElsewhere.end(), word) != kTypesElsewhere.end()) {
    input.refuse(value.text.span, fmt::format("mount type \"{}\" is not supported", shown),
                 "use \"bind\", \"volume\" or \"tmpfs\"", errc::not_supported);
  }
  const auto near = error::nearest(word, kTypeNames);
  input.refuse(value.text.span, fmt::format("unknown mount type \"{}\"", shown),
               near ? fmt::format("did you mean \"{}\"?", *near) : "use \"bind\", \"volume\" or \"tmpfs\"");
}

/// White space round the whole text is not meant, as in Docker.
Span trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n\v\f";
  const std::size_t begin = text.find_first_not_of(kSpace);
  return begin == std::string_view::npos ? Span{} : Span{begin, text.find_last_not_of(kSpace) + 1 - begin};
}

}  // namespace

Mount read_mount_flag(const Input& input) {
  const Span part = trimmed(input.text());
  if (part.length == 0) {
    input.refuse({0, 1}, "the text is empty", "write \"type=bind,source=/on/host,target=/in/container\"");
  }
  const std::vector<Field> fields = split_csv(input, part);
  Draft draft;
  // The type decides which options there are, and may come last.
  const auto is_type = [](const Field& field) { return lower(field.key.text) == "type"; };
  for (const Field& field : fields) {
    if (is_type(field)) {
      draft.type = type_named(input, field);
    }
  }
  Seen seen;
  for (const Field& field : fields) {
    if (!is_type(field)) {
      apply(input, Flag::Mount, field, draft, seen);
    }
  }
  return finish(input, draft);
}

}  // namespace dunnage::spec
