// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What the tests of images share.

#include <dunnage/error.hpp>
#include <dunnage/image_store.hpp>

#include "support/catch.hpp"
#include "support/error_code.hpp"
#include "support/oci_layout.hpp"
#include "support/temporary_directory.hpp"
#include "unit/volume_support.hpp"

#include <filesystem>
#include <functional>
#include <string>
#include <system_error>
#include <vector>

namespace dunnage::test {

/// A store of the test's own.
struct TemporaryImages {
  TemporaryDirectory directory;
  std::filesystem::path root = directory.path() / "store";
  ImageStore store = ImageStore::open(root);

  [[nodiscard]] std::vector<std::string> blobs() const { return entries_of(root / "images/blobs/sha256"); }
  /// Nothing of work that has ended may be there.
  [[nodiscard]] bool is_tidy() const {
    return entries_of(root / "images/staging").empty() && entries_of(root / "trash").empty();
  }
};

}  // namespace dunnage::test
