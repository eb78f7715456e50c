// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fields.hpp"

#include <dunnage/resources.hpp>

#include <string>

namespace dunnage::python {

[[nodiscard]] const Fields<Resources>& resource_fields();

/// What update() is given: a Resources, or its keywords.
[[nodiscard]] Resources resources_from(const py::args& args, const py::kwargs& kwargs);

}  // namespace dunnage::python
