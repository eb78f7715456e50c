// SPDX-License-Identifier: Apache-2.0
#include "log_entries.hpp"

#include "value.hpp"

namespace dunnage::python {
namespace {

void bind_log_entry(py::module_& module) {
  py::class_<OwnedLogEntry> cls{module, "LogEntry", "A piece of a log, as the program wrote it: `data` is bytes."};
  adopt(cls);
  Enumeration<LogEntry::Stream>::define(
      cls, "Stream", "Which of a program's streams.",
      {{"Out", LogEntry::Stream::Out, "stdout"}, {"Err", LogEntry::Stream::Err, "stderr"}});
  cls.def_property_readonly("stream", [](const OwnedLogEntry& self) { return self.stream; })
      .def_property_readonly("time", [](const OwnedLogEntry& self) { return self.time; })
      .def_property_readonly("data", [](const OwnedLogEntry& self) { return py::bytes{self.data}; })
      .def("__str__", [](const OwnedLogEntry& self) { return self.data; })
      .def("__repr__",
           [](const OwnedLogEntry& self) {
             return "<dunnage.LogEntry " +
                    Enumeration<LogEntry::Stream>::to(self.stream).attr("value").cast<std::string>() + " " +
                    repr_of(py::bytes{self.data}) + ">";
           })
      .def("__eq__",
           [](const OwnedLogEntry& left, const py::object& other) {
             if (!py::isinstance<OwnedLogEntry>(other)) return false;
             const auto& right = other.cast<const OwnedLogEntry&>();
             return left.stream == right.stream && left.time == right.time && left.data == right.data;
           })
      .def("__hash__", [](const OwnedLogEntry& self) { return py::hash(py::bytes{self.data}); })
      .def(py::pickle(
          [](const OwnedLogEntry& self) {
            return py::make_tuple(self.stream, self.time.time_since_epoch().count(), py::bytes{self.data});
          },
          [](const py::tuple& state) {
            return OwnedLogEntry{state[0].cast<LogEntry::Stream>(),
                                 TimePoint{TimePoint::duration{state[1].cast<TimePoint::rep>()}},
                                 state[2].cast<std::string>()};
          }));
}

}  // namespace

LogOptions log_options_from(const char* owner, const py::kwargs& kwargs) {
  struct Call {
    LogOptions options{};
    std::optional<std::uint64_t> tail{};
  };
  Fields<Call> fields{owner};
  fields
      .option(
          "follow", [](auto& call) -> auto& { return call.options.follow; })
      .option("tail", &Call::tail)
      .option(
          "since", [](auto& call) -> auto& { return call.options.since; });
  Call call = fields.parse(py::args{}, kwargs);
  if (call.tail) call.options.tail = static_cast<std::size_t>(*call.tail);
  return call.options;
}

void bind_log_entries(py::module_& module) {
  bind_log_entry(module);
  py::class_<LogEntries> entries{module, "LogEntries", "The entries of a log; ContainerStore.logs() makes them."};
  adopt(entries);
  define_iterator(entries);
  entries
      .def("poll", &LogEntries::poll, "poll(self)\n--\n\nThe next LogEntry, or None if there is none now; never waits.")
      .def_property_readonly("ended", &LogEntries::ended, "Nothing more will come.")
      .def("fileno", &LogEntries::descriptor,
           "fileno(self)\n--\n\nWith follow=True a descriptor that can be read when poll(), which had nothing, may "
           "have something, or the end. Without: -1, as there is nothing to wait for.");
}

}  // namespace dunnage::python
