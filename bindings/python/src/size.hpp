// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <pybind11/pybind11.h>

#include <cstdint>
#include <string>

namespace dunnage::python {

/// Bytes as int, or a text as `--tmpfs` takes it: "64m", "64MiB". Throws: TypeError, ValueError; both begin with
/// `name`.
[[nodiscard]] std::uint64_t size_from(pybind11::handle object, const std::string& name);

}  // namespace dunnage::python
