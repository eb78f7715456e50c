// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The sentences of errors of volumes that move.

#include <dunnage/error.hpp>

#include "image/failure.hpp"
#include "kernel/call_error.hpp"
#include "launcher/work.hpp"
#include "volume/deed.hpp"

namespace dunnage::transfer {

using volume::Deed;

[[nodiscard]] VolumeError failure(const Deed& deed, const image::Fault& fault);
[[nodiscard]] VolumeError failure(const Deed& deed, const kernel::CallError& error);
[[nodiscard]] VolumeError failure(const Deed& deed, const launcher::WorkOutcome& outcome);

/// Runs `work`, and makes the sentence of what fails in it.
template <typename Work>
auto explained(const Deed& deed, Work&& work) {
  try {
    return work();
  } catch (const kernel::CallError& error) {
    throw failure(deed, error);
  } catch (const image::Fault& fault) {
    throw failure(deed, fault);
  }
}

}  // namespace dunnage::transfer
