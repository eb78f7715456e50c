// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Where the time of one launch went.
///
///     auto container = dunnage::Container::launch({.argv = {"true"}, .timings = true});
///     std::cout << container.timings() << '\n';
///
/// A launch that is not asked for its timings takes none.

#include <dunnage/export.hpp>

#include <chrono>
#include <iosfwd>
#include <string>
#include <vector>

namespace dunnage {

/// One step, from the end of the step before it to its own end.
struct LaunchStep {
  /// In this process: "check", "image", "resolve", "identity" (a first launch starts the launcher here), "root",
  /// "prepare", "record", "describe" (a first launch makes the seccomp filter here), "send"; with a template, which has
  /// done most of it, "check", "prepare" and from "record" on. In the launcher: "receive". In the container: "clone"
  /// (with its cgroups), "namespaces", "root attached" (with /proc, /sys and /dev), "mounts attached", "paths
  /// protected", "user and streams", "execute". Back here: "report", "finish". They are there twice if the launch had
  /// to begin again, as its launcher died.
  std::string name{};
  std::chrono::nanoseconds begin{};  ///< since the call
  std::chrono::nanoseconds duration{};
  friend bool operator==(const LaunchStep&, const LaunchStep&) = default;
};

/// The steps of a launch, in their order and without gaps. A value. Thread safety: as a std::vector.
struct DUNNAGE_API LaunchTimings {
  std::vector<LaunchStep> steps{};

  [[nodiscard]] bool empty() const noexcept { return steps.empty(); }  ///< they were not asked for
  /// From the call to its return: the sum of all durations.
  [[nodiscard]] std::chrono::nanoseconds total() const noexcept;
  /// A table in microseconds.
  [[nodiscard]] std::string to_string() const;
  /// {"Total": 451000, "Steps": [{"Name": "check", "Begin": 0, "Duration": 2100}, …]}, in nanoseconds.
  [[nodiscard]] std::string to_json() const;
  friend bool operator==(const LaunchTimings&, const LaunchTimings&) = default;
};

DUNNAGE_API std::ostream& operator<<(std::ostream& out, const LaunchTimings& timings);

}  // namespace dunnage
