// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunnage/rootfs.hpp>

#include <pybind11/pybind11.h>

#include <string>

namespace dunnage::python {

/// A Rootfs, an Image, or the path of a directory.
[[nodiscard]] Rootfs rootfs_from(pybind11::handle object, const std::string& name);

}  // namespace dunnage::python
