// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The clock of one launch: looked at only if somebody wants to know.

#include <dunnage/launch_timings.hpp>

#include "launcher/protocol.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <utility>

namespace dunnage::launch {

class Timeline {
 public:
  explicit Timeline(bool wanted) : wanted_{wanted}, begin_{wanted ? Clock::now() : Clock::time_point{}} {}

  /// A step ends now.
  void end(const char* step) {
    if (wanted_) {
      end_at(step, Clock::now() - begin_);
    }
  }
  /// The steps of the launcher, by the same clock. It may be at work while this process still sends.
  void end(const launcher::Message& message) {
    if (wanted_) {
      LaunchStep& sent = timings_.steps.back();
      sent.duration = std::clamp(since_begin(message.reached[0]) - sent.begin, {}, sent.duration);
    }
    for (unsigned index = 0; wanted_ && index < launcher::kMilestones; ++index) {
      end_at(kNames[index], since_begin(message.reached[index]));
    }
  }
  [[nodiscard]] LaunchTimings take() { return std::move(timings_); }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr const char* kNames[launcher::kMilestones] = {
      "receive",         "clone",           "namespaces",       "root attached",
      "mounts attached", "paths protected", "user and streams", "execute"};

  [[nodiscard]] std::chrono::nanoseconds since_begin(std::int64_t time) const {
    return std::chrono::nanoseconds{time} - begin_.time_since_epoch();
  }
  void end_at(const char* step, std::chrono::nanoseconds time) {
    const std::chrono::nanoseconds begin = timings_.total();
    timings_.steps.push_back({step, begin, std::max<std::chrono::nanoseconds>(time - begin, {})});
  }

  bool wanted_;
  Clock::time_point begin_;
  LaunchTimings timings_;
};

}  // namespace dunnage::launch
