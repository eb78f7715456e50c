// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What this kernel and this user can do, and why not. Probed by doing it, never by comparing versions.
///
///     std::cout << dunnage::support().to_string();

#include <dunnage/export.hpp>

#include <filesystem>
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

/// Calls are tried, also in the launcher, and in a file without a name of the store, if there is one; settings of the
/// machine are read. Nothing is made and nothing changes, but that a launcher runs then. What is available and not
/// required says what it is used for, or that the library does without.
/// Takes a few milliseconds; the answer is not kept. \param store empty: default_store()
[[nodiscard]] DUNNAGE_API Support support(const std::filesystem::path& store = {});

}  // namespace dunnage
