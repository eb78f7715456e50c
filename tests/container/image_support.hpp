// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Images for tests: a static shell, and whatever layers and configuration a test wants.

#include "container/support.hpp"
#include "support/oci_image.hpp"

#include <dunnage/image_store.hpp>

#include <string>
#include <vector>

namespace dunnage::test {

/// The lowest layer: busybox with its usual programs, accounts (root; app, 1000:1001, also in staff, 50), and the
/// places a container mounts on.
[[nodiscard]] Layer base_layer();

class TestImages {
 public:
  explicit TestImages(const Ground& ground) : ground_{ground}, store_{ImageStore::open(ground.store_path())} {}

  [[nodiscard]] ImageStore& store() noexcept { return store_; }
  /// Loads an image. \param config the JSON object "config" of its configuration
  Image add(const std::string& name, const std::vector<Layer>& layers, const std::string& config = "{}");
  /// A silent launch of it.
  [[nodiscard]] LaunchSpec spec(const std::string& name, std::vector<std::string> argv = {},
                                MountSet mounts = {}) const;
  [[nodiscard]] LaunchSpec shell(const std::string& name, std::string script, MountSet mounts = {}) const;
  /// Names in `<store>/images/changes`.
  [[nodiscard]] std::vector<std::string> changes() const;

 private:
  const Ground& ground_;
  ImageStore store_;
  int made_ = 0;
};

/// false, and the test is skipped, where there is no static busybox.
[[nodiscard]] bool requires_busybox();

}  // namespace dunnage::test
