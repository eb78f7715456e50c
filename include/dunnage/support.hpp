// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What this kernel and this user can do, and why not. Probed by doing it, never by comparing versions.
///
///     std::cout << dunnage::support().to_string();

#include <dunnage/export.hpp>

#include <string>
#include <vector>

namespace dunnage {

struct Feature {
  std::string name;  ///< "detached mounts"
  bool available = false;
  std::string detail;     ///< how it will be done, or the reason and what to do about it
  bool required = false;  ///< nothing can be launched without it

  friend bool operator==(const Feature&, const Feature&) = default;
};

struct Support {
  std::string mode;  ///< "root", "rootless with a range of ids", "rootless with a single id", "none"
  std::vector<Feature> features;

  [[nodiscard]] DUNNAGE_API bool can_launch() const noexcept;
  [[nodiscard]] DUNNAGE_API std::string to_string() const;
  [[nodiscard]] DUNNAGE_API std::string to_json() const;
};

/// Takes a few milliseconds; the answer is not kept.
[[nodiscard]] DUNNAGE_API Support support();

}  // namespace dunnage
