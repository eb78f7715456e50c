// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What a ContainerStore owns, and finding what it is asked for.

#include <dunnage/container_store.hpp>

#include "container/config.hpp"
#include "container/control.hpp"
#include "container/failure.hpp"
#include "container/record.hpp"
#include "volume/volume_store_access.hpp"

#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace dunnage {

struct ContainerStore::State {
  VolumeStore volumes;

  [[nodiscard]] const volume::Layout& layout() const { return VolumeStoreAccess::layout(volumes); }
  [[nodiscard]] kernel::FileDescriptor containers() const { return container::open_containers(layout()); }
  [[nodiscard]] std::filesystem::path path_of(const std::string& name) const {
    return volumes.root() / "containers" / name;
  }
};

namespace container {

/// A record, and its launcher if it has one that lives.
struct Met {
  Config config;
  Contact contact;
};

/// Throws: LaunchError(container_missing, timed_out), and as reading().
[[nodiscard]] Met meet(const Deed& deed, int containers, std::string_view name);

/// A handle on a container that runs.
[[nodiscard]] Container handle_of(Met met, const std::filesystem::path& store);

[[nodiscard]] LaunchError damaged_failure(const Deed& deed, const std::string& cause);

/// Runs `work`, and turns what may be wrong with a record into a sentence.
template <typename Work>
auto reading(const Deed& deed, Work&& work) {
  try {
    return explained(deed, std::forward<Work>(work));
  } catch (const std::invalid_argument& fault) {
    throw damaged_failure(deed, fault.what());
  }
}

}  // namespace container
}  // namespace dunnage
