// SPDX-License-Identifier: Apache-2.0
#include "model/volume_name.hpp"

#include "spec/flag.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace dunnage {
namespace spec {
namespace {

constexpr std::size_t kLongestVolumeName = 255;  // a component of a path

constexpr bool is_letter_or_digit(char byte) noexcept {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9');
}

bool matches_pattern(std::string_view name) noexcept {
  return !name.empty() && is_letter_or_digit(name.front()) && std::all_of(name.begin(), name.end(), [](char byte) {
    return is_letter_or_digit(byte) || byte == '_' || byte == '.' || byte == '-';
  });
}

[[noreturn]] void refuse_name(const Input& input, const Piece& name, SpecRefusal refusal) {
  const std::string text = shown(name.text);
  if (text.starts_with('~')) {
    input.refuse(at_least_one(name.span), std::move(refusal), "\"~\" is not expanded here, only by a shell",
                 "write the full path");
  }
  const bool path = name.text.find('/') != std::string_view::npos;
  input.refuse(at_least_one(name.span), std::move(refusal), fmt::format("\"{}\" is not a name of a volume", text),
               !path ? "use letters, digits, \"_\", \".\" and \"-\", at most 128, a letter or digit first"
               : text.starts_with('/') ? "write \"type=bind\" for a directory of the host"
                                       : fmt::format("write \"./{}\" for a directory of the host", text));
}

void check_docker_name(const Input& input, const Piece& name, SpecStage stage) {
  if (name.text.size() == 1) {
    refuse_name(input, name,
                {SpecCode::NameTooShort, stage,
                 "volume name is too short, names should be at least two alphanumeric characters"});
  }
  if (!matches_pattern(name.text)) {
    refuse_name(input, name,
                {SpecCode::NameInvalid, stage,
                 fmt::format("create {0}: \"{0}\" includes invalid characters for a local volume name, only "
                             "\"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are allowed. If you intended to pass a host directory, use "
                             "absolute path",
                             shown(name.text))});
  }
}

}  // namespace

void check_volume_name(const Input& input, const Piece& name, const Rules& rules, SpecStage stage) {
  if (rules.own) {
    if (!model::is_valid_volume_name(name.text)) {
      refuse_name(input, name, {SpecCode::NameInvalid, stage, ""});
    }
    return;
  }
  if (rules.engine != Engine::Podman) {
    check_docker_name(input, name, stage);
  } else if (!matches_pattern(name.text)) {
    refuse_name(input, name,
                {SpecCode::NameInvalid, stage, "names must match [a-zA-Z0-9][a-zA-Z0-9_.-]*: invalid argument"});
  }
  if (name.text.size() > kLongestVolumeName) {
    input.refuse(name.span, {SpecCode::NameInvalid, stage, "file name too long"},
                 "the name is longer than a file name may be", "use at most 255 bytes");
  }
}

}  // namespace spec

std::string read_volume_name(std::string_view name, Engine engine) {
  const spec::Input input{spec::kVolumeNameNoun, name};
  if (!name.empty()) {
    spec::check_volume_name(input, {name, input.all()}, {.engine = engine}, SpecStage::Parse);
  }
  return std::string{name};
}

}  // namespace dunnage
