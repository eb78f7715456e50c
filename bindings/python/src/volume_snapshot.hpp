// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fields.hpp"

#include <dunnage/volume_snapshot.hpp>

#include <string>

namespace dunnage::python {

/// freeze= of a call: a context manager, entered before the copy and left after it.
[[nodiscard]] py::object freeze_from(py::handle object, const std::string& name);

/// The same as the library takes it. \param manager  outlives it; None: there is none
[[nodiscard]] FreezeHook freeze_hook_of(const py::object& manager);

}  // namespace dunnage::python
