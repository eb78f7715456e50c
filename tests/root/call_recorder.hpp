// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Asks, and writes down what was asked and answered, and when.

#include "root/call_history.hpp"

#include <dunnage/error.hpp>

#include <cstdint>
#include <functional>
#include <stdexcept>
#include <system_error>

namespace dunnage::test {

/// One of those answers, or it is thrown on.
inline Call::Answer answer_of(const Error& error) {
  const std::error_code code = error.code();
  if (code == errc::volume_exists || code == errc::transaction_exists || code == errc::snapshot_exists ||
      code == errc::container_exists) {
    return Call::Answer::Exists;
  }
  for (const errc missing : {errc::volume_missing, errc::image_missing, errc::transaction_missing,
                             errc::snapshot_missing, errc::container_missing}) {
    if (code == missing) return Call::Answer::Missing;
  }
  const auto* of_volume = dynamic_cast<const VolumeError*>(&error);
  if (code == errc::volume_in_use && of_volume != nullptr && of_volume->users().empty()) return Call::Answer::GaveUp;
  if (code == errc::not_running) return Call::Answer::NotRunning;
  if (code == errc::volume_in_use || code == errc::transaction_in_use || code == std::errc::device_or_resource_busy)
    return Call::Answer::InUse;
  throw;
}

class CallRecorder {
 public:
  explicit CallRecorder(CallHistory& history) : history_{history} {}

  [[nodiscard]] std::uint64_t tick() noexcept { return history_.tick(); }

  /// \param work  answers with what was found, if it was looked for
  Call recorded(Call::Kind kind, int object, int slot, int value, const std::function<int()>& work) {
    Call* call = history_.add();
    if (call == nullptr) throw std::runtime_error{"the history is full"};
    *call = {.kind = kind,
             .slot = static_cast<std::uint8_t>(slot),
             .object = static_cast<std::uint16_t>(object),
             .value = value,
             .begin = history_.tick()};
    try {
      call->seen = work();
      call->answer = Call::Answer::Done;
    } catch (const Error& error) {
      call->answer = answer_of(error);
    }
    call->end = history_.tick();
    return *call;
  }
  void record(Call::Kind kind, int object, int slot, int value, const std::function<int()>& work) {
    (void)recorded(kind, object, slot, value, work);
  }
  /// One that finds nothing.
  Call changed(Call::Kind kind, int object, int slot, int value, const std::function<void()>& work) {
    return recorded(kind, object, slot, value, [&] {
      work();
      return 0;
    });
  }
  void change(Call::Kind kind, int object, int slot, int value, const std::function<void()>& work) {
    (void)changed(kind, object, slot, value, work);
  }
  /// The same time, in which something else happened as well.
  void add_beside(const Call& call, Call::Kind kind, int value) {
    Call* beside = history_.add();
    if (beside == nullptr) throw std::runtime_error{"the history is full"};
    *beside = call;
    beside->kind = kind;
    beside->answer = Call::Answer::Done;
    beside->value = value;
  }

 private:
  CallHistory& history_;
};

}  // namespace dunnage::test
