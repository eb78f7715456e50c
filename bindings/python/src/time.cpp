// SPDX-License-Identifier: Apache-2.0
#include "time.hpp"

#include <algorithm>
#include <cmath>

namespace dunnage::python {
namespace {

bool is_number(py::handle object) {
  return !py::isinstance<py::bool_>(object) && (py::isinstance<py::int_>(object) || py::isinstance<py::float_>(object));
}

/// Seconds of a number, or of what `method` of a datetime type returns. False for another type.
bool seconds_from(py::handle object, const char* type, const char* method, double& seconds) {
  if (is_number(object)) {
    seconds = PyFloat_AsDouble(object.ptr());
    if (PyErr_Occurred() != nullptr) throw py::error_already_set{};
  } else if (py::isinstance(object, py::module_::import("datetime").attr(type))) {
    seconds = object.attr(method)().cast<double>();
  } else {
    return false;
  }
  if (std::isnan(seconds)) throw py::value_error{"it is not a number"};
  return true;
}

/// At most 30 years, which is far from what overflows anywhere.
bool length_from(py::handle object, double& seconds) {
  constexpr double kLongest = 1e9;
  if (!seconds_from(object, "timedelta", "total_seconds", seconds)) return false;
  if (seconds < 0) throw py::value_error{"a duration is not negative"};
  seconds = std::min(seconds, kLongest);
  return true;
}

}  // namespace

bool duration_from(py::handle object, std::chrono::milliseconds& value) {
  double seconds = 0;
  if (!length_from(object, seconds)) return false;
  value = std::chrono::milliseconds{static_cast<std::int64_t>(std::ceil(seconds * 1000))};
  return true;
}

bool duration_from(py::handle object, std::chrono::nanoseconds& value) {
  double seconds = 0;
  if (!length_from(object, seconds)) return false;
  value = std::chrono::nanoseconds{std::llround(seconds * 1e9)};
  return true;
}

bool time_from(py::handle object, TimePoint& value) {
  value = {};
  if (object.is_none()) return true;
  double seconds = 0;
  if (!seconds_from(object, "datetime", "timestamp", seconds)) return false;
  if (seconds < 0 || seconds > 9e9) throw py::value_error{"a time lies between 1970 and 2255"};
  value = TimePoint{std::chrono::microseconds{static_cast<std::int64_t>(std::llround(seconds * 1e6))}};
  return true;
}

py::object time_to(TimePoint value) {
  if (value == TimePoint{}) return py::none{};
  const auto microseconds = std::chrono::floor<std::chrono::microseconds>(value.time_since_epoch()).count();
  const auto module = py::module_::import("datetime");
  const auto epoch = module.attr("datetime")(1970, 1, 1, py::arg("tzinfo") = module.attr("timezone").attr("utc"));
  return epoch + module.attr("timedelta")(py::arg("microseconds") = microseconds);
}

}  // namespace dunnage::python
