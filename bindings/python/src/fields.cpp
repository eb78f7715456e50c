// SPDX-License-Identifier: Apache-2.0
#include "fields.hpp"

namespace dunnage::python {

void refuse_value(const std::string& name, const std::string& wanted, py::handle value) {
  auto shown = py::repr(value).cast<std::string>();
  if (shown.size() > 80) shown = shown.substr(0, 77) + "...";
  const std::string text = name + " is " + wanted + ", not " + shown;
  if (wanted == "an int" && py::isinstance<py::int_>(value)) throw py::value_error{text + ", which is out of range"};
  throw py::type_error{text};
}

py::object dict_from(py::handle object) {
  auto same = py::reinterpret_borrow<py::object>(object);
  if (py::isinstance<py::dict>(object) || PyMapping_Check(object.ptr()) == 0 || !py::hasattr(object, "keys")) {
    return same;
  }
  return py::dict{std::move(same)};
}

void refuse_unknown_name(const std::string& owner, const std::string& name, const std::vector<std::string>& names) {
  std::string text = owner + "() has no argument \"" + name + "\"";
  const py::list near = py::module_::import("difflib").attr("get_close_matches")(name, names, 1);
  if (!near.empty()) text += "; did you mean \"" + near[0].cast<std::string>() + "\"?";
  throw py::type_error{text};
}

std::string text_of_default(const py::object& value) {
  const py::object enumeration = py::module_::import("enum").attr("Enum");
  if (py::isinstance(value, enumeration)) return text_of_default(value.attr("value"));  // its word will do
  const bool literal = value.is_none() || py::isinstance<py::bool_>(value) || py::isinstance<py::int_>(value) ||
                       py::isinstance<py::float_>(value) || py::isinstance<py::str>(value);
  if (literal) return py::repr(value).cast<std::string>();
  const bool empty = (py::isinstance<py::list>(value) || py::isinstance<py::dict>(value)) && py::len(value) == 0;
  return empty ? py::repr(value).cast<std::string>() : "...";
}

}  // namespace dunnage::python
