// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Mounts whose sources are followed by their names, as a request to the launcher (launcher/program/named_source.hpp).

#include <dunnage/mount_plan.hpp>

#include "kernel/file_descriptor.hpp"
#include "launch/payload.hpp"
#include "launcher/identity.hpp"
#include "prepare/state.hpp"

namespace dunnage::launch {

/// Where the launcher, which has left the host's mounts, finds them: as this process does.
struct HostPlaces {
  kernel::FileDescriptor root;
  kernel::FileDescriptor mounts;  ///< the mount namespace; empty for an ordinary user, whose broker is in it
};

[[nodiscard]] bool follows_names(const MountPlan& plan);

/// Throws: kernel::CallError.
[[nodiscard]] HostPlaces open_host_places(const launcher::Identity& identity);

/// Of the mounts the payload has. \param stop_signal  what the container is stopped by when one of them is lost
/// Throws: kernel::CallError.
void describe_named_sources(Payload& payload, const MountPlan& plan, const PreparedMountsAccess::State& prepared,
                            const HostPlaces& host, int stop_signal);

}  // namespace dunnage::launch
