// SPDX-License-Identifier: Apache-2.0
#include "launch/find_recorded.hpp"

#include <dunnage/volume_store.hpp>

#include "container/record.hpp"
#include "container/state.hpp"
#include "container/store_state.hpp"
#include "kernel/call_error.hpp"
#include "volume/volume_store_access.hpp"

#include <cerrno>
#include <utility>

namespace dunnage::launch {

void find_recorded(const Recorded& which, const container::Deed& deed, const RecordedWork& work) {
  constexpr int kAttempts = 8;  // it may end and be started meanwhile
  const VolumeStore volumes = VolumeStore::open(which.store);
  container::reading(deed, [&] {
    const kernel::FileDescriptor containers = container::open_containers(VolumeStoreAccess::layout(volumes));
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
      container::Met met = container::meet(deed, containers.get(), which.name);
      if (!which.id.empty() && met.config.id != which.id) {
        throw container::missing_failure(deed, {});
      }
      const std::string full_name = met.config.name;
      if (met.contact.listener == container::Listener::Answering) {
        if (work.running(container::handle_of(std::move(met), which.store))) {
          return;
        }
      } else if (const auto record = container::open_record(containers.get(), full_name);
                 record && work.ended(containers.get(), *record)) {
        return;
      }
    }
    throw kernel::CallError{"find it running or ended", EBUSY};
  });
}

}  // namespace dunnage::launch
