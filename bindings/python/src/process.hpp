// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunnage/process.hpp>

#include <pybind11/pybind11.h>

#include <string>

namespace dunnage::python {

/// A Stdio; None (that of this process); the PIPE and DEVNULL of subprocess; a descriptor or an object with one; an
/// os.PathLike; a callable that takes bytes.
[[nodiscard]] Stdio stdio_from(pybind11::handle object, const std::string& name);

/// A number, a signal.Signals, or a name: "SIGTERM", "TERM".
[[nodiscard]] int signal_from(pybind11::handle object, const std::string& name);

}  // namespace dunnage::python
