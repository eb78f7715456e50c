// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What CompareWhat is called.

#include "launcher/work_protocol.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace dunnage::volume {

/// Of these a change is one of the content; others are of what is known of a file.
inline constexpr std::uint32_t kDiffersInContent =
    launcher::kDiffersContent | launcher::kDiffersTarget | launcher::kDiffersDevice;

[[nodiscard]] inline std::vector<std::string> difference_words(std::uint32_t what) {
  constexpr std::array<std::pair<std::uint32_t, const char*>, 7> kDifferences{{
      {launcher::kDiffersContent, "content"},
      {launcher::kDiffersTarget, "target"},
      {launcher::kDiffersDevice, "device"},
      {launcher::kDiffersMode, "mode"},
      {launcher::kDiffersOwner, "owner"},
      {launcher::kDiffersAttributes, "attributes"},
      {launcher::kDiffersTime, "time"},
  }};
  std::vector<std::string> words;
  for (const auto& [flag, word] : kDifferences) {
    if ((what & flag) != 0) {
      words.emplace_back(word);
    }
  }
  return words;
}

}  // namespace dunnage::volume
