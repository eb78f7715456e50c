// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What Container and Process have in common: waiting, streams, the with block.

#include "blocking.hpp"
#include "container.hpp"
#include "process.hpp"

#include <dunnage/error.hpp>

#include <optional>

namespace dunnage::python {

[[nodiscard]] inline std::optional<std::chrono::milliseconds> timeout_from(py::handle object) {
  return value_from<std::optional<std::chrono::milliseconds>>(object, "timeout");
}

template <class Handle>
[[nodiscard]] std::optional<ExitStatus> wait_or_nothing(Handle& self, const py::object& timeout) {
  const auto limit = timeout_from(timeout);
  if (self.closed() && self.last_status()) return self.last_status();
  const auto running = self.get();
  auto status = wait_for_end(*running, limit);
  if (status) self.remember(*status);
  return status;
}

template <class Handle>
[[nodiscard]] ExitStatus wait_or_raise(Handle& self, const py::object& timeout) {
  if (auto status = wait_or_nothing(self, timeout)) return *status;
  throw LaunchError{{.stage = Stage::Run,
                     .operation = "wait for the end of the program",
                     .subject = {},
                     .detail = {},
                     .cause = "it still runs",
                     .code = errc::timed_out,
                     .remedy = "wait longer, or stop it"}};
}

/// A descriptor of the library's, or None.
template <class Handle, class Get>
[[nodiscard]] auto descriptor_property(Get get) {
  return [get](const Handle& self) -> py::object {
    const int fd = std::invoke(get, *self.get());
    return fd < 0 ? py::object{py::none{}} : py::object{py::int_{fd}};
  };
}

template <class Handle, class Running>
void define_running(py::class_<Handle>& cls) {
  cls.def("wait", &wait_or_raise<Handle>, py::arg("timeout") = py::none{},
          "wait(self, timeout=None)\n--\n\nThe ExitStatus at the end; raises TimedOut, a TimeoutError.")
      .def("wait_for", &wait_or_nothing<Handle>, py::arg("timeout"),
           "wait_for(self, timeout)\n--\n\nThe ExitStatus, or None if it still runs then.")
      .def(
          "poll", [](Handle& self) { return wait_or_nothing(self, py::int_{0}); },
          "poll(self)\n--\n\nThe ExitStatus, or None if it still runs.")
      .def_property_readonly(
          "exit_status", [](const Handle& self) { return self.last_status(); },
          "How it ended, as far as a wait, poll or close has seen it; else None.")
      .def_property_readonly("exit_fd", descriptor_property<Handle>(&Running::exit_fd),
                             "Becomes and stays readable when the program has ended. Owned here.")
      .def_property_readonly("stdin", &Handle::input, "A file to write to, or None without PIPE. Unbuffered.")
      .def_property_readonly(
          "stdout", [](Handle& self) { return self.streams().output(self.closed() ? -1 : self.get()->stdout_fd()); },
          "A file to read from, line by line if you like; None without PIPE.")
      .def_property_readonly(
          "stderr", [](Handle& self) { return self.streams().error(self.closed() ? -1 : self.get()->stderr_fd()); },
          "Likewise.")
      .def_property_readonly(
          "terminal",
          [](Handle& self) { return self.streams().terminal(self.closed() ? -1 : self.get()->terminal_fd()); },
          "The other end of the terminal as an unbuffered file, or None.")
      .def_property_readonly("stdin_fd", descriptor_property<Handle>(&Running::stdin_fd),
                             "Where to write, or None. Owned here.")
      .def_property_readonly("stdout_fd", descriptor_property<Handle>(&Running::stdout_fd),
                             "Where to read, or None. Owned here.")
      .def_property_readonly("stderr_fd", descriptor_property<Handle>(&Running::stderr_fd),
                             "Where to read, or None. Owned here.")
      .def_property_readonly("terminal_fd", descriptor_property<Handle>(&Running::terminal_fd),
                             "Read and written, or None. Owned here.")
      .def("close_stdin", &Handle::close_input, "close_stdin(self)\n--\n\nThe program reads the end of its input.")
      .def_property_readonly("closed", &Handle::closed, "Whether close() has been called, or its with block left.")
      .def("close", &Handle::close,
           "close(self)\n--\n\nLets go of it, and of its streams; what lives as long as this process is killed.")
      .def(
          "__enter__",
          [](Handle& self) -> Handle& {
            (void)self.get();
            return self;
          },
          py::return_value_policy::reference)
      .def("__exit__", [](Handle& self, const py::args&) { self.close(); });
}

}  // namespace dunnage::python
