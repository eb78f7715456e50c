// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fields.hpp"

#include <concepts>
#include <memory>
#include <string>
#include <utility>

namespace dunnage::python {

/// repr() of a path is that of its text, so that a value's repr can be typed in.
[[nodiscard]] inline std::string repr_of(const py::object& value) {
  const bool path = py::hasattr(value, "__fspath__");
  return py::repr(path ? py::object{py::str(value)} : value).cast<std::string>();
}

template <class T>
[[nodiscard]] py::dict freeze(const Fields<T>& fields, const T& value) {
  py::dict state;
  for (const auto& field : fields.all()) state[field.name.c_str()] = field.freeze(value);
  return state;
}

/// A member that a pickle of another version lacks keeps its default.
template <class T>
[[nodiscard]] T thaw(const Fields<T>& fields, const py::dict& state) {
  T value{};
  for (const auto& field : fields.all()) {
    if (state.contains(field.name)) field.thaw(value, state[field.name.c_str()]);
  }
  return value;
}

template <class T>
[[nodiscard]] std::string repr_of_fields(const Fields<T>& fields, const T& value) {
  const T defaults{};
  std::string text;
  for (const auto& field : fields.all()) {
    const py::object shown = field.get(value);
    if (!field.required && shown.equal(field.get(defaults))) continue;
    text += (text.empty() ? "" : ", ") + (field.required ? std::string{} : field.name + "=") + repr_of(shown);
  }
  return fields.owner() + "(" + text + ")";
}

template <class T>
[[nodiscard]] bool equal_values(const Fields<T>& fields, const T& left, const T& right) {
  if constexpr (std::equality_comparable<T>) {
    return left == right;
  } else {
    return freeze(fields, left).equal(freeze(fields, right));
  }
}

/// An immutable value: constructor, attributes, ==, hash, repr, pickle, and replace(**changes). An owner "A.B" is the
/// class B, which lies in the class A.
template <class T>
py::class_<T> value_class(py::handle scope, Fields<T> table, const char* doc) {
  const auto fields = std::make_shared<const Fields<T>>(std::move(table));
  const std::string& owner = fields->owner();
  py::class_<T> cls{scope, owner.substr(owner.rfind('.') + 1).c_str(), doc};  // npos + 1 is 0
  adopt(cls);
  cls.attr("__qualname__") = owner;
  const std::string signature = "__init__" + fields->method_signature() + "\n--\n\n";
  cls.def(py::init([fields](const py::args& args, const py::kwargs& kwargs) { return fields->parse(args, kwargs); }),
          signature.c_str());
  for (const auto& field : fields->all()) cls.def_property_readonly(field.name.c_str(), field.get);
  cls.def("__repr__", [fields](const T& value) { return repr_of_fields(*fields, value); });
  cls.def("__eq__", [fields](const T& left, const py::object& right) -> py::object {
    if (!py::isinstance<T>(right)) return py::reinterpret_borrow<py::object>(Py_NotImplemented);
    return py::bool_{equal_values(*fields, left, right.cast<const T&>())};
  });
  // equal values have equal representations
  cls.def("__hash__", [fields](const T& value) { return py::hash(py::str(repr_of_fields(*fields, value))); });
  cls.def(
      "replace",
      [fields](const T& value, const py::kwargs& changes) {
        T changed = value;
        for (const auto& [name, object] : changes) fields->set(changed, name.template cast<std::string>(), object);
        return changed;
      },
      "replace(self, /, **changes)\n--\n\nA copy with some of its attributes changed.");
  cls.def(py::pickle([fields](const T& value) { return freeze(*fields, value); },
                     [fields](const py::dict& state) { return thaw(*fields, state); }));
  return cls;
}

}  // namespace dunnage::python
