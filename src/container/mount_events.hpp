// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The words of a MountEvent on its way through the launcher, which does not read them.

#include <dunnage/live_mounts.hpp>

#include "launcher/protocol.hpp"

#include <string>
#include <string_view>

namespace dunnage::container {

[[nodiscard]] std::string encode_event(const MountEvent& event);
/// Why a source that is looked for cannot be shown, or is dead; empty for no failure.
[[nodiscard]] std::string cause_of_loss(const launcher::Failure& failure, const ResolvedMount& mount);
/// Why a container was stopped, of the words of the loss. Throws: std::invalid_argument.
[[nodiscard]] std::string cause_of_stop(const launcher::Failure& failure, std::string_view words);
/// Throws: std::invalid_argument.
[[nodiscard]] MountEvent decode_event(std::string_view text);

}  // namespace dunnage::container
