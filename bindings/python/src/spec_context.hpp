// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunnage/spec.hpp>

#include <pybind11/pybind11.h>

namespace dunnage::python {

/// Class SpecContext. `exists` is a function of Python or None, and never touched without the GIL.
struct ContextValue {
  SpecContext context{};
  pybind11::object exists = pybind11::none{};

  /// For one call without the GIL, during which this stays. What `exists` raises goes through the library.
  [[nodiscard]] SpecContext native() const;
};

void bind_spec_context(pybind11::module_& module);
void bind_spec_mount(pybind11::module_& module);

}  // namespace dunnage::python
