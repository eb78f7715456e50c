// SPDX-License-Identifier: Apache-2.0
// The extension module dunnage._dunnage: all of <dunnage/dunnage.hpp>. Signatures stand in the docstrings of the
// functions that take keywords; the others are simple enough for those of pybind11.
#include "bindings.hpp"
#include "dispatch_guard.hpp"
#include "gil.hpp"

#include <dunnage/version.hpp>

namespace py = pybind11;

namespace {

constexpr const char* kMainOnly =
    "dunnage works in the main interpreter of a process only; use threads or processes instead of sub-interpreters";

bool in_main_interpreter() { return PyInterpreterState_Get() == PyInterpreterState_Main(); }

/// Python before 3.12 gives a copy of a module to every other interpreter without asking it: the package asks.
PyObject* require_main_interpreter(PyObject*, PyObject*) {
  if (in_main_interpreter()) Py_RETURN_NONE;
  PyErr_SetString(PyExc_ImportError, kMainOnly);
  return nullptr;
}

PyMethodDef require_definition{"_require_main_interpreter", &require_main_interpreter, METH_NOARGS, nullptr};

}  // namespace

// pybind11's function waits for ever in another interpreter, so it has another name and is called by ours.
#define PyInit__dunnage init_of_main_interpreter
PYBIND11_MODULE(_dunnage, module) {
  using namespace dunnage::python;
  module.attr(require_definition.ml_name) =
      py::reinterpret_steal<py::object>(PyCFunction_New(&require_definition, nullptr));
  py::options options;
  options.disable_function_signatures();
  module.doc() = "Containers with Docker-grade storage in this process; use it as the package dunnage.";
  module.attr("__version__") = DUNNAGE_VERSION;
  Call::end_at_exit();
  WayBack::close_at_end();
  // Before the classes that hold them.
  bind_error(module);
  bind_spec_code(module);
  bind_size(module);
  bind_relabel(module);
  bind_ownership(module);
  bind_overlay(module);
  bind_source_loss(module);
  bind_bind_mount(module);
  bind_tmpfs(module);
  bind_volume_limit(module);
  bind_volume(module);
  bind_volume_seed(module);
  bind_volume_snapshot(module);
  bind_progress(module);
  bind_image(module);
  bind_image_mount(module);
  bind_path_explanation(module);
  bind_prepared_mounts(module);
  bind_mount_plan(module);
  bind_mount_set(module);
  bind_store_report(module);
  bind_volume_care(module);
  bind_volume_trash(module);
  bind_prune_plan(module);
  bind_volume_store(module);
  bind_volume_archive(module);
  bind_volume_history(module);
  bind_transaction(module);
  bind_store_check(module);
  bind_image_store(module);
  bind_rootfs(module);
  bind_seccomp(module);
  bind_resources(module);
  bind_process(module);
  bind_launch_timings(module);
  bind_container(module);
  bind_launch_template(module);
  bind_container_store(module);
  bind_copy(module);
  bind_spec(module);
  bind_project(module);
  bind_project_plan(module);
  bind_support(module);
  guard_dispatch(module);
}
#undef PyInit__dunnage

extern "C" PYBIND11_EXPORT PyObject* PyInit__dunnage() {
  if (in_main_interpreter()) return init_of_main_interpreter();
  PyErr_SetString(PyExc_ImportError, kMainOnly);
  return nullptr;
}
