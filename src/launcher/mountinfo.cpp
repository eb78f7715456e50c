// SPDX-License-Identifier: Apache-2.0
#include "launcher/mountinfo.hpp"

#include "launcher/fields.hpp"

#include <cstddef>

namespace dunnage::launcher {

std::vector<MountinfoLine> mountinfo_lines(std::string_view mountinfo) {
  std::vector<MountinfoLine> lines;
  for (const std::string_view line : fields_of(mountinfo, '\n')) {
    const std::size_t dash = line.find(" - ");
    if (dash != std::string_view::npos) {
      lines.push_back({fields_of(line.substr(0, dash), ' '), fields_of(line.substr(dash + 3), ' ')});
    }
  }
  return lines;
}

std::string unescaped(std::string_view text) {
  constexpr std::size_t kDigits = 3;
  std::string plain;
  for (std::size_t index = 0; index < text.size(); ++index) {
    if (text[index] != '\\' || index + kDigits >= text.size()) {
      plain += text[index];
      continue;
    }
    unsigned code = 0;
    for (std::size_t digit = 1; digit <= kDigits; ++digit) {
      code = code * 8U + static_cast<unsigned>(text[index + digit] - '0');
    }
    plain += static_cast<char>(code);
    index += kDigits;
  }
  return plain;
}

}  // namespace dunnage::launcher
