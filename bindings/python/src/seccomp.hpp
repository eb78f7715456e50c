// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunnage/seccomp.hpp>

#include <pybind11/pybind11.h>

#include <string>

namespace dunnage::python {

/// A Seccomp, Docker's words ("unconfined", "builtin") or the path of a profile.
[[nodiscard]] Seccomp seccomp_from(pybind11::handle object, const std::string& name);

}  // namespace dunnage::python
