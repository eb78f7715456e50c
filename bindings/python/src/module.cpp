// SPDX-License-Identifier: Apache-2.0
// The extension module dunnage._dunnage: all of <dunnage/dunnage.hpp>. Signatures stand in the docstrings of the
// functions that take keywords; the others are simple enough for those of pybind11.
#include "bindings.hpp"

#include <dunnage/version.hpp>

namespace py = pybind11;

PYBIND11_MODULE(_dunnage, module) {
  using namespace dunnage::python;
  py::options options;
  options.disable_function_signatures();
  module.doc() = "Containers with Docker-grade storage in this process; use it as the package dunnage.";
  module.attr("__version__") = DUNNAGE_VERSION;
  // Before the classes that hold them.
  bind_error(module);
  bind_spec_code(module);
  bind_size(module);
  bind_relabel(module);
  bind_ownership(module);
  bind_overlay(module);
  bind_bind_mount(module);
  bind_tmpfs(module);
  bind_volume(module);
  bind_progress(module);
  bind_image(module);
  bind_image_mount(module);
  bind_mount_plan(module);
  bind_prepared_mounts(module);
  bind_mount_set(module);
  bind_volume_store(module);
  bind_image_store(module);
  bind_rootfs(module);
  bind_process(module);
  bind_container(module);
  bind_container_store(module);
  bind_copy(module);
  bind_spec(module);
  bind_project(module);
  bind_project_plan(module);
  bind_support(module);
}
