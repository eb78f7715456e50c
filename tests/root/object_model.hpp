// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What an object of a store is between two calls (call_history.hpp), and what each call makes of it.

#include "root/call_history.hpp"

#include <algorithm>
#include <array>
#include <compare>
#include <map>
#include <optional>

namespace dunnage::test {

struct ObjectState {
  std::array<int, kSlots> values{};
  std::map<int, int> uses{};  ///< by which use, the slot it is of
  int container = 0;          ///< the one that has the name
  bool runs = false;          ///< and has not ended
  bool takes = false;         ///< programs that are to run in it

  [[nodiscard]] bool is_used(int slot) const {
    return std::any_of(uses.begin(), uses.end(), [&](const auto& use) { return use.second == slot; });
  }
  friend auto operator<=>(const ObjectState&, const ObjectState&) = default;
};

/// Of the container alone; nothing else on the object says anything about that.
[[nodiscard]] bool is_about_container(const Call& call);

/// What comes of it; nothing if it cannot be answered so in that state.
[[nodiscard]] std::optional<ObjectState> after(const ObjectState& state, const Call& call);

}  // namespace dunnage::test
