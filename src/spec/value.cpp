// SPDX-License-Identifier: Apache-2.0
#include "spec/value.hpp"

#include "error/nearest.hpp"
#include "model/words.hpp"
#include "spec/lower.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace dunnage::spec {
namespace {

[[noreturn]] void refuse_value(const Input& input, const Field& field, SpecRefusal refusal, std::string_view what,
                               std::string remedy) {
  input.refuse(at_least_one(field.value.span), std::move(refusal),
               fmt::format("\"{}\" is not {}", shown(field.value.text), what), std::move(remedy));
}

SpecRefusal invalid_value(SpecCode code, const Field& field) {
  return {code, SpecStage::Parse,
          fmt::format("invalid value for {}: {}", lower(field.key.text), shown(field.value.text))};
}

bool parse_switch(const Input& input, const Field& field) {
  const std::string_view text = field.value.text;
  if (text != "true" && text != "1" && text != "false" && text != "0") {
    refuse_value(
        input, field,
        {SpecCode::BadBool, SpecStage::Parse,
         fmt::format("invalid value for '{}': invalid boolean value (\"{}\")", shown(field.key.text), shown(text))},
        "a boolean", "write \"true\" or \"false\"");
  }
  return text == "true" || text == "1";
}

std::uint64_t parse_bytes(const Input& input, const Field& field, bool own) {
  const auto size = parse_size(field.value.text);
  if (!size || (!own && *size > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))) {
    refuse_value(input, field, invalid_value(SpecCode::BadSize, field), "a size",
                 "write bytes, or a number with k, m, g or t, like \"64m\"");
  }
  if (own && *size == 0) {
    refuse_value(input, field, {.code = SpecCode::BadSize}, "a size a tmpfs can have", "give it a limit, like \"64m\"");
  }
  return *size;
}

std::uint64_t parse_mode(const Input& input, const Field& field, bool own) {
  constexpr std::uint64_t kAllBits = 07777;
  const auto mode = parse_number(field.value.text, 8, own ? kAllBits : std::numeric_limits<std::uint32_t>::max());
  if (!mode) {
    refuse_value(input, field, invalid_value(SpecCode::BadFileMode, field), "a mode",
                 "write permission bits in octal, like \"0755\" or \"1777\"");
  }
  return *mode;
}

std::uint64_t parse_id(const Input& input, const Field& field) {
  const auto id = parse_number(field.value.text, 10, std::numeric_limits<std::uint32_t>::max() - 1);
  if (!id) {
    refuse_value(input, field, {.code = SpecCode::BadInt}, "a user or group id", "write a number from 0 to 4294967294");
  }
  return *id;
}

std::uint64_t parse_count(const Input& input, const Field& field) {
  const auto count = parse_number(field.value.text, 10, std::numeric_limits<std::uint64_t>::max());
  if (!count) {
    refuse_value(input, field, {.code = SpecCode::BadInt}, "a number", "write digits only");
  }
  return *count;
}

void check_recursion(const Input& input, const Field& field) {
  if (model::recursion_named(field.value.text)) {
    return;
  }
  std::array<std::string_view, model::kRecursions.size()> words;
  std::transform(model::kRecursions.begin(), model::kRecursions.end(), words.begin(),
                 [](Recursion value) { return to_string(value); });
  const auto near = error::nearest(field.value.text, words);
  refuse_value(input, field,
               {SpecCode::BadEnum, SpecStage::Parse,
                fmt::format("invalid value for bind-recursive: {}", shown(field.value.text))},
               "a value of \"bind-recursive\"",
               near ? fmt::format("did you mean \"{}\"?", *near)
                    : "write \"enabled\", \"disabled\", \"writable\" or \"readonly\"");
}

void check_owner(const Input& input, const Field& field) {
  if (!parse_owner(field.value.text)) {
    refuse_value(input, field, {.code = SpecCode::BadEnum}, "an owner",
                 "write \"match-user\", \"UID:GID\", or \"users INSIDE=OUTSIDE+COUNT groups INSIDE=OUTSIDE+COUNT\"");
  }
}

void check_relabel(const Input& input, const Field& field) {
  if (field.value.text != "shared" && field.value.text != "private") {
    refuse_value(input, field,
                 {SpecCode::BadEnum, SpecStage::Parse, "relabel mount option must be 'private' or 'shared'"},
                 "a way to relabel", "write \"shared\" or \"private\"");
  }
}

void check_access(const Input& input, const Field& field) {
  if (!model::access_mode_named(field.value.text)) {
    refuse_value(input, field, {.code = SpecCode::BadEnum}, "an access mode",
                 "write \"shared\", \"single-writer\" or \"exclusive\"");
  }
}

void check_follow(const Input& input, const Field& field) {
  if (!model::follow_named(field.value.text)) {
    refuse_value(input, field, {.code = SpecCode::BadEnum}, "a way to follow", "write \"name\" or \"inode\"");
  }
}

void check_on_loss(const Input& input, const Field& field) {
  if (!model::loss_policy_named(field.value.text)) {
    refuse_value(input, field, {.code = SpecCode::BadEnum}, "a policy",
                 "write \"keep\", \"repair\", \"pause\" or \"stop\"");
  }
}

/// Milliseconds.
std::uint64_t parse_duration(const Input& input, const Field& field) {
  constexpr std::array<std::pair<std::string_view, std::uint64_t>, 4> kUnits{
      {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}}};
  const std::string_view text = field.value.text;
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto unit = std::find_if(kUnits.begin(), kUnits.end(),
                                 [&](const auto& candidate) { return candidate.first == text.substr(digits); });
  const auto number = parse_number(text.substr(0, digits), 10, std::numeric_limits<std::uint32_t>::max());
  if (unit == kUnits.end() || !number || *number > std::numeric_limits<std::uint32_t>::max() / unit->second) {
    refuse_value(input, field, {.code = SpecCode::InvalidSpec}, "a time",
                 "write a number with ms, s, m or h, like \"30s\"");
  }
  return *number * unit->second;
}

}  // namespace

std::optional<std::uint64_t> parse_number(std::string_view text, int base, std::uint64_t greatest) noexcept {
  std::uint64_t number = 0;
  const char* const stop = text.data() + text.size();
  const auto [end, fault] = std::from_chars(text.data(), stop, number, base);
  if (text.empty() || fault != std::errc{} || end != stop || number > greatest) {
    return std::nullopt;
  }
  return number;
}

Value parse_value(const Input& input, const Option& option, const Field& field, bool own) {
  Value value{.text = field.value};
  switch (option.kind) {
    case ValueKind::Switch:
      value.on = !field.has_value || parse_switch(input, field);
      break;
    case ValueKind::Size:
      value.number = parse_bytes(input, field, own);
      break;
    case ValueKind::Mode:
      value.number = parse_mode(input, field, own);
      break;
    case ValueKind::Id:
      value.number = parse_id(input, field);
      break;
    case ValueKind::Number:
      value.number = parse_count(input, field);
      break;
    case ValueKind::Recursion:
      check_recursion(input, field);
      break;
    case ValueKind::Owner:
      check_owner(input, field);
      break;
    case ValueKind::Relabel:
      check_relabel(input, field);
      break;
    case ValueKind::Access:
      check_access(input, field);
      break;
    case ValueKind::Follow:
      check_follow(input, field);
      break;
    case ValueKind::OnLoss:
      check_on_loss(input, field);
      break;
    case ValueKind::Duration:
      value.number = parse_duration(input, field);
      break;
    case ValueKind::Word:
    case ValueKind::Text:
    case ValueKind::Pair:
      break;
  }
  return value;
}

}  // namespace dunnage::spec
