// SPDX-License-Identifier: Apache-2.0

// image rm and image prune.

#include "command.hpp"
#include "human_size.hpp"
#include "image_name.hpp"

#include <dunnage/error.hpp>

#include <algorithm>
#include <iostream>

namespace cli {
namespace {

struct RemoveFlags {
  std::vector<std::string> names{};
  bool force = false;
};

struct PruneFlags {
  bool all = false;
  bool force = false;
};

/// Docker's words: which names are gone, and whether the image is.
void tell_what_went(const dunnage::ImageInfo& before, const std::optional<dunnage::Image>& after) {
  for (const auto& name : before.names) {
    const bool left = after && std::ranges::count(after->info().names, name) != 0;
    if (!left) std::cout << "Untagged: " << familiar(name) << '\n';
  }
  if (!after) std::cout << "Deleted: " << before.id << '\n';
  std::cout << std::flush;
}

int remove(const RemoveFlags& flags, const Session& session) {
  auto images = session.images();
  return for_each_name(flags.names, [&](const std::string& name) {
    try {
      const auto before = images.get(name).info();
      images.remove(name);
      tell_what_went(before, images.find(before.id));
    } catch (const dunnage::ImageError& error) {
      // -f asks for it to be gone, and it is.
      if (!flags.force || error.code() != dunnage::errc::image_missing) throw;
    }
  });
}

int prune(const PruneFlags& flags, const Session& session) {
  const std::string what = flags.all ? "all images that no container uses." : "all images without a name.";
  if (!flags.force && !confirmed("This will remove " + what)) return 0;
  const auto result = session.images().prune(flags.all);
  if (!result.removed.empty()) std::cout << "Deleted Images:\n";
  for (const auto& id : result.removed) std::cout << "deleted: " << id << '\n';
  std::cout << "\nTotal reclaimed space: " << human_size(result.bytes) << '\n';
  return 0;
}

}  // namespace

void add_image_rm(CLI::App& parent, Session& session, const std::string& name) {
  CLI::App& command = add_command(parent, session, name, "Take names away, and images with their last name");
  auto flags = std::make_shared<RemoveFlags>();
  add_names(command, flags->names, "Images; with an id all its names go");
  command.add_flag("-f,--force", flags->force, "Do not complain about those that are absent");
  on_chosen(command, session, flags, [&session](const RemoveFlags& chosen) { return remove(chosen, session); });
}

void add_image_prune(CLI::App& parent, Session& session) {
  CLI::App& command = add_command(parent, session, "prune", "Remove images without a name, and what nobody needs");
  auto flags = std::make_shared<PruneFlags>();
  command.add_flag("-a,--all", flags->all, "Every image that no container uses");
  command.add_flag("-f,--force", flags->force, "Do not ask");
  on_chosen(command, session, flags, [&session](const PruneFlags& chosen) { return prune(chosen, session); });
}

}  // namespace cli
