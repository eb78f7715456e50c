// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Waiting for what `depends_on` wants of a container.

#include <dunnage/container_store.hpp>
#include <dunnage/image.hpp>

#include <stop_token>
#include <string>

namespace dunnage::project {

/// Runs the check in the container as often as it says, as Docker does, and once early: who is healthy at once is
/// waited for no longer. What fails before the first interval, or in the start period, does not count.
/// Throws: LaunchError if it ends or gets unhealthy, LaunchError(cancelled) on a stop.
void await_healthy(const ContainerStore& store, const std::string& container, const Healthcheck& check,
                   const std::stop_token& stop);

/// Throws: LaunchError if it ends with anything but 0, LaunchError(cancelled) on a stop.
void await_completed(const ContainerStore& store, const std::string& container, const std::stop_token& stop);

}  // namespace dunnage::project
