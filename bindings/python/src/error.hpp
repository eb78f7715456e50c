// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunnage/error.hpp>

#include <pybind11/pybind11.h>

namespace dunnage::python {

/// The exception of Python for an Error of C++.
[[nodiscard]] pybind11::object exception_of(const Error& error);

}  // namespace dunnage::python
