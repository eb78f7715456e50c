// SPDX-License-Identifier: Apache-2.0
#include "bindings.hpp"
#include "size.hpp"
#include "value.hpp"

namespace dunnage::python {

void bind_overlay(py::module_& module) {
  Fields<OverlayOptions> fields{"OverlayOptions"};
  fields.option("upper", &OverlayOptions::upper)
      .option("work", &OverlayOptions::work)
      .option("size", &OverlayOptions::size, size_from);
  value_class(
      module, std::move(fields),
      "Changes to a mount go to `upper` and the source stays as it is. Without `upper` and `work` they are kept "
      "in memory, at most `size` bytes, and go with the container.");
}

}  // namespace dunnage::python
