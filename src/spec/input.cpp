// SPDX-License-Identifier: Apache-2.0
#include "spec/input.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace dunnage::spec {

Input::Input(std::string_view noun, std::string_view whole, std::size_t begin)
    : noun_{noun}, whole_{whole}, begin_{begin} {
  if (whole.size() > kLongestText) {
    whole_ = whole.substr(0, kLongestText);
    begin_ = 0;
    refuse({kLongestText - 1, 1}, "the text is longer than 64 KiB", "shorten it");
  }
}

void Input::refuse(Span part, std::string cause, std::string remedy, errc code) const {
  throw SpecError{{.stage = Stage::Parse,
                   .operation = std::string{noun_},
                   .subject = std::string{whole_},
                   .detail = "",
                   .cause = std::move(cause),
                   .code = code,
                   .remedy = std::move(remedy)},
                  whole_,
                  begin_ + part.column,
                  part.length};
}

}  // namespace dunnage::spec
