// SPDX-License-Identifier: Apache-2.0
#include "container/store_state.hpp"

#include "container/failure.hpp"
#include "container/lookup.hpp"
#include "container/running.hpp"
#include "container/specification.hpp"
#include "container/state.hpp"
#include "container/store_access.hpp"
#include "kernel/call_error.hpp"
#include "kernel/files.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

namespace dunnage::container {

LaunchError damaged_failure(const Deed& deed, const std::string& cause) {
  return failure(deed, "its record is damaged: " + cause, std::make_error_code(std::errc::io_error),
                 "remove it with ContainerStore::remove()");
}

Met meet(const Deed& deed, int containers, std::string_view name) {
  constexpr auto kTimeout = std::chrono::seconds{10};
  const Found record = get_record(deed, containers, name);
  Met met;
  try {
    met.config = read_config(record.directory.get());
    met.contact = contact(record.directory.get(), std::chrono::steady_clock::now() + kTimeout);
  } catch (const kernel::CallError& error) {
    // what somebody removes loses its files one by one
    if (error.code() != std::errc::no_such_file_or_directory ||
        kernel::is_at(containers, record.name, record.directory.get())) {
      throw;
    }
    throw missing_failure(deed, record_names(containers));
  }
  if (met.contact.listener == Listener::Silent) {
    throw silent_failure(deed);
  }
  return met;
}

Container handle_of(Met met, const std::filesystem::path& store) {
  const Config& config = met.config;
  kernel::FileDescriptor process;
  if (!met.contact.first.descriptors.empty()) {
    process = std::move(met.contact.first.descriptors.front());
  }
  auto state = std::make_shared<ContainerAccess::ContainerState>();
  state->set_run(std::make_shared<Running>(config.name, std::move(met.contact.socket), std::move(process), Streams{}));
  state->id = config.id;
  state->name = config.name;
  state->set_storage(storage_of(config, store));
  state->recorded = true;
  state->lives_with_another = !config.detached;
  state->stop_signal = config.stop_signal;
  state->working_directory = config.cwd;
  state->user = config.user;
  state->env = config.env;
  state->capabilities = config.capabilities;
  state->no_new_privileges = config.no_new_privileges;
  state->seccomp = config.seccomp;
  state->groups = config.groups;
  state->rootfs = rootfs_of(config);
  state->image_id = config.image_id;
  state->store = store;
  state->spec = specification_of(config, store);
  return ContainerAccess::make(std::move(state));
}

}  // namespace dunnage::container

namespace dunnage {

std::optional<ContainerStore> ContainerStoreAccess::open_existing(const std::filesystem::path& root) {
  auto volumes = VolumeStoreAccess::open_existing(root);
  if (!volumes) {
    return std::nullopt;
  }
  return ContainerStore{std::make_shared<ContainerStore::State>(ContainerStore::State{std::move(*volumes)})};
}

}  // namespace dunnage
