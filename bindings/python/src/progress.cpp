// SPDX-License-Identifier: Apache-2.0
#include "progress.hpp"

#include "bindings.hpp"
#include "blocking.hpp"
#include "gil.hpp"
#include "value.hpp"

#include <stop_token>
#include <utility>

namespace dunnage::python {

std::function<py::object(py::handle, const std::string&)> function_of(const char* argument) {
  return [wanted = std::string{"a function that takes "} + argument + ", or None"](py::handle object,
                                                                                   const std::string& name) {
    if (!object.is_none() && PyCallable_Check(object.ptr()) == 0) refuse_value(name, wanted, object);
    return py::reinterpret_borrow<py::object>(object);
  };
}

Watch watch_of(const Watching& watching, std::stop_token stop) {
  Watch watch{.progress = {}, .stop = std::move(stop), .deadline = {}};
  if (!watching.progress.is_none()) {
    watch.progress = [function = py::handle{watching.progress}](const Progress& now) {
      const Locked locked;
      (void)function(py::cast(now));
    };
  }
  if (watching.timeout) watch.deadline = std::chrono::steady_clock::now() + *watching.timeout;
  return watch;
}

void run_watched(const Watching& watching, const std::function<void(const Watch&)>& work) {
  CallStop stop{watching};
  const Watch watch = watch_of(watching, stop.token());
  run_interruptibly([&] { work(watch); }, [&] { stop.request(); });
}

void bind_progress(py::module_& module) {
  py::class_<std::stop_source> source{
      module, "StopSource",
      "Ends, from another thread, the operations that were given it as `stop`: they raise Cancelled and have changed "
      "nothing that can be seen."};
  adopt(source);
  source.def(py::init<>(), "__init__(self)\n--\n\n")
      .def(
          "request_stop", [](std::stop_source& self) { (void)self.request_stop(); }, py::call_guard<Unlocked>(),
          "request_stop(self)\n--\n\nEnds them. Twice is once.")
      .def_property_readonly("stop_requested", &std::stop_source::stop_requested)
      .def("__repr__", [](const std::stop_source& self) {
        return std::string{"<dunnage.StopSource"} + (self.stop_requested() ? ", requested>" : ">");
      });
  Fields<Progress> fields{"Progress"};
  fields.option("step", &Progress::step)
      .option("subject", &Progress::subject)
      .option("done", &Progress::done)
      .option("total", &Progress::total);
  value_class(module, std::move(fields),
              "Where a long operation is: `done` of `total`, which is 0 where nobody knows it.");
}

}  // namespace dunnage::python
