// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The clock of one launch: looked at only if somebody wants to know.

#include <dunnage/launch_timings.hpp>

#include "launcher/protocol.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace dunnage::launch {

class Timeline {
 public:
  explicit Timeline(bool wanted) : wanted_{wanted}, begin_{wanted ? Clock::now() : Clock::time_point{}} {}

  /// A step ends now.
  void end(const char* step) {
    if (wanted_) {
      end_at(step, Clock::now());
    }
  }
  /// The steps of the launcher, by the same clock.
  void end(const launcher::Message& message) {
    for (unsigned index = 0; wanted_ && index < launcher::kMilestones; ++index) {
      end_at(kNames[index], Clock::time_point{std::chrono::nanoseconds{message.reached[index]}});
    }
  }
  [[nodiscard]] LaunchTimings take() { return std::move(timings_); }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr const char* kNames[launcher::kMilestones] = {
      "receive",         "clone",           "namespaces",       "root attached",
      "mounts attached", "paths protected", "user and streams", "execute"};

  void end_at(const char* step, Clock::time_point time) {
    const std::chrono::nanoseconds begin = timings_.total();
    timings_.steps.push_back({step, begin, std::max<std::chrono::nanoseconds>(time - begin_ - begin, {})});
  }

  bool wanted_;
  Clock::time_point begin_;
  LaunchTimings timings_;
};

}  // namespace dunnage::launch
