// SPDX-License-Identifier: Apache-2.0
#include "model/mount_text.hpp"

#include <string>
#include <string_view>

namespace dunnage::model {
namespace {

// White space at the edges is quoted too: unquoted, it is taken for a slip of the keyboard and refused.
bool needs_quotes(std::string_view value) {
  constexpr std::string_view kSpace = " \t\v\f";
  return value.find_first_of(",\"\r\n") != std::string_view::npos ||
         (!value.empty() && (kSpace.find(value.front()) != std::string_view::npos ||
                             kSpace.find(value.back()) != std::string_view::npos));
}

}  // namespace

MountText::MountText(std::string_view type) : text_{"type="} { text_ += type; }

MountText& MountText::word(std::string_view name) {
  text_ += ',';
  text_ += name;
  return *this;
}

MountText& MountText::field(std::string_view name, std::string_view value) {
  const bool quoted = needs_quotes(value);
  text_ += quoted ? ",\"" : ",";
  text_ += name;
  text_ += '=';
  for (const char character : value) {
    text_.append(character == '"' ? 2 : 1, character);
  }
  if (quoted) {
    text_ += '"';
  }
  return *this;
}

MountText& MountText::flag(std::string_view name, bool on) { return on ? word(name) : *this; }

MountText& MountText::attributes(bool suid, bool dev, bool exec, bool default_exec) {
  if (suid) {
    word("suid");
  }
  if (dev) {
    word("dev");
  }
  if (exec != default_exec) {
    word(exec ? "exec" : "noexec");
  }
  return *this;
}

}  // namespace dunnage::model
