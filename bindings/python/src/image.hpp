// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunnage/image.hpp>

#include <pybind11/pybind11.h>

#include <filesystem>
#include <string>

namespace dunnage::python {

/// An image, and the store it can be found in again: by another process, out of a pickle.
struct StoredImage {
  Image image;
  std::filesystem::path store;
};

/// A Platform, or its text "linux/arm64"; None is this machine's.
[[nodiscard]] Platform platform_from(pybind11::handle object, const std::string& name);

}  // namespace dunnage::python
