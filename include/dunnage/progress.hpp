// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// How a long operation is watched, and how it is ended.
///
///     std::stop_source stop;
///     images.pull("postgres:16", {.watch = {.progress = [](const dunnage::Progress& now) { draw(now); },
///                                           .stop = stop.get_token(),
///                                           .deadline = std::chrono::steady_clock::now() + 5min}});
///
/// An operation that was ended throws (errc::cancelled, errc::timed_out) and has changed nothing that can be seen.

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

namespace dunnage {

/// Where a long operation is.
struct Progress {
  std::string step;     ///< "pull", "load", "unpack", "copy"
  std::string subject;  ///< the layer, file or volume it is about
  std::uint64_t done = 0;
  std::uint64_t total = 0;  ///< in the unit of `done`, bytes unless the operation says otherwise; 0: not known
};

/// The default watches nothing and waits for ever.
struct Watch {
  /// Called a few times a second at most, by one thread at a time, not always the caller's. It must not call the
  /// library. What it throws ends the operation and comes out of it.
  std::function<void(const Progress&)> progress{};
  std::stop_token stop{};
  std::optional<std::chrono::steady_clock::time_point> deadline{};
};

}  // namespace dunnage
