// SPDX-License-Identifier: Apache-2.0
// attach, detach, replace: mounts of a running container.

#include "command.hpp"
#include "storage_flags.hpp"

#include <dunnage/container_store.hpp>

#include <iostream>
#include <stdexcept>

namespace cli {
namespace {

struct AttachFlags {
  std::string container{};
  StorageFlags storage{};
};

struct DetachFlags {
  std::string container{};
  std::vector<std::string> targets{};
  bool lazy = false;
};

void add_container(CLI::App& command, std::string& container) {
  command.add_option("CONTAINER", container, "By name, id or beginning of an id")->required();
}

int attach(const AttachFlags& flags, const Session& session) {
  const dunnage::MountSet mounts = flags.storage.mount_set();
  if (mounts.empty()) throw std::invalid_argument{"nothing to attach; give a mount, such as -v data:/data"};
  const auto containers = session.containers();
  auto container = containers.get(flags.container);
  const dunnage::MountPlan plan =
      mounts.size() == 1 ? dunnage::MountPlan{{container.attach(mounts[0])}}
                         : container.attach(mounts.resolve({.store = containers.root(), .current_directory = {}}));
  for (const dunnage::ResolvedMount& mount : plan) std::cout << mount.to_string() << std::endl;
  return 0;
}

int detach(const DetachFlags& flags, const Session& session) {
  auto container = session.containers().get(flags.container);
  return for_each_name(flags.targets, [&](const std::string& target) {
    container.detach(target, {.lazy = flags.lazy});
    std::cout << target << std::endl;
  });
}

int replace(const AttachFlags& flags, const Session& session) {
  const dunnage::MountSet mounts = flags.storage.mount_set();
  if (mounts.size() != 1) throw std::invalid_argument{"give one mount, whose target has one already: -v other:/data"};
  auto container = session.containers().get(flags.container);
  std::cout << container.replace(dunnage::target_of(mounts[0]), mounts[0]).to_string() << std::endl;
  return 0;
}

}  // namespace

void add_live_mounts(CLI::App& parent, Session& session) {
  CLI::App& attaching = add_command(parent, session, "attach", "Mount something in a running container");
  auto attach_flags = std::make_shared<AttachFlags>();
  attach_flags->storage.add_to(attaching);
  add_container(attaching, attach_flags->container);
  on_chosen(attaching, session, attach_flags,
            [&session](const AttachFlags& chosen) { return attach(chosen, session); });

  CLI::App& detaching = add_command(parent, session, "detach", "Take mounts of a running container off");
  auto detach_flags = std::make_shared<DetachFlags>();
  add_container(detaching, detach_flags->container);
  detaching.add_option("TARGET", detach_flags->targets, "Where they are mounted")->required();
  detaching.add_flag("--lazy", detach_flags->lazy, "Also if they are in use: what is open stays open");
  on_chosen(detaching, session, detach_flags,
            [&session](const DetachFlags& chosen) { return detach(chosen, session); });

  CLI::App& replacing =
      add_command(parent, session, "replace", "Put another mount in the place of one, while the container runs");
  auto replace_flags = std::make_shared<AttachFlags>();
  replace_flags->storage.add_to(replacing);
  add_container(replacing, replace_flags->container);
  on_chosen(replacing, session, replace_flags,
            [&session](const AttachFlags& chosen) { return replace(chosen, session); });
}

}  // namespace cli
