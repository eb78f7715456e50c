// SPDX-License-Identifier: Apache-2.0
#include "../cp.hpp"

#include "compose.hpp"
#include "containers.hpp"

#include <optional>

namespace cli {
namespace {

struct ComposeCopyFlags {
  CopyFlags copy{};
  std::string index = "1";
};

/// "web:/etc" to "shop-web-1:/etc"; a path of this machine stays.
std::string with_container(const std::string& text, const ProjectFlags& source, const std::string& index,
                           const Session& session) {
  const auto colon = text.find(':');
  if (colon == std::string::npos || colon == 0 || text.front() == '/' || text.front() == '.') return text;
  return container_for(session, source, text.substr(0, colon), index, false).name + text.substr(colon);
}

int compose_copy(const ComposeCopyFlags& flags, const ProjectFlags& source, const Session& session) {
  CopyFlags words = flags.copy;
  words.source = with_container(words.source, source, flags.index, session);
  words.target = with_container(words.target, source, flags.index, session);
  return copy(words, session);
}

}  // namespace

void add_compose_cp(const Compose& compose) {
  CLI::App& command = compose.verb("cp", "Copy files into or out of a container of a service, running or not");
  auto flags = std::make_shared<ComposeCopyFlags>();
  flags->copy.add_to(command, "SERVICE");
  command.add_option("--index", flags->index, "Which container of a scaled service (default: 1)");
  compose.on_chosen(command, flags, compose_copy);
}

}  // namespace cli
