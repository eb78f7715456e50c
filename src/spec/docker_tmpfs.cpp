// SPDX-License-Identifier: Apache-2.0
#include "model/target.hpp"
#include "spec/flag.hpp"
#include "spec/text.hpp"
#include "spec/words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dunnage::spec {
namespace {

void check_target(const Input& input, const Piece& target, bool own) {
  const Span place = at_least_one(target.span);
  if (own) {
    if (const auto fault = model::fault_of_target(target.text)) {
      input.refuse(place,
                   {.code = is_root(target.text)        ? SpecCode::TargetIsRoot
                            : !is_absolute(target.text) ? SpecCode::TargetNotAbsolute
                                                        : SpecCode::InvalidSpec},
                   std::string{fault->cause}, std::string{fault->remedy});
    }
    return;
  }
  if (is_root(target.text)) {
    input.refuse(place, {SpecCode::TargetIsRoot, SpecStage::Create, "invalid specification: destination can't be '/'"},
                 "the target is the root of the container", "choose a directory below \"/\", or another rootfs");
  }
  if (!is_absolute(target.text)) {
    input.refuse(place,
                 {SpecCode::TargetNotAbsolute, SpecStage::Create,
                  fmt::format("invalid mount path: '{}' mount path must be absolute", shown(target.text))},
                 "the target is not an absolute path", "begin it with \"/\"");
  }
}

/// This library keeps what the words mean; the last of a kind counts.
void take_own_word(const Input& input, const Piece& piece, Draft& draft) {
  const Field field = field_of(piece);
  const Option* const option = find_option(Flag::DockerTmpfs, true, field.key.text);
  if (option == nullptr || !option->takes(SpecType::Tmpfs) ||
      find_explanation(Flag::DockerTmpfs, SpecType::Tmpfs, field.key.text) != nullptr) {
    refuse_word(input, Flag::DockerTmpfs, true, SpecType::Tmpfs, field, {.code = SpecCode::BadTmpfsOption});
  }
  check_spelling(input, *option, field);
  take(draft, *option, parse_value(input, *option, field, true));
}

std::vector<Piece> split_words(const Input& input, Span part) {
  std::vector<Piece> words;
  PieceReader reader{input, part, ','};
  for (Piece piece; reader.next(piece);) {
    words.push_back(piece);
  }
  return words;
}

}  // namespace

SpecMount docker_tmpfs(const Input& input, const Rules& rules) {
  const std::string_view text = input.text();
  const std::size_t colon = std::min(text.find(':'), text.size());
  const Piece target{text.substr(0, colon), {0, colon}};
  check_target(input, target, rules.own);
  Draft draft;
  draft.mount.type = SpecType::Tmpfs;
  draft.mount.target = rules.own ? model::clean_path(target.text) : std::string{target.text};
  std::vector<Piece> words;
  if (colon + 1 < text.size()) {
    words = split_words(input, {colon + 1, text.size() - colon - 1});
  }
  if (rules.own) {
    for (const Piece& word : words) {
      take_own_word(input, word, draft);
    }
    return std::move(draft.mount);
  }
  draft.mount.words = merge_tmpfs_words(input, words);
  const auto& kept = *draft.mount.words;
  draft.mount.read_only = std::find(kept.begin(), kept.end(), "ro") != kept.end();
  return std::move(draft.mount);
}

}  // namespace dunnage::spec
