// SPDX-License-Identifier: Apache-2.0
#include "spec/apply.hpp"
#include "spec/flag.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage::spec {
namespace {

bool is_letter(std::string_view text) {
  return text.size() == 1 && ((text[0] >= 'a' && text[0] <= 'z') || (text[0] >= 'A' && text[0] <= 'Z'));
}

/// `C:\data`, `\\server\share`, and `C:/data` where it is followed by a target. `c:/data` alone is a volume named c.
void refuse_windows_paths(const Input& input, const std::vector<Piece>& sections) {
  for (std::size_t index = 0; index < sections.size(); ++index) {
    const auto& [text, span] = sections[index];
    const bool drive = index > 0 && is_letter(sections[index - 1].text) &&
                       (text.starts_with('\\') || (index == 1 && sections.size() > 2 && text.starts_with('/') &&
                                                   sections[2].text.starts_with('/')));
    if (drive || text.starts_with("\\\\")) {
      const std::size_t begin = drive ? sections[index - 1].span.column : span.column;
      input.refuse({begin, span.column + span.length - begin}, "this is a path of Windows",
                   "give a path of this host, which begins with \"/\"", errc::not_supported);
    }
  }
}

void check_sections(const Input& input, const std::vector<Piece>& sections) {
  constexpr std::size_t kMost = 3;
  if (input.text().empty()) {
    input.refuse({0, 1}, "the text is empty", "write \"SOURCE:TARGET\", like \"db-data:/data\"");
  }
  refuse_windows_paths(input, sections);
  if (sections.size() > kMost) {
    input.refuse({sections[kMost].span.column - 1, sections[kMost].span.length + 1}, "too many colons",
                 "write \"SOURCE:TARGET:OPTIONS\"; a path with a colon in it needs \"--mount\"");
  }
  const auto empty =
      std::find_if(sections.begin(), sections.end(), [](const Piece& piece) { return piece.text.empty(); });
  if (empty != sections.end()) {
    const char* const what = empty == sections.begin()       ? "the source"
                             : empty == sections.begin() + 1 ? "the target"
                                                             : "the list of options";
    input.refuse({empty->span.column, 1}, fmt::format("{} is empty", what), "remove the colon or fill it in");
  }
}

bool is_list_of_options(const Input& input, Type type, const Piece& piece) {
  const std::vector<Field> fields = split_fields(input, piece.span);
  return std::all_of(fields.begin(), fields.end(), [&](const Field& field) {
    return !field.has_value && find_option(Flag::Volume, type, field.key.text) != nullptr;
  });
}

void read_options(const Input& input, const Piece& piece, Draft& draft) {
  Seen seen;
  for (const Field& field : split_fields(input, piece.span)) {
    apply(input, Flag::Volume, field, draft, seen);
  }
}

}  // namespace

Mount read_volume_flag(const Input& input) {
  const std::string_view text = input.text();
  const std::vector<Piece> sections = split(input, {0, text.size()}, ':');
  check_sections(input, sections);
  Draft draft;
  if (sections.size() == 1) {
    draft.target = sections[0];
    return finish(input, draft);
  }
  const std::string& source = sections[0].text;
  draft.type = source.starts_with('/') || source.starts_with('.') ? Type::Bind : Type::Volume;
  draft.create_source = draft.type == Type::Bind;
  draft.source = sections[0];
  draft.target = sections[1];
  if (sections.size() == 2 && is_list_of_options(input, draft.type, sections[1])) {
    input.refuse(sections[1].span, fmt::format("\"{}\" is an option and not a target", sections[1].text),
                 "put the target before it, like \"SOURCE:TARGET:ro\"");
  }
  if (sections.size() > 2) {
    read_options(input, sections[2], draft);
  }
  return finish(input, draft);
}

}  // namespace dunnage::spec
