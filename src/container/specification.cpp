// SPDX-License-Identifier: Apache-2.0
#include "container/specification.hpp"

#include "container/config.hpp"
#include "container/lookup.hpp"
#include "container/record.hpp"
#include "volume/volume_store_access.hpp"

#include <algorithm>
#include <exception>
#include <iterator>
#include <string>
#include <vector>

namespace dunnage::container {

Rootfs rootfs_of(const Config& config) {
  if (!config.image_id.empty()) {
    return Rootfs::image(config.image);
  }
  return config.rootfs == "host" ? Rootfs::host() : Rootfs::directory(config.rootfs);
}

Storage storage_of(const Config& config, const std::filesystem::path& store) {
  Storage storage{.plan = std::make_shared<const MountPlan>(config.mounts), .anonymous = {}, .volumes = config.volumes};
  for (const ResolvedMount& mount : config.mounts) {
    if (mount.kind == MountKind::Volume && std::ranges::count(config.anonymous_volumes, mount.volume) != 0) {
      storage.anonymous.push_back({mount.store, mount.volume});
    }
  }
  for (const std::string& name : config.anonymous_volumes) {
    const auto same = [&](const AnonymousVolume& volume) { return volume.name == name; };
    if (std::ranges::none_of(storage.anonymous, same)) {
      storage.anonymous.push_back({store, name});
    }
  }
  return storage;
}

Storage present_storage(const ContainerAccess::ContainerState& state) {
  if (!state.recorded) {
    return state.storage();
  }
  try {
    if (const auto volumes = VolumeStoreAccess::open_existing(state.store)) {
      const kernel::FileDescriptor containers = open_containers(VolumeStoreAccess::layout(*volumes));
      const auto record = open_record(containers.get(), state.name);
      const Config config = record ? read_config(record->directory.get()) : Config{};
      if (config.id == state.id) {
        return storage_of(config, state.store);
      }
    }
  } catch (const std::exception&) {
    // it is being removed, or is damaged: what else would say so says it
  }
  return state.storage();
}

std::optional<LaunchSpec> specification_of(const Config& config, const std::filesystem::path& store) {
  if (!config.relaunch) {
    return std::nullopt;
  }
  const Relaunch& more = *config.relaunch;
  LaunchSpec spec{.rootfs = rootfs_of(config),
                  .argv = config.argv,
                  .entrypoint = std::vector<std::string>{},
                  .image_volumes = ImageVolumes::Ignore,
                  .env = config.env,
                  .cwd = config.cwd,
                  .user = config.user,
                  .hostname = config.hostname,
                  .read_only_root = more.read_only_root,
                  .root_changes = more.root_changes,
                  .network = more.network,
                  .out = Stdio::log(),
                  .err = Stdio::log(),
                  .terminal = config.terminal,
                  .no_new_privileges = config.no_new_privileges,
                  .add_capabilities = more.add_capabilities,
                  .drop_capabilities = more.drop_capabilities,
                  .seccomp = config.seccomp,
                  .resources = config.resources,
                  .lifetime = Lifetime::Detached,
                  .restart = config.restart,
                  .stop_signal = config.stop_signal,
                  .name = config.name,
                  .labels = config.labels,
                  .record = true,
                  .remove_on_exit = config.remove_on_exit,
                  .store = store,
                  .pull = PullPolicy::Never};
  std::ranges::transform(config.groups, std::back_inserter(spec.groups),
                         [](std::uint32_t group) { return std::to_string(group); });
  return spec;
}

}  // namespace dunnage::container
