// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "project.hpp"

#include <dunnage/project_plan.hpp>

namespace dunnage::python {

void define_apply(py::class_<ProjectPlan>& cls);
/// The containers of a project: which there are, what they write, and one more.
void bind_project_running(py::module_& module);

}  // namespace dunnage::python
