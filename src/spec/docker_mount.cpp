// SPDX-License-Identifier: Apache-2.0
#include "error/nearest.hpp"
#include "spec/flag.hpp"
#include "spec/lower.hpp"
#include "spec/overlay.hpp"
#include "spec/text.hpp"
#include "spec/words.hpp"

#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace dunnage::spec {
namespace {

/// White space round the whole text is not meant, as in Docker.
Span trimmed(std::string_view text) noexcept {
  const std::string_view part = trim_space(text);
  return {part.empty() ? 0 : static_cast<std::size_t>(part.data() - text.data()), part.size()};
}

/// For messages and for rows that exist for one type only; the type may come last.
SpecType type_of(const Input& input) {
  CsvReader reader{input, trimmed(input.text())};
  SpecType type = SpecType::Volume;
  Field field;
  while (reader.next(field)) {
    if (equals_in_any_case(field.key.text, "type")) {
      type = type_named(lower(field.value.text)).value_or(type);
    }
  }
  return type;
}

SpecRefusal refusal_of(SpecCode code, std::string words) { return {code, SpecStage::Parse, std::move(words)}; }

void check_space(const Input& input, const Field& field, bool own) {
  if (trim_space(field.key.text).size() != field.key.text.size()) {
    input.refuse(field.key.span,
                 refusal_of(SpecCode::WhitespaceKey, fmt::format("invalid option '{}' in '{}': option should not have "
                                                                 "whitespace",
                                                                 shown(field.key.text), shown(field.whole.text))),
                 "there is white space round the option", "remove it");
  }
  if (!field.has_value) {
    return;
  }
  const std::string_view value = trim_space(field.value.text);
  if (value.empty()) {
    input.refuse(at_least_one(field.whole.span),
                 refusal_of(SpecCode::EmptyOptionValue,
                            fmt::format("invalid value for '{}': value is empty", shown(field.key.text))),
                 fmt::format("the value of \"{}\" is empty", shown(field.key.text)),
                 fmt::format("give it a value, or leave \"{}\" out", shown(field.key.text)));
  }
  // In quotes it is meant, and this library prints it that way; Docker refuses it all the same.
  if (value.size() != field.value.text.size() && !(own && field.quoted)) {
    input.refuse(field.value.span,
                 refusal_of(SpecCode::WhitespaceValue,
                            fmt::format("invalid value for '{}' in '{}': value should not have whitespace",
                                        shown(field.key.text), shown(field.whole.text))),
                 "there is white space round the value", "remove it, or put the whole field in quotes if it is meant");
  }
}

const Option* option_of(const Input& input, const Field& field, bool own) {
  const Option* const option = find_option_in_any_case(Flag::DockerMount, own, field.key.text);
  const bool may_be_bare = option != nullptr && (option->kind == ValueKind::Switch || option->kind == ValueKind::Word);
  if (!field.has_value && !may_be_bare && !(option != nullptr && option->word == Word::NonRecursive)) {
    refuse_word(input, Flag::DockerMount, own, type_of(input), field,
                refusal_of(SpecCode::NotKeyValue,
                           fmt::format("invalid field '{}' must be a key=value pair", shown(field.whole.text))));
  }
  if (option == nullptr) {
    refuse_word(
        input, Flag::DockerMount, own, type_of(input), field,
        refusal_of(SpecCode::UnknownOption,
                   fmt::format("unknown option '{}' in '{}'", lower(shown(field.key.text)), shown(field.whole.text))));
  }
  if (option->word == Word::NonRecursive) {
    refuse_word(
        input, Flag::DockerMount, own, SpecType::Bind, field,
        refusal_of(SpecCode::DeprecatedOption, "bind-nonrecursive is deprecated, use bind-recursive=disabled instead"));
  }
  if (own && option->kind == ValueKind::Word) {
    check_spelling(input, *option, field);
  }
  return option;
}

void check_own_pair(const Input& input, const Option& option, const Field& field) {
  if (option.kind == ValueKind::Pair && field.value.text.starts_with('=')) {
    input.refuse(field.value.span, {.code = SpecCode::BadLabel},
                 fmt::format("\"{}\" is not a label", shown(field.value.text)), "write \"key=value\"");
  }
}

void read_field(const Input& input, const Field& field, Draft& draft, Seen& seen, bool own) {
  check_space(input, field, own);
  const Option& option = *option_of(input, field, own);
  if (option.word == Word::Type) {
    draft.type = field.value;
    return;
  }
  if (own) {
    check_own_pair(input, option, field);
    const std::string_view earlier =
        option.kind == ValueKind::Word ? enter(seen, option.group, field.key.text) : std::string_view{};
    if (earlier.data() != nullptr) {
      refuse_contradiction(input, field, earlier, {.code = SpecCode::DuplicateOption});
    }
  }
  take(draft, option, parse_value(input, option, field, own));
  if (option.word == Word::Source) {
    draft.source_key = field.key;
  }
  if ((option.flags & static_cast<unsigned>(Flag::DockerMount)) == 0) {
    draft.used_own = true;
  } else if (option.types != kAny) {
    draft.families |= option.types;
  }
}

/// The first option that is not one of the type. \param families only of these; 0: this library's own
void refuse_first_stranger(const Input& input, std::string_view type_text, unsigned families, unsigned type_bit,
                           const SpecRefusal& refusal) {
  CsvReader reader{input, trimmed(input.text())};
  Field field;
  while (reader.next(field)) {
    const Option* const option = find_option_in_any_case(Flag::DockerMount, true, field.key.text);
    if (option == nullptr) {
      continue;
    }
    const bool own = (option->flags & static_cast<unsigned>(Flag::DockerMount)) == 0;
    if (families == 0 ? own && (option->types & type_bit) == 0 : !own && option->types == families) {
      refuse_for_type(input, Flag::DockerMount, field.key.text, field.key.span, option->types, type_text, refusal);
    }
  }
}

void check_families(const Input& input, const Draft& draft, std::string_view type_text, unsigned type_bit, bool own) {
  constexpr std::array<std::pair<unsigned, std::string_view>, 4> kFamilies{
      {{kBind, "bind"}, {kVolume, "volume"}, {kImage, "image"}, {kTmpfs, "tmpfs"}}};
  for (const auto& [bit, name] : kFamilies) {
    if ((draft.families & bit) != 0 && bit != type_bit) {
      refuse_first_stranger(
          input, type_text, bit, type_bit,
          refusal_of(SpecCode::MixedOptions,
                     fmt::format("cannot mix '{}-*' options with mount type '{}'", name, shown(type_text))));
    }
  }
  if (own && draft.used_own) {
    refuse_first_stranger(input, type_text, 0, type_bit, {.code = SpecCode::MixedOptions});
  }
}

void check_recursion(const Input& input, const Draft& draft) {
  constexpr unsigned kOfReadOnly = kReadOnlyNonRecursive | kReadOnlyForceRecursive;
  if ((draft.recursion & kOfReadOnly) == 0) {
    return;
  }
  const bool writable = (draft.recursion & kReadOnlyNonRecursive) != 0;
  const std::string_view word = writable ? "writable" : "readonly";
  if (!draft.mount.read_only) {
    input.refuse(
        draft.recursion_span,
        refusal_of(SpecCode::RequiresReadonly,
                   fmt::format("option 'bind-recursive={}' requires 'readonly' to be specified in conjunction", word)),
        fmt::format("\"bind-recursive={}\" means nothing without \"readonly\"", word), "add \"readonly\"");
  }
  if ((draft.recursion & kReadOnlyForceRecursive) != 0 && draft.mount.propagation != "rprivate") {
    input.refuse(draft.recursion_span,
                 refusal_of(SpecCode::RequiresRprivate,
                            "option 'bind-recursive=readonly' requires "
                            "'bind-propagation=rprivate' to be specified in conjunction"),
                 "\"bind-recursive=readonly\" needs mounts that no one can add to from outside",
                 "add \"bind-propagation=rprivate\"");
  }
}

/// This library mounts four types; the engine looks at the type last.
void check_own_type(const Input& input, const Draft& draft, std::string_view text, std::optional<SpecType> type) {
  constexpr std::string_view kUse = "use \"bind\", \"volume\", \"tmpfs\" or \"image\"";
  constexpr std::array<std::string_view, 4> kNames{"bind", "volume", "tmpfs", "image"};
  if (type && (bit_of(*type) & kAny) != 0) {
    return;
  }
  if (type) {
    input.refuse(draft.type.span, {.code = SpecCode::Unsupported},
                 fmt::format("mount type \"{}\" is not supported", text), std::string{kUse}, errc::not_supported);
  }
  const auto near = error::nearest(text, kNames);
  input.refuse(draft.type.span, refusal_of(SpecCode::UnknownType, "mount type unknown"),
               fmt::format("unknown mount type \"{}\"", shown(text)),
               near ? fmt::format("did you mean \"{}\"?", *near) : std::string{kUse});
}

void check_single_record(const Input& input, const CsvReader& reader, Span part) {
  if (reader.end_of_record() < part.column + part.length) {
    input.refuse({reader.end_of_record(), 1}, {.code = SpecCode::BadCsv}, "there is more than one line",
                 "give each mount a text of its own");
  }
}

}  // namespace

SpecMount docker_mount(const Input& input, const Rules& rules) {
  const Span part = trimmed(input.text());
  if (part.length == 0) {
    input.refuse({0, 1}, refusal_of(SpecCode::EmptyValue, "value is empty"), "the text is empty",
                 "write \"type=bind,source=/on/host,target=/in/container\"");
  }
  CsvReader reader{input, part};
  Draft draft;
  Seen seen{};
  Field field;
  while (reader.next(field)) {
    read_field(input, field, draft, seen, rules.own);
  }
  if (rules.own) {
    check_single_record(input, reader, part);
  }
  for (char& letter : draft.mount.propagation) {
    letter = lower_letter(letter);
  }
  if (!draft.mount.consistency.empty()) {
    draft.mount.consistency = lower(draft.mount.consistency);
  }
  const std::string type_text = lower(draft.type.text);
  const auto type = type_named(type_text);
  if (rules.own) {
    check_own_type(input, draft, type_text, type);
  }
  check_families(input, draft, type_text, type ? bit_of(*type) : 0, rules.own);
  check_recursion(input, draft);
  if (draft.used_own) {
    take_overlay(input, draft);
  }
  return complete_docker(input, std::move(draft), rules, false);
}

}  // namespace dunnage::spec
