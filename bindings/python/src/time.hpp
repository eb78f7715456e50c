// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <pybind11/pybind11.h>

#include <chrono>

namespace dunnage::python {

namespace py = pybind11;
using TimePoint = std::chrono::system_clock::time_point;

/// Seconds as int or float, or a datetime.timedelta; rounded up to milliseconds, and at most some years. False for
/// another type. Throws: ValueError if negative or not a number.
bool duration_from(py::handle object, std::chrono::milliseconds& value);
/// The same to the nanosecond.
bool duration_from(py::handle object, std::chrono::nanoseconds& value);
/// Seconds since 1970 as int or float, a datetime, or None for the epoch. False for another type.
bool time_from(py::handle object, TimePoint& value);
/// A datetime that knows its zone, UTC; None for the epoch, which stands for "not yet".
[[nodiscard]] py::object time_to(TimePoint value);

}  // namespace dunnage::python

namespace pybind11::detail {

template <>
struct type_caster<std::chrono::milliseconds> {
  PYBIND11_TYPE_CASTER(std::chrono::milliseconds, const_name("float | datetime.timedelta"));
  bool load(handle source, bool) { return dunnage::python::duration_from(source, value); }
  static handle cast(std::chrono::milliseconds source, return_value_policy, handle) {
    return PyFloat_FromDouble(std::chrono::duration<double>{source}.count());
  }
};

template <>
struct type_caster<std::chrono::nanoseconds> {
  PYBIND11_TYPE_CASTER(std::chrono::nanoseconds, const_name("float | datetime.timedelta"));
  bool load(handle source, bool) { return dunnage::python::duration_from(source, value); }
  static handle cast(std::chrono::nanoseconds source, return_value_policy, handle) {
    return PyFloat_FromDouble(std::chrono::duration<double>{source}.count());
  }
};

template <>
struct type_caster<std::chrono::system_clock::time_point> {
  PYBIND11_TYPE_CASTER(std::chrono::system_clock::time_point, const_name("datetime.datetime"));
  bool load(handle source, bool) { return dunnage::python::time_from(source, value); }
  static handle cast(std::chrono::system_clock::time_point source, return_value_policy, handle) {
    return dunnage::python::time_to(source).release();
  }
};

}  // namespace pybind11::detail
