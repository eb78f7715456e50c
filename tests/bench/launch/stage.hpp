// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What everybody is given: one root file system, the same in ten layers, and directories to show in it.

#include "support/temporary_directory.hpp"

#include <cstddef>
#include <filesystem>
#include <vector>

namespace dunnage::bench {

struct Stage {
  test::TemporaryDirectory directory{};
  std::filesystem::path root = directory.make("root");
  std::vector<std::filesystem::path> sources{};  ///< for m/0, m/1, ... of the root
  std::filesystem::path store = directory.path() / "store";

  Stage();
  [[nodiscard]] std::vector<std::filesystem::path> some(std::size_t count) const;
};

/// The name of the image in the stage's store.
inline constexpr const char* kImageName = "ten";

}  // namespace dunnage::bench
