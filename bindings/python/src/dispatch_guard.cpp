// SPDX-License-Identifier: Apache-2.0
#include "dispatch_guard.hpp"

#include <cstddef>
#include <stdexcept>

namespace py = pybind11;

namespace dunnage::python {
namespace {

// pybind11 has one function for all that it makes, and which way it is called depends on its version.
using WithTuple = PyObject* (*)(PyObject* self, PyObject* args, PyObject* kwargs);
using WithArray = PyObject* (*)(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* names);
constexpr int kWithTuple = METH_VARARGS | METH_KEYWORDS;
constexpr int kWithArray = METH_FASTCALL | METH_KEYWORDS;

PyCFunction original = nullptr;

template <class Function>
Function cast_function(PyCFunction function) {
  return reinterpret_cast<Function>(reinterpret_cast<void (*)()>(function));
}

template <class Function>
PyCFunction plain(Function function) {
  return reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(function));
}

template <class Call>
PyObject* caught(Call call) {
  try {
    return call();
  } catch (py::error_already_set& error) {
    error.restore();
  } catch (const std::exception& error) {
    PyErr_SetString(PyExc_TypeError, error.what());
  }
  return nullptr;
}

PyObject* refuse_self() {
  PyErr_SetString(PyExc_TypeError, "a method is called on an object, not on None");
  return nullptr;
}

template <bool IsMethod>
PyObject* dispatch_tuple(PyObject* self, PyObject* args, PyObject* kwargs) {
  if (IsMethod && PyTuple_GET_SIZE(args) > 0 && PyTuple_GET_ITEM(args, 0) == Py_None) return refuse_self();
  return caught([&] { return cast_function<WithTuple>(original)(self, args, kwargs); });
}

template <bool IsMethod>
PyObject* dispatch_array(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* names) {
  if (IsMethod && PyVectorcall_NARGS(static_cast<std::size_t>(count)) > 0 && args[0] == Py_None) return refuse_self();
  return caught([&] { return cast_function<WithArray>(original)(self, args, count, names); });
}

PyMethodDef* definition_of(py::handle function) {
  if (PyInstanceMethod_Check(function.ptr()) != 0) function = PyInstanceMethod_GET_FUNCTION(function.ptr());
  if (PyCFunction_Check(function.ptr()) == 0) return nullptr;
  return reinterpret_cast<PyCFunctionObject*>(function.ptr())->m_ml;
}

template <bool IsMethod>
void guard_function(py::handle function) {
  PyMethodDef* const method = definition_of(function);
  if (method == nullptr || method->ml_meth != original) return;
  if (method->ml_flags == kWithTuple) method->ml_meth = plain(&dispatch_tuple<IsMethod>);
  if (method->ml_flags == kWithArray) method->ml_meth = plain(&dispatch_array<IsMethod>);
}

/// What pybind11 would have make memory for an object that has none yet.
void* refuse_to_make(std::size_t) {
  throw py::type_error{"an object of dunnage is used whose __init__() was not called"};
}

void guard_members(py::handle scope, bool in_class) {
  const py::dict members{scope.attr("__dict__")};  // a copy
  for (const auto& [name, value] : members) {
    if (py::isinstance<py::type>(value)) {
      const bool inner = py::object{value.attr("__module__")}.equal(py::str{"dunnage"});
      auto* const type = reinterpret_cast<PyTypeObject*>(value.ptr());
      if (auto* const info = inner ? py::detail::get_type_info(type) : nullptr) info->operator_new = &refuse_to_make;
      if (inner) guard_members(value, true);
    } else if (PyObject_TypeCheck(value.ptr(), &PyStaticMethod_Type) != 0) {
      guard_function<false>(value.attr("__func__"));
    } else if (PyObject_TypeCheck(value.ptr(), &PyProperty_Type) != 0) {
      guard_function<true>(value.attr("fget"));
    } else if (in_class) {
      guard_function<true>(value);
    } else {
      guard_function<false>(value);
    }
  }
}

}  // namespace

void guard_dispatch(py::handle module) {
  original = definition_of(module.attr("support"))->ml_meth;
  guard_members(module, false);
}

}  // namespace dunnage::python
