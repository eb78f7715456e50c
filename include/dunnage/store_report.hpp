// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What is wrong with a store, by name: the answer of check() and repair(), see store_check.hpp.
///
///     for (const auto& finding : store.check().findings) std::cerr << finding.to_string();

#include <dunnage/export.hpp>

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage {

/// One thing that is not as it should be.
struct StoreFinding {
  enum class Part { Store, Volume, Container, Image, Transaction, Staging, Trash, Index };
  enum class Kind {
    Damage,    ///< what it is about cannot be used as it should be, or others could reach it
    Leftover,  ///< it takes space or a name, and does no other harm: a process was killed, or its container is gone
    Newer,     ///< a newer version of this library made it; it is not damaged, and never changed by this one
  };

  Part part = Part::Store;
  Kind kind = Kind::Damage;
  std::string name{};            ///< of the volume, container, image or transaction; of the file for the other parts
  std::filesystem::path path{};  ///< what is wrong
  std::string problem{};         ///< a sentence
  std::string remedy{};          ///< what repair() does about it; or what a person has to do, and why only a person
  bool repairable = false;       ///< repair() does it
  std::string repaired{};        ///< what repair() has done; empty in a check, and where it could do nothing

  /// Three lines for people: `volume "db": its metadata is damaged: …`, where, and what to do.
  [[nodiscard]] DUNNAGE_API std::string to_string() const;

  friend bool operator==(const StoreFinding&, const StoreFinding&) = default;
};

[[nodiscard]] DUNNAGE_API std::string_view to_string(StoreFinding::Part part) noexcept;
[[nodiscard]] DUNNAGE_API std::string_view to_string(StoreFinding::Kind kind) noexcept;

/// All that was found. A volume, container, image or transaction that is not in it is whole.
struct StoreReport {
  std::vector<StoreFinding> findings{};  ///< sorted by part, name and path

  /// Nothing was found, or all of it has been repaired.
  [[nodiscard]] DUNNAGE_API bool is_clean() const noexcept;
  /// All findings, and a line that counts them.
  [[nodiscard]] DUNNAGE_API std::string to_string() const;
  /// `{"Clean":false,"Findings":[{"Part","Kind","Name","Path","Problem","Remedy","Repairable","Repaired"},…]}`
  [[nodiscard]] DUNNAGE_API std::string to_json() const;

  friend bool operator==(const StoreReport&, const StoreReport&) = default;
};

/// How a store is looked at.
struct StoreCheck {
  /// What is younger may be the work of a living process at this moment, and is not called left over. Zero is right
  /// where nobody else uses the store.
  std::chrono::milliseconds grace = std::chrono::seconds{60};
  /// Reads all that images consist of, and compares it with its digests: as slow as the disk.
  bool contents = false;

  friend bool operator==(const StoreCheck&, const StoreCheck&) = default;
};

/// How a store is repaired.
struct StoreRepair {
  std::chrono::milliseconds grace = std::chrono::seconds{60};  ///< as in StoreCheck
  bool contents = false;                                       ///< as in StoreCheck
  /// A volume whose data directory is gone gets an empty one. What was in it does not come back by that, so it is only
  /// done when it is asked for.
  bool make_missing_data = false;

  friend bool operator==(const StoreRepair&, const StoreRepair&) = default;
};

}  // namespace dunnage
