// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "value.hpp"

#include <dunnage/project.hpp>

namespace dunnage::python {

/// Class Project: with where it comes from, so that it can be loaded again out of a pickle.
struct LoadedProject {
  Project project;
  ProjectSource source;
};

void define_project_values(pybind11::module_& module);

}  // namespace dunnage::python
