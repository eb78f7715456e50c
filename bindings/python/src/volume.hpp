// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunnage/volume.hpp>

#include <filesystem>

namespace dunnage::python {

/// A volume, and the store it can be found in again: by another process, out of a pickle.
struct StoredVolume {
  Volume volume;
  std::filesystem::path store;
};

}  // namespace dunnage::python
