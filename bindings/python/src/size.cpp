// SPDX-License-Identifier: Apache-2.0
#include "size.hpp"

#include "bindings.hpp"
#include "fields.hpp"

#include <variant>

namespace dunnage::python {

std::uint64_t size_from(py::handle object, const std::string& name) {
  if (!py::isinstance<py::str>(object)) {
    if (!py::isinstance<py::int_>(object) || py::isinstance<py::bool_>(object)) {
      refuse_value(name, "an int or a str like \"64MiB\"", object);
    }
    return value_from<std::uint64_t>(object, name);
  }
  const auto text = object.cast<std::string>();
  try {
    // the library's own words, but for what would be further options there
    if (text.find_first_of(",\"\n") == std::string::npos) {
      return std::get<Tmpfs>(parse_mount_flag("type=tmpfs,target=/size,tmpfs-size=" + text)).options.size;
    }
  } catch (const SpecError&) {
  }
  throw py::value_error{name + " \"" + text +
                        "\" is no size; write bytes, or a number with k, m, g or t, like \"64m\""};
}

void bind_size(py::module_& module) {
  using namespace dunnage::literals;
  module.attr("KiB") = 1_KiB;
  module.attr("MiB") = 1_MiB;
  module.attr("GiB") = 1_GiB;
}

}  // namespace dunnage::python
