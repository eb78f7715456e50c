// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <pybind11/pybind11.h>

namespace dunnage::python {

/// Three things that pybind11 lets end the process become a TypeError: a keyword that is no text where no overload fits
/// (`f(**{"\udcff": 1})`), None for self (`Container.close(None)`), and an object whose __init__() was never called
/// (`Container.__new__(Container)`). Called when the module has all of its functions and classes.
void guard_dispatch(pybind11::handle module);

}  // namespace dunnage::python
