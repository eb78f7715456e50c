// SPDX-License-Identifier: Apache-2.0
#include "spec/words.hpp"

#include "spec/lower.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace dunnage {
namespace {

constexpr std::array<std::string_view, 11> kTypeWords{"bind",   "volume", "tmpfs",   "image", "overlay", "ramfs",
                                                      "devpts", "npipe",  "cluster", "glob",  "artifact"};

}  // namespace

std::string_view to_string(SpecType type) noexcept {
  const auto index = static_cast<std::size_t>(type);
  return index < kTypeWords.size() ? kTypeWords.at(index) : "unknown";
}

namespace spec {
namespace {

std::string_view needs_value(const Option& option) noexcept {
  return option.kind == ValueKind::Word || option.kind == ValueKind::Switch ? "" : option.value;
}

}  // namespace

std::optional<SpecType> type_named(std::string_view word) noexcept {
  for (std::size_t index = 0; index < kTypeWords.size(); ++index) {
    if (kTypeWords[index] == word) {
      return static_cast<SpecType>(index);
    }
  }
  return std::nullopt;
}

std::string_view plural_of(unsigned types) noexcept {
  return (types & kHost) == kBind      ? "bind mounts"
         : types == kVolume            ? "volumes"
         : types == kTmpfs             ? "a tmpfs"
         : types == kImage             ? "images"
         : types == kSources           ? "bind mounts, volumes and images"
         : types == (kVolume | kImage) ? "volumes and images"
                                       : "bind mounts and volumes";
}

void refuse_word(const Input& input, Flag flag, bool own, SpecType type, const Field& field, SpecRefusal refusal) {
  const std::string_view word = field.key.text;
  if (word.empty()) {
    input.refuse(at_least_one(field.whole.span), std::move(refusal), "an empty option",
                 "remove the extra comma or name the option");
  }
  const std::string small = lower(word);
  const Option* const right = find_explanation(flag, type, is_mount_flag(flag) ? std::string_view{small} : word);
  if (right != nullptr && right->not_supported) {
    input.refuse(field.key.span, std::move(refusal), fmt::format("option \"{}\" is not supported", shown(word)),
                 std::string{right->remedy}, errc::not_supported);
  }
  if (right != nullptr) {
    input.refuse(
        field.key.span, std::move(refusal),
        fmt::format("\"{}\" is not an option of {} for type \"{}\"", shown(word), to_string(flag), to_string(type)),
        std::string{right->remedy});
  }
  const Option* const known =
      flag == Flag::DockerMount ? find_option_in_any_case(flag, own, word) : find_option(flag, own, word);
  if (known != nullptr && !field.has_value) {
    input.refuse(field.key.span, std::move(refusal), fmt::format("\"{}\" needs a value", shown(word)),
                 fmt::format("write \"{}=...\"", shown(word)));
  }
  if (known != nullptr) {
    refuse_for_type(input, flag, word, field.key.span, known->types, to_string(type), std::move(refusal));
  }
  input.refuse(field.key.span, std::move(refusal),
               fmt::format("unknown option \"{}\" for type \"{}\"", shown(word), to_string(type)),
               remedy_for_word(flag, own, type, word));
}

void refuse_for_type(const Input& input, Flag flag, std::string_view word, Span span, unsigned types,
                     std::string_view type, SpecRefusal refusal) {
  input.refuse(
      span, std::move(refusal),
      fmt::format("\"{}\" is an option of {}, and this is type \"{}\"", shown(word), plural_of(types), shown(type)),
      is_mount_flag(flag) ? "leave it out or change the type" : "leave it out");
}

void refuse_contradiction(const Input& input, const Field& field, std::string_view earlier, SpecRefusal refusal) {
  const bool same = earlier == field.key.text;
  input.refuse(at_least_one(field.key.span), std::move(refusal),
               same ? fmt::format("\"{}\" is given twice", shown(field.key.text))
                    : fmt::format("\"{}\" contradicts \"{}\"", shown(field.key.text), shown(earlier)),
               "leave one of the two out");
}

std::string_view enter(Seen& seen, Group group, std::string_view word) noexcept {
  std::string_view& first = seen[static_cast<std::size_t>(group)];
  const std::string_view earlier = first;
  if (group != Group::None && first.data() == nullptr) {
    first = word;
  }
  return group == Group::None ? std::string_view{} : earlier;
}

void check_spelling(const Input& input, const Option& option, const Field& field) {
  const std::string word = shown(field.key.text);
  if (option.kind == ValueKind::Word && field.has_value) {
    input.refuse(field.whole.span, {.code = SpecCode::UnknownOption}, fmt::format("\"{}\" takes no value", word),
                 fmt::format("write \"{}\"", word));
  }
  if (!needs_value(option).empty() && !field.has_value) {
    input.refuse(field.key.span, {.code = SpecCode::NotKeyValue}, fmt::format("\"{}\" needs a value", word),
                 fmt::format("write \"{}=...\"", word));
  }
  if (field.has_value && field.value.text.empty()) {
    input.refuse(field.whole.span, {.code = SpecCode::EmptyOptionValue},
                 fmt::format("the value of \"{}\" is empty", word),
                 fmt::format("give it a value, or leave \"{}\" out", word));
  }
}

}  // namespace spec
}  // namespace dunnage
