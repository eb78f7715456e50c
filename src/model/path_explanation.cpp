// SPDX-License-Identifier: Apache-2.0
#include <dunnage/path_explanation.hpp>

#include "error/printable.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage {
namespace {

using Lines = std::vector<std::string>;

std::string owner_in_words(const FileOwner& owner) { return fmt::format("{}:{}", owner.uid, owner.gid); }

std::string ranges_in_words(const std::vector<IdRange>& ranges) {
  std::string text;
  for (const IdRange& range : ranges) {
    text += fmt::format("{}{}={}+{}", text.empty() ? "" : ",", range.inside, range.outside, range.count);
  }
  return text;
}

std::string what_serves(const PathExplanation& told) {
  if (!told.mount_in_words.empty()) {
    return fmt::format("\"{}\" is served by {}.", told.path, told.mount_in_words);
  }
  if (told.mount.empty() || told.mount == "/") {
    return fmt::format("\"{}\" is on the root file system of the container; no mount of this plan covers it.",
                       told.path);
  }
  return fmt::format("\"{}\" is served by the mount \"{}\", which is none of the plan.", told.path, told.mount);
}

void add_what_is_there(Lines& lines, const PathExplanation& told) {
  if (told.presence == PathExplanation::Presence::Unknown) {
    return;
  }
  const bool missing = told.presence == PathExplanation::Presence::Missing;
  if (missing) {
    lines.push_back(fmt::format("Nothing is there. It would be made in \"{}\".", told.leads_to));
  } else if (told.leads_to != told.path) {
    lines.push_back(fmt::format("Links lead to \"{}\".", told.leads_to));
  }
  if (!told.inside) {
    return;
  }
  std::string line = fmt::format("{} is a {} of {} in the container, mode {:04o}", missing ? "That" : "It", told.kind,
                                 owner_in_words(*told.inside), told.inside->mode);
  if (told.on_disk) {
    line += fmt::format("; on disk it belongs to {}", owner_in_words(*told.on_disk));
  }
  lines.push_back(line + ".");
}

void add_file_system(Lines& lines, const PathExplanation& told) {
  if (!told.file_system.empty()) {
    lines.push_back(fmt::format(
        "File system: {}{}.", told.file_system,
        told.file_system_options.empty() ? "" : fmt::format(" ({})", fmt::join(told.file_system_options, ","))));
  }
  if (!told.mount_options.empty()) {
    lines.push_back(fmt::format("The mount is {}{}.", fmt::join(told.mount_options, ","),
                                told.id_mapped ? ", and shows other owners than there are on disk (id-mapped)" : ""));
  }
  if (!told.users.empty()) {
    lines.push_back(fmt::format("Ids of the container on the host: users {}, groups {}.", ranges_in_words(told.users),
                                ranges_in_words(told.groups)));
  }
}

void add_access(Lines& lines, const PathExplanation& told) {
  const auto access = told.access();
  if (!access) {
    return;
  }
  const bool directory = told.kind == "directory";
  const auto may = [](bool allowed) { return allowed ? "may" : "may not"; };
  lines.push_back(fmt::format("User {} {} read it, {} {}, {} {}{}", told.user, may(access->read), may(access->write),
                              directory ? "make entries there" : "write it", may(access->execute),
                              directory ? "reach what is in it" : "execute it",
                              told.by_kernel ? "; so says the kernel, asked as this user." : ", by its rules."));
}

void add_list(Lines& lines, std::string_view before, const Lines& texts) {
  for (const std::string& text : texts) {
    lines.push_back(fmt::format("{}{}", before, text));
  }
}

}  // namespace

std::string PathExplanation::to_string() const {
  Lines lines{what_serves(*this)};
  if (!place.empty()) {
    lines.push_back(place);
  }
  add_list(lines, "- ", reasons);
  if (!mounts_below.empty()) {
    std::string list;
    for (const std::string& target : mounts_below) {
      list += fmt::format("{}\"{}\"", list.empty() ? "" : ", ", target);
    }
    lines.push_back(fmt::format("Below it other mounts begin: {}.", list));
  }
  add_what_is_there(lines, *this);
  add_file_system(lines, *this);
  add_list(lines, "It hides ", hides);
  add_access(lines, *this);
  add_list(lines, "- ", obstacles);
  add_list(lines, "To change that: ", remedies);
  add_list(lines, "Note: ", notes);
  std::string text;
  for (const std::string& line : lines) {
    text += (text.empty() ? "" : "\n") + error::printable(line);
  }
  return text;
}

std::ostream& operator<<(std::ostream& out, const PathExplanation& explanation) {
  return out << explanation.to_string();
}

}  // namespace dunnage
