// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Waiting for what `depends_on` wants of a container.

#include <dunnage/container_store.hpp>
#include <dunnage/image.hpp>

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>

namespace dunnage::project {

/// How long a wait goes on.
struct Patience {
  std::stop_token stop;
  std::optional<std::chrono::steady_clock::time_point> deadline;

  [[nodiscard]] bool over() const {
    return stop.stop_requested() || (deadline && std::chrono::steady_clock::now() >= *deadline);
  }
};

/// Runs the check in the container as often as it says, as Docker does, and once early: who is healthy at once is
/// waited for no longer. What fails before the first interval, or in the start period, does not count.
/// Throws: LaunchError if it ends or gets unhealthy, LaunchError(cancelled, timed_out) when the patience is over.
void await_healthy(const ContainerStore& store, const std::string& container, const Healthcheck& check,
                   const Patience& patience);

/// Throws: LaunchError if it ends with anything but 0, and as await_healthy().
void await_completed(const ContainerStore& store, const std::string& container, const Patience& patience);

}  // namespace dunnage::project
