// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What somebody does to a volume, for the sentence of what fails in it.

#include <dunnage/error.hpp>
#include <dunnage/progress.hpp>

#include "kernel/call_error.hpp"
#include "volume/failure.hpp"

#include <string>
#include <system_error>

namespace dunnage::volume {

/// `roll back volume "db" to snapshot "seeded"`
struct Deed {
  std::string operation;
  std::string volume;
  std::string detail{};
};

[[nodiscard]] VolumeError deed_failure(const Deed& deed, std::string cause, std::error_code code, std::string remedy);

/// Before long work that needs the volume for itself at its end, where it is looked at again.
/// \param volume  its directory
/// Throws: VolumeError(volume_in_use) naming the users; CallError.
void refuse_if_used(const Deed& deed, int volume);

/// Throws: VolumeError(cancelled, timed_out) if the caller wants it no longer.
void stop_if_asked(const Deed& deed, const Watch& watch);

/// Throws: the error of the deed if the work was not done.
void require_done(const Deed& deed, const launcher::WorkOutcome& outcome);

/// Runs `work`, and turns a failed system call into the error of the deed.
template <typename Work>
auto with_deed(const Deed& deed, Work&& work) {
  try {
    return work();
  } catch (const kernel::CallError& error) {
    throw deed_failure(deed, error.call(), error.code(), remedy_for(error.code().value()));
  }
}

}  // namespace dunnage::volume
