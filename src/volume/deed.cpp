// SPDX-License-Identifier: Apache-2.0
#include "volume/deed.hpp"

#include "volume/users.hpp"

#include <chrono>
#include <utility>

namespace dunnage::volume {

VolumeError deed_failure(const Deed& deed, std::string cause, std::error_code code, std::string remedy) {
  return VolumeError{{.stage = dunnage::Stage::Store,
                      .operation = deed.operation,
                      .subject = deed.volume,
                      .detail = deed.detail,
                      .cause = std::move(cause),
                      .code = code,
                      .remedy = std::move(remedy)}};
}

void refuse_if_used(const Deed& deed, int volume) {
  if (is_in_use(volume)) {
    auto users = names_of(living_users(volume));
    if (!users.empty()) {  // or it is somebody's for an instant
      throw in_use_failure(deed.operation, deed.volume, std::move(users));
    }
  }
}

void require_done(const Deed& deed, const launcher::WorkOutcome& outcome) {
  if (!outcome.done()) {
    throw work_failure(deed.operation, deed.volume, deed.detail, outcome);
  }
}

void stop_if_asked(const Deed& deed, const Watch& watch) {
  const bool late = watch.deadline && std::chrono::steady_clock::now() > *watch.deadline;
  if (late || watch.stop.stop_requested()) {
    throw deed_failure(deed, {}, make_error_code(late ? errc::timed_out : errc::cancelled), "give it more time");
  }
}

}  // namespace dunnage::volume
