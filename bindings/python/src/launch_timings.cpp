// SPDX-License-Identifier: Apache-2.0
#include "bindings.hpp"
#include "value.hpp"

#include <dunnage/launch_timings.hpp>

namespace dunnage::python {

void bind_launch_timings(py::module_& module) {
  Fields<LaunchStep> step{"LaunchStep"};
  step.option("name", &LaunchStep::name).option("begin", &LaunchStep::begin).option("duration", &LaunchStep::duration);
  value_class(module, std::move(step), "One step of a launch: when it began, since the call, and how long it took.");
  Fields<LaunchTimings> timings{"LaunchTimings"};
  timings.option("steps", &LaunchTimings::steps);
  value_class(module, std::move(timings), "Where the time of one launch went, in steps without gaps.")
      .def_property_readonly("total", &LaunchTimings::total, "Seconds from the call to its return.")
      .def("to_json", &LaunchTimings::to_json, "to_json(self)\n--\n\nIn nanoseconds.")
      .def("__len__", [](const LaunchTimings& self) { return self.steps.size(); })
      .def("__str__", &LaunchTimings::to_string);
}

}  // namespace dunnage::python
