// SPDX-License-Identifier: Apache-2.0
#include "spec_context.hpp"

#include "gil.hpp"
#include "value.hpp"

#define DUNNAGE_CONTEXT(name) \
  option(                     \
      #name, [](auto& value) -> auto& { return value.context.name; })

namespace dunnage::python {
namespace {

py::object function_from(py::handle object, const std::string& name) {
  if (!object.is_none() && PyCallable_Check(object.ptr()) == 0) {
    refuse_value(name, "a function that takes a path, or None", object);
  }
  return py::reinterpret_borrow<py::object>(object);
}

void bind_compose_volume(py::module_& module) {
  Fields<ComposeVolume> fields{"ComposeVolume"};
  fields.option("name", &ComposeVolume::name)
      .option("external", &ComposeVolume::external)
      .option("driver", &ComposeVolume::driver)
      .option("driver_options", &ComposeVolume::driver_options)
      .option("labels", &ComposeVolume::labels);
  value_class(module, std::move(fields), "A volume at the top level of a Compose file, after the loader's defaults.");
}

}  // namespace

SpecContext ContextValue::native() const {
  SpecContext native = context;
  if (!exists.is_none()) {
    native.exists = [function = py::handle{exists}](const std::string& path) {
      const Locked locked;
      const int answer = PyObject_IsTrue(function(text_to(path)).ptr());
      if (answer < 0) throw py::error_already_set{};
      return answer == 1;
    };
  }
  return native;
}

void bind_spec_context(py::module_& module) {
  bind_compose_volume(module);
  Fields<ContextValue> fields{"SpecContext"};
  fields.DUNNAGE_CONTEXT(working_directory)
      .DUNNAGE_CONTEXT(home)
      .DUNNAGE_CONTEXT(project_directory)
      .DUNNAGE_CONTEXT(project_name)
      .DUNNAGE_CONTEXT(environment)
      .DUNNAGE_CONTEXT(volumes)
      .option("exists", &ContextValue::exists, function_from)
      .DUNNAGE_CONTEXT(project_quota)
      .DUNNAGE_CONTEXT(rootless);
  value_class(module, std::move(fields),
              "What a text's meaning depends on besides itself; None is this process on this host. `exists` is a "
              "function that says whether a path is on the host.");
}

}  // namespace dunnage::python

#undef DUNNAGE_CONTEXT
