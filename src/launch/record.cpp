// SPDX-License-Identifier: Apache-2.0
// What is written down of a container that is launched, so that others find it, and so that it can be started again.

#include "container/failure.hpp"
#include "launch/launch.hpp"
#include "launch/user.hpp"
#include "volume/volume_store_access.hpp"

#include <chrono>

namespace dunnage::launch {

container::Config Launch::record_config() const {
  container::Config config;
  config.id = id_;
  config.name = name_;
  config.argv = spec_.argv;
  config.rootfs = of_image() ? "image" : spec_.rootfs.to_string();
  if (of_image()) {
    config.image = spec_.rootfs.name();
    config.image_id = image_->id;
  }
  config.env = environment_;
  config.cwd = spec_.cwd;
  config.user = numbers_of(user_);
  config.groups = user_.groups;
  config.hostname = hostname_;
  config.labels = spec_.labels;
  config.restart = spec_.restart;
  config.mounts = plan();
  config.volumes = known_volumes();
  config.terminal = spec_.terminal;
  config.remove_on_exit = removed_on_exit();
  config.detached = detached();
  config.stop_signal = spec_.stop_signal;
  config.created_at = std::chrono::system_clock::now();
  config.capabilities = capabilities_;
  config.no_new_privileges = spec_.no_new_privileges;
  config.seccomp = spec_.seccomp;
  config.resources = spec_.resources;
  config.relaunch = {.read_only_root = spec_.read_only_root,
                     .network = spec_.network,
                     .add_capabilities = spec_.add_capabilities,
                     .drop_capabilities = spec_.drop_capabilities,
                     .root_changes = spec_.root_changes,
                     .limit_way = changes_ ? changes_->limited().way : LimitWay::None};
  for (const AnonymousVolume& volume : anonymous()) {
    config.anonymous_volumes.push_back(volume.name);
  }
  return config;
}

void Launch::make_record() {
  if (!recorded() && anonymous().empty()) {
    return;
  }
  store_ = VolumeStore::open(store_path());
  trash_ = VolumeStoreAccess::layout(*store_).open_trash();
  if (!recorded()) {
    return;
  }
  const container::Config config = record_config();
  const volume::Layout& layout = VolumeStoreAccess::layout(*store_);
  record_ = again_       ? container::reopen_record(layout, config)
            : replaces() ? container::create_record_in_place(layout, config)
                         : container::create_record(layout, config);
  if (changes_ && !removed_on_exit()) {
    container::explained({Stage::Launch, "launch container", subject()}, [&] { changes_->keep(true); });
  }
}

}  // namespace dunnage::launch
