// SPDX-License-Identifier: Apache-2.0
#include "spec/apply.hpp"
#include "spec/flag.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace dunnage::spec {

Mount read_tmpfs_flag(const Input& input) {
  const std::string_view text = input.text();
  const std::size_t colon = std::min(text.find(':'), text.size());
  Draft draft;
  draft.type = Type::Tmpfs;
  draft.target = Piece{std::string{text.substr(0, colon)}, {0, colon}};
  if (colon + 1 < text.size()) {
    Seen seen;
    for (const Field& field : split_fields(input, {colon + 1, text.size() - colon - 1})) {
      apply(input, Flag::Tmpfs, field, draft, seen);
    }
  }
  return finish(input, draft);
}

}  // namespace dunnage::spec
