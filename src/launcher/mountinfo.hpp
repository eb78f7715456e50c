// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The lines of /proc/PID/mountinfo (proc(5)).

#include <string>
#include <string_view>
#include <vector>

namespace dunnage::launcher {

/// The fields before the dash, of which the optional ones come last, and those after it. At least one of each.
struct MountinfoLine {
  std::vector<std::string_view> before;
  std::vector<std::string_view> after;
};

/// Lines without a dash are left out.
[[nodiscard]] std::vector<MountinfoLine> mountinfo_lines(std::string_view mountinfo);

/// A name of mountinfo as it is: there a space, tab, newline or backslash is a backslash and three octal digits
/// (proc(5)).
[[nodiscard]] std::string unescaped(std::string_view text);

}  // namespace dunnage::launcher
