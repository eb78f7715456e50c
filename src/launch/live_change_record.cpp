// SPDX-License-Identifier: Apache-2.0
// A change of mounts, and the record of the container.

#include "launch/live_change.hpp"

#include <dunnage/error.hpp>

#include "container/kept_record.hpp"
#include "volume/layout.hpp"

#include <fmt/format.h>

#include <optional>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace dunnage::launch {

void LiveChange::open_record() {
  if (state_.recorded) {
    container::explained(deed_, [&] {
      try {
        read_record();
      } catch (const std::invalid_argument& fault) {
        throw container::failure(deed_, fmt::format("its record is damaged: {}", fault.what()),
                                 std::make_error_code(std::errc::io_error), "stop it, and launch it anew");
      }
    });
  }
  plan_ = record_ ? record_->config().mounts : *state_.storage().plan;
}

void LiveChange::read_record() {
  if (!record_ && &verb_ != &kHoldersVerb) {  // which holds no lock of the handle
    take_kept_record();
  }
  if (record_ && record_->resume() && record_->config().id == state_.id) {
    return;
  }
  record_.reset();
  const auto layout = volume::open_existing_layout(state_.store);
  auto record = layout ? container::RecordMounts::open(*layout, state_.name, state_.id)
                       : std::optional<container::RecordMounts>{};
  if (record) {
    record_.emplace(std::move(*record));
  }
}

void LiveChange::pause_record() noexcept {
  if (record_) {
    record_->pause();
  }
}

void LiveChange::check_ahead(const std::function<void()>& check) {
  const bool current = container::explained(deed_, [&] {
    take_kept_record();
    return record_ && record_->is_current();
  });
  if (current) {
    plan_ = record_->config().mounts;
    try {
      check();
      return;
    } catch (const MountError&) {
      // asked again below
    }
  }
  open_record();
  check();
  pause_record();
}

void LiveChange::take_kept_record() {
  if (auto kept = state_.kept_record.take()) {
    record_.emplace(std::move(*kept));
  }
}

void LiveChange::keep_record() {
  if (record_) {
    record_->accept();
    state_.kept_record.keep(std::move(*record_));
    record_.reset();
  }
}

}  // namespace dunnage::launch
