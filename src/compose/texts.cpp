// SPDX-License-Identifier: Apache-2.0
#include "compose/texts.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

namespace dunnage::compose {

Texts::Texts() { files_.emplace_back(); }

std::uint32_t Texts::add(std::string name, std::string text) {
  File file{.name = std::move(name), .text = std::move(text), .lines = {0}};
  for (std::size_t feed = file.text.find('\n'); feed != std::string::npos; feed = file.text.find('\n', feed + 1)) {
    file.lines.push_back(feed + 1);
  }
  files_.push_back(std::move(file));
  return static_cast<std::uint32_t>(files_.size() - 1);
}

std::size_t Texts::line_of(Mark mark) const {
  const auto& lines = files_.at(mark.file).lines;
  return static_cast<std::size_t>(std::upper_bound(lines.begin(), lines.end(), mark.offset) - lines.begin()) - 1;
}

ProjectPlace Texts::place(Mark mark) const {
  if (mark.file == 0) {
    return {};
  }
  const std::size_t line = line_of(mark);
  return {name(mark.file), line + 1, mark.offset - files_.at(mark.file).lines[line] + 1};
}

void Texts::refuse(Mark mark, std::string path, std::string cause, std::string remedy, errc code) const {
  std::string_view line;
  if (mark.file != 0) {
    const std::string_view whole = text(mark.file);
    const std::size_t begin = files_.at(mark.file).lines[line_of(mark)];
    line = whole.substr(begin, std::min(whole.find('\n', begin), whole.size()) - begin);
  }
  throw ProjectError{{.stage = Stage::Parse,
                      .operation = "load project",
                      .subject = std::move(path),
                      .detail = "",
                      .cause = std::move(cause),
                      .code = code,
                      .remedy = std::move(remedy)},
                     place(mark),
                     line,
                     mark.length};
}

void Texts::spend_nodes(std::size_t count, Mark mark) {
  nodes_ += count;
  if (nodes_ > Limits::kNodes) {
    refuse(mark, "", "the project has more than 100,000 values", "make it smaller, or have it repeat less",
           errc::limit_exceeded);
  }
}

void Texts::spend_bytes(std::size_t count, Mark mark) {
  bytes_ += count;
  if (bytes_ > Limits::kAllBytes) {
    refuse(mark, "", "the project has more than 16 MiB of text", "make it smaller, or have it repeat less",
           errc::limit_exceeded);
  }
}

}  // namespace dunnage::compose
