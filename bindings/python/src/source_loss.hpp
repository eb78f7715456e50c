// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunnage/source_loss.hpp>

#include <pybind11/pybind11.h>

#include <string>

namespace dunnage::python {

/// A SourceLoss, or its policy alone: "repair". Throws: TypeError, ValueError; both begin with `name`.
[[nodiscard]] SourceLoss source_loss_from(pybind11::handle object, const std::string& name);

}  // namespace dunnage::python
