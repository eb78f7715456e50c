// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Podman and Docker, with directories of their own below the stage's: nothing of the machine's is seen or changed.

#include "bench/launch/stage.hpp"

#include <functional>

namespace dunnage::bench {

/// `podman run --rootfs`: the root as it is, without an image. Throws: std::runtime_error.
[[nodiscard]] std::function<void()> podman(const Stage& stage, unsigned binds);
/// `docker run` of an image of the root, by a containerd and a dockerd that are started here, and stopped when what is
/// returned goes. Call it in a process of its own. Throws: std::runtime_error.
[[nodiscard]] std::function<void()> docker(const Stage& stage, unsigned binds);

}  // namespace dunnage::bench
