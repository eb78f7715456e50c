// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What no attack may change, at one moment: the canary, the mounts of the host, descriptors and children of this
/// process, and which entries a store has.

#include "support/canary.hpp"
#include "support/leak_guard.hpp"

#include <filesystem>
#include <string>

namespace dunnage::test {

class Snapshot {
 public:
  /// \param canary  outlives it
  Snapshot(const Canary& canary, std::filesystem::path store);

  /// What differs now, as lines that are new or gone. What a container held may take a moment to be gone: it has 20 s.
  [[nodiscard]] std::string changes() const;
  /// CHECKs that nothing does.
  void verify() const;

 private:
  [[nodiscard]] std::string changes_now() const;

  const Canary& canary_;
  std::filesystem::path store_;
  ProcessSnapshot process_;
  std::string entries_;
};

}  // namespace dunnage::test
