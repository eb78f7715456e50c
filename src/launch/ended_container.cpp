// SPDX-License-Identifier: Apache-2.0
#include "launch/ended_container.hpp"

#include <dunnage/error.hpp>

#include "container/config.hpp"
#include "container/control.hpp"
#include "container/specification.hpp"
#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "volume/local_driver.hpp"

#include <cerrno>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

namespace dunnage::launch {
namespace {

using container::Config;
using container::Deed;

/// Throws if there is nothing to be had.
void require_root(const Deed& deed, const Config& config) {
  const auto refuse = [&](const char* cause, const char* remedy) {
    throw container::failure(deed, cause, errc::not_supported, remedy);
  };
  if (!config.relaunch) {
    refuse("its record is of an earlier version of the library, and does not say where its files are",
           "remove it, and launch it anew");
  }
  if (config.remove_on_exit) {
    refuse("it has ended, and was to be removed then", "launch it with remove_on_exit = false to keep its files");
  }
  if (config.image_id.empty() && config.rootfs == "host") {
    refuse("it has ended, and its root was this machine's, put together in memory",
           "copy into and out of its volumes by their names, or start it first");
  }
  if (config.relaunch->root_changes.kind == RootChanges::Kind::Memory && !config.relaunch->read_only_root) {
    refuse("it has ended, and what it wrote to its root was kept in memory", "launch it with root_changes on disk");
  }
}

/// What is in memory goes again when the copy is done.
bool is_in_memory(const ResolvedMount& mount) {
  volume::LocalDriver driver;
  return mount.kind == MountKind::Tmpfs || (mount.overlay && mount.overlay->upper.empty()) ||
         (mount.kind == MountKind::Volume && !volume::read_driver_options(mount.driver_options, driver) &&
          driver.kind == volume::LocalDriver::Kind::Tmpfs);
}

MountPlan mounts_of(const Config& config) {
  std::vector<ResolvedMount> mounts{config.mounts.begin(), config.mounts.end()};
  for (ResolvedMount& mount : mounts) {
    mount.read_only = mount.read_only || is_in_memory(mount);
    // what a start does to what it mounts was done
    mount.chown = false;
    mount.relabel = Relabel::None;
    mount.copy_up = false;
  }
  return MountPlan{std::move(mounts)};
}

LaunchSpec specification_for_files(const Config& config, const std::filesystem::path& store) {
  LaunchSpec spec = *container::specification_of(config, store);
  spec.mounts = mounts_of(config);
  spec.add_capabilities.clear();
  spec.drop_capabilities.clear();
  spec.lifetime = Lifetime::WithHost;
  spec.restart = {};
  spec.terminal = false;
  return spec;
}

}  // namespace

std::unique_ptr<EndedContainer> EndedContainer::open(const Deed& deed, const std::filesystem::path& store,
                                                     int containers, const container::Found& record) {
  const int directory = record.directory.get();
  std::unique_ptr<EndedContainer> ended{new EndedContainer{directory}};
  if (!kernel::is_at(containers, record.name, directory)) {
    throw kernel::CallError{"open record", ENOENT};
  }
  const auto contact = container::contact(directory, std::chrono::steady_clock::now() + container::kPatience);
  if (contact.listener != container::Listener::Nobody) {
    return nullptr;
  }
  const Config config = container::read_config(directory);
  require_root(deed, config);
  ended->launch_ = std::make_unique<Launch>(
      specification_for_files(config, store),
      Again{.id = config.id, .name = config.name, .anonymous = {}, .image_id = config.image_id});
  ended->root_ = ended->launch_->assemble();
  return ended;
}

std::vector<int> EndedContainer::locks() const {
  std::vector<int> locks = launch_->locks();
  locks.push_back(lock_.descriptor());
  return locks;
}

}  // namespace dunnage::launch
