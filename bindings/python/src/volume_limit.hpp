// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "progress.hpp"

#include <dunnage/volume_store.hpp>

#include <pybind11/pybind11.h>

#include <functional>
#include <string>

namespace dunnage::python {

/// The verbs of a store that limit and measure volumes.
void define_limits(pybind11::class_<VolumeStore>& cls);

/// Calls `work`, without the GIL, with the keywords max_age, progress, timeout and stop of a call.
void run_measuring(const char* call, const py::kwargs& kwargs, const std::function<void(const UsageOptions&)>& work);

}  // namespace dunnage::python
