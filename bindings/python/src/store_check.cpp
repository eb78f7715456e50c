// SPDX-License-Identifier: Apache-2.0
#include <dunnage/store_check.hpp>

#include "bindings.hpp"
#include "store_report.hpp"

namespace dunnage::python {

void bind_store_check(py::module_& module) {
  module.def(
      "check_store",
      [](const std::filesystem::path& root, const py::kwargs& kwargs) {
        const StoreCheck options = store_check_from("check_store", kwargs);
        const Unlocked released;
        return check_store(root.empty() ? default_store() : root, options);
      },
      py::arg("root") = py::none{},
      "check_store(root=None, *, grace=60.0, contents=False)\n--\n\nWhat is damaged or left over in a store, its "
      "volumes, containers and images, as a StoreReport; changes nothing, and works on a store that open() refuses. "
      "None: default_store().");
  module.def(
      "repair_store",
      [](const std::filesystem::path& root, const py::kwargs& kwargs) {
        const StoreRepair options = store_repair_from("repair_store", kwargs);
        const Unlocked released;
        return repair_store(root.empty() ? default_store() : root, options);
      },
      py::arg("root") = py::none{},
      "repair_store(root=None, *, grace=60.0, contents=False, make_missing_data=False)\n--\n\nMakes what is damaged "
      "usable again without touching data, and reports what was found, done, and is left.");
}

}  // namespace dunnage::python
