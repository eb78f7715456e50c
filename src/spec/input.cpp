// SPDX-License-Identifier: Apache-2.0
#include "spec/input.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace dunnage::spec {

Input::Input(std::string_view noun, std::string_view whole, std::size_t begin)
    : noun_{noun}, whole_{whole}, text_{whole.substr(std::min(begin, whole.size()))}, begin_{begin} {
  if (whole.size() > kLongestText) {
    whole_ = whole.substr(0, kLongestText);
    begin_ = 0;
    refuse({kLongestText - 1, 1}, {.code = SpecCode::TooLong}, "the text is longer than 64 KiB", "shorten it");
  }
}

Input::Input(const Input& outer, std::string_view text, std::size_t begin) noexcept
    : noun_{outer.noun_}, whole_{outer.whole_}, text_{text}, begin_{outer.begin_ + begin} {}

void Input::refuse(Span part, SpecRefusal refusal, std::string cause, std::string remedy, errc code) const {
  throw SpecError{{.stage = Stage::Parse,
                   .operation = std::string{noun_},
                   .subject = std::string{whole_},
                   .detail = "",
                   .cause = std::move(cause),
                   .code = code,
                   .remedy = std::move(remedy)},
                  std::move(refusal),
                  whole_,
                  std::min(begin_ + part.column, whole_.size()),
                  part.length};
}

std::string shown(std::string_view text) {
  constexpr std::size_t kLongestShown = 200;
  return std::string{text.substr(0, kLongestShown)};
}

}  // namespace dunnage::spec
