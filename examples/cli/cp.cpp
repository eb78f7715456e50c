// SPDX-License-Identifier: Apache-2.0
#include "cp.hpp"

#include "command.hpp"
#include "progress_line.hpp"

#include <dunnage/copy.hpp>

#include <unistd.h>

#include <filesystem>
#include <optional>
#include <stdexcept>

namespace cli {
namespace {

/// A path in a container or volume.
struct Place {
  std::string name;
  std::string path;  ///< absolute
};

/// NAME:PATH; nothing for a path of this machine, which begins with / or . if it has a colon, as in Docker.
std::optional<Place> place_in(const std::string& text) {
  const auto colon = text.find(':');
  if (colon == std::string::npos || colon == 0 || text.front() == '/' || text.front() == '.') return std::nullopt;
  std::string path = text.substr(colon + 1);
  if (path.empty()) throw std::invalid_argument{"\"" + text + "\" has no path; write NAME:PATH"};
  if (path.front() != '/') path.insert(0, 1, '/');
  return Place{text.substr(0, colon), std::move(path)};
}

/// Calls `copy` with the store and the name of a container or else of a volume.
template <typename Copy>
void with_store(const Place& place, const Session& session, Copy&& copy) {
  const auto containers = session.containers();
  if (!containers.find(place.name) && session.volumes().find(place.name)) {
    copy(session.volumes(), place.name);
  } else {
    copy(containers, place.name);
  }
}

void copy_in(const CopyFlags& flags, const Place& place, const Session& session, const dunnage::CopyOptions& options) {
  with_store(place, session, [&](const auto& store, const std::string& name) {
    if (flags.source == "-") {
      dunnage::copy_in(store, name, STDIN_FILENO, place.path, options);
    } else {
      dunnage::copy_in(store, name, std::filesystem::path{flags.source}, place.path, options);
    }
  });
}

void copy_out(const CopyFlags& flags, const Place& place, const Session& session, const dunnage::CopyOptions& options) {
  if (flags.target == "-" && ::isatty(STDOUT_FILENO) == 1) {
    throw std::invalid_argument{"an archive is nothing for a terminal; write it to a file or a pipe"};
  }
  with_store(place, session, [&](const auto& store, const std::string& name) {
    if (flags.target == "-") {
      dunnage::copy_out(store, name, place.path, STDOUT_FILENO, options);
    } else {
      dunnage::copy_out(store, name, place.path, std::filesystem::path{flags.target}, options);
    }
  });
}

}  // namespace

int copy(const CopyFlags& flags, const Session& session) {
  const auto source = place_in(flags.source);
  const auto target = place_in(flags.target);
  if (source.has_value() == target.has_value()) {
    throw std::invalid_argument{source ? "copying between containers is not possible; copy to this machine first"
                                       : "one of the two has to be NAME:PATH, with a container or volume"};
  }
  ProgressLine progress{flags.quiet};
  const dunnage::CopyOptions options{
      .archive = flags.archive, .follow_links = flags.follow_links, .watch = progress.watch()};
  if (source) {
    copy_out(flags, *source, session, options);
  } else {
    copy_in(flags, *target, session, options);
  }
  return 0;
}

void CopyFlags::add_to(CLI::App& command, const std::string& name) {
  command.footer(
      "Either SOURCE or TARGET is " + name +
      ":PATH; a directory ending in /. stands for what is in it. The other one may be -: a tar archive, from the "
      "standard input or to the standard output.");
  command.add_option("SOURCE", source, "PATH, -, or " + name + ":PATH")->required()->type_name("");
  command.add_option("TARGET", target, name + ":PATH, PATH, or -")->required()->type_name("");
  command.add_flag("-a,--archive", archive, "Keep owners, set-user-ID bits and capabilities");
  command.add_flag("-L,--follow-link", follow_links, "Copy what a link leads to, if SOURCE is one");
  command.add_flag("-q,--quiet", quiet, "Show no progress");
}

void add_cp(CLI::App& parent, Session& session) {
  CLI::App& command =
      add_command(parent, session, "cp", "Copy files into or out of a container, running or not, or a volume");
  auto flags = std::make_shared<CopyFlags>();
  flags->add_to(command, "NAME");
  on_chosen(command, session, flags, [&session](const CopyFlags& chosen) { return copy(chosen, session); });
}

}  // namespace cli
