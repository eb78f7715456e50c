// SPDX-License-Identifier: Apache-2.0
#include "bindings.hpp"
#include "enumeration.hpp"

namespace dunnage::python {

void bind_relabel(py::module_& module) {
  // `Relabel.None` cannot be written in Python
  Enumeration<Relabel>::define(module, "Relabel",
                               "A label of SELinux for the source that containers may use: any container (Shared, "
                               "Docker's z) or this one (Private, Docker's Z).",
                               {{"None_", Relabel::None, std::string{to_string(Relabel::None)}},
                                {"Shared", Relabel::Shared, std::string{to_string(Relabel::Shared)}},
                                {"Private", Relabel::Private, std::string{to_string(Relabel::Private)}}});
}

}  // namespace dunnage::python
