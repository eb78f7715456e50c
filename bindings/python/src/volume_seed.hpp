// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fields.hpp"

#include <dunnage/volume_seed.hpp>

#include <string>

namespace dunnage::python {

/// A field's conversion.
[[nodiscard]] VolumeSeed seed_from(py::handle object, const std::string& name);

}  // namespace dunnage::python
