// SPDX-License-Identifier: Apache-2.0
#include "bindings.hpp"
#include "gil.hpp"
#include "value.hpp"

namespace dunnage::python {

void bind_support(py::module_& module) {
  Fields<Feature> feature{"Feature"};
  feature.option("name", &Feature::name)
      .option("available", &Feature::available)
      .option("detail", &Feature::detail)
      .option("required", &Feature::required);
  value_class(module, std::move(feature), "Something a kernel can do, or not, and how or why not.")
      .def("__bool__", [](const Feature& self) { return self.available; });

  Fields<Support> fields{"Support"};
  fields.option("mode", &Support::mode)
      .option("features", &Support::features, [](py::handle object, const std::string& name) {
        return value_from<std::vector<Feature>>(object, name);
      });
  value_class(module, std::move(fields), "What this kernel and this user can do, and why not.")
      .def_property_readonly("can_launch", &Support::can_launch)
      .def("to_json", &Support::to_json, "to_json(self)\n--\n\nAll of it, as JSON.")
      .def("__str__", &Support::to_string);
  module.def(
      "support",
      [](const std::filesystem::path& store) {
        const Unlocked released;
        return support(store);
      },
      py::arg("store") = py::none{},
      "support(store=None)\n--\n\nProbed by doing it, in the store, too (None: default_store()); takes a few "
      "milliseconds, and the answer is not kept.");
}

}  // namespace dunnage::python
