// SPDX-License-Identifier: Apache-2.0
#include "spec/apply.hpp"

#include "error/nearest.hpp"
#include "spec/lower.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage::spec {
namespace {

constexpr std::size_t kLongestShown = 100;

std::string remedy_for(Flag flag, Type type, std::string_view word) {
  std::vector<std::string_view> words;
  if (flag == Flag::Mount) {
    words.emplace_back("type");  // no row of the table: it decides which rows count
  }
  for (const Option& option : options()) {
    if (option.takes(flag) && option.takes(type) && option.verdict == Verdict::Accepted) {
      words.push_back(option.name);
      std::copy_if(option.aliases.begin(), option.aliases.end(), std::back_inserter(words),
                   [](std::string_view alias) { return !alias.empty(); });
    }
  }
  const std::string small = lower(word);
  if (std::find(words.begin(), words.end(), small) != words.end()) {
    return fmt::format("write \"{}\"", small);
  }
  if (const auto near = error::nearest(small, words)) {
    return fmt::format("did you mean \"{}\"?", *near);
  }
  words.resize(std::min<std::size_t>(words.size(), 8));
  return fmt::format("use one of {} and so on, or leave it out", fmt::join(words, ", "));
}

std::string_view plural_of(unsigned types) {
  constexpr auto kBind = static_cast<unsigned>(Type::Bind);
  constexpr auto kVolume = static_cast<unsigned>(Type::Volume);
  return types == kBind ? "bind mounts" : types == kVolume ? "volumes" : "a tmpfs";
}

void check_row(const Input& input, Flag flag, const Field& field, Type type, const Option* option) {
  const std::string shown = field.key.text.substr(0, kLongestShown);
  if (option == nullptr) {
    input.refuse(field.key.span, fmt::format("unknown option \"{}\" for type \"{}\"", shown, to_string(type)),
                 remedy_for(flag, type, field.key.text));
  }
  if (!option->takes(type)) {
    input.refuse(field.key.span,
                 fmt::format("\"{}\" is an option of {}, and this is type \"{}\"", shown, plural_of(option->types),
                             to_string(type)),
                 flag == Flag::Mount ? "leave it out or change the type" : "leave it out");
  }
  if (option->verdict == Verdict::NotSupported) {
    input.refuse(field.key.span, fmt::format("option \"{}\" is not supported", shown), std::string{option->remedy},
                 errc::not_supported);
  }
  if (option->verdict == Verdict::Refused) {
    input.refuse(field.key.span,
                 fmt::format("\"{}\" is not an option of {} for type \"{}\"", shown, to_string(flag), to_string(type)),
                 std::string{option->remedy});
  }
}

void check_group(const Input& input, Flag flag, const Field& field, Group group, Seen& seen) {
  if (group == Group::None || flag == Flag::Tmpfs) {
    return;
  }
  const auto [earlier, first] = seen.emplace(group, field.key.text);
  if (first) {
    return;
  }
  const bool same = earlier->second == field.key.text;
  input.refuse(field.key.span,
               same ? fmt::format("\"{}\" is given twice", field.key.text)
                    : fmt::format("\"{}\" contradicts \"{}\"", field.key.text, earlier->second),
               "leave one of the two out");
}

bool has_space_at_edge(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n\v\f";
  return !text.empty() &&
         (kSpace.find(text.front()) != std::string_view::npos || kSpace.find(text.back()) != std::string_view::npos);
}

void check_space(const Input& input, Flag flag, const Field& field) {
  if (flag != Flag::Mount) {
    return;
  }
  if (has_space_at_edge(field.key.text)) {
    input.refuse(field.key.span, "there is white space round the option", "remove it");
  }
  const bool blank = field.value.text.find_first_not_of(" \t\r\n\v\f") == std::string::npos;
  if (!field.quoted && !blank && has_space_at_edge(field.value.text)) {
    input.refuse(field.value.span, "there is white space round the value",
                 "remove it, or put the whole field in quotes if it is meant");
  }
}

}  // namespace

void apply(const Input& input, Flag flag, const Field& field, Draft& draft, Seen& seen) {
  if (field.key.text.empty()) {
    input.refuse({field.whole.span.column, std::max<std::size_t>(field.whole.span.length, 1)}, "an empty option",
                 "remove the extra comma or name the option");
  }
  check_space(input, flag, field);
  const Option* const option =
      find_option(flag, draft.type, flag == Flag::Mount ? lower(field.key.text) : field.key.text);
  check_row(input, flag, field, draft.type, option);
  check_group(input, flag, field, option->group, seen);
  const Value value = parse_value(input, option->kind, field);
  if (option->set != nullptr) {
    option->set(draft, value);
  }
}

}  // namespace dunnage::spec
