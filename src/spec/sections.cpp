// SPDX-License-Identifier: Apache-2.0
#include "spec/sections.hpp"

#include "spec/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace dunnage::spec {
namespace {

/// Where the section that begins at `begin` ends.
std::size_t end_of_section(std::string_view text, std::size_t begin, SectionRules rules) {
  std::size_t depth = 0;
  for (std::size_t at = begin; at < text.size(); ++at) {
    if (rules.variables && text[at] == '$' && at + 1 < text.size() && text[at + 1] == '{') {
      ++depth;
    } else if (text[at] == '}' && depth > 0) {
      --depth;
    } else if (text[at] == ':' && depth == 0 && !(rules.drives && is_one_letter(text.substr(begin, at - begin)))) {
      return at;
    }
  }
  return text.size();
}

[[noreturn]] void refuse_empty(const Input& input, std::size_t index, std::size_t column) {
  constexpr std::array<std::string_view, 4> kNames{"the source", "the target", "the list of options",
                                                   "the part behind the options"};
  input.refuse({column, 1},
               {SpecCode::EmptySection, SpecStage::Parse,
                fmt::format("invalid spec: {}: empty section between colons", shown(input.text()))},
               fmt::format("{} is empty", kNames.at(std::min<std::size_t>(index, 3))),
               "remove the colon or fill it in");
}

}  // namespace

Sections cut_sections(const Input& input, SectionRules rules) {
  const std::string_view text = input.text();
  Sections sections;
  std::size_t begin = 0;
  for (;;) {
    const std::size_t end = end_of_section(text, begin, rules);
    if (end == begin) {
      refuse_empty(input, sections.count, begin);
    }
    if (sections.count == 2 && end < text.size()) {
      const std::size_t next = std::min(text.find(':', end + 1), text.size());
      input.refuse(
          {end, next - end},
          {SpecCode::TooManyColons, SpecStage::Parse, fmt::format("invalid spec: {}: too many colons", shown(text))},
          "too many colons", "write \"SOURCE:TARGET:OPTIONS\"; a path with a colon in it needs \"--mount\"");
    }
    sections.parts.at(sections.count++) = {text.substr(begin, end - begin), {begin, end - begin}};
    if (end == text.size()) {
      return sections;
    }
    begin = end + 1;
  }
}

bool is_file_path(std::string_view source) noexcept {
  if (source.empty()) {
    return false;
  }
  if (source.front() == '.' || source.front() == '/' || source.front() == '~' || source.starts_with("\\\\")) {
    return true;
  }
  const std::size_t first = length_of_first(source);
  return source.size() > first && source[first] == ':' && is_one_letter(source.substr(0, first));
}

}  // namespace dunnage::spec
