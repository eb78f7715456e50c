// SPDX-License-Identifier: Apache-2.0
#include "process.hpp"

#include "bindings.hpp"
#include "gil.hpp"
#include "value.hpp"

#include <memory>
#include <stdexcept>

namespace dunnage::python {
namespace {

/// A function of Python that a thread of the library calls and forgets.
Stdio::Callback callback_of(const py::function& function) {
  const std::shared_ptr<py::function> held{new py::function{function}, [](py::function* pointer) {
                                             const Locked acquired{Locked::AtEnd::GiveUp};
                                             if (acquired) delete pointer;  // else it is too late to take it down
                                           }};
  return [held](std::string_view bytes) {
    const Locked acquired{Locked::AtEnd::GiveUp};
    if (!acquired) return;  // who waits for this thread is not to wait for ever
    try {
      (*held)(py::bytes{bytes.data(), bytes.size()});
    } catch (py::error_already_set& error) {
      error.discard_as_unraisable("a callback of dunnage.Stdio");
      throw std::runtime_error{"a callback of dunnage.Stdio failed"};  // ends the delivery
    }
  };
}

Stdio descriptor_of(py::handle object, const std::string& name) {
  const py::object number = py::isinstance<py::int_>(object) ? py::reinterpret_borrow<py::object>(object)
                                                             : py::object{object.attr("fileno")()};
  const int fd = value_from<int>(number, name);
  if (fd < 0) refuse_value(name, "a descriptor", object);
  return Stdio::descriptor(fd);
}

/// The constants of subprocess are numbers below zero.
Stdio number_of(py::handle object, const std::string& name) {
  switch (value_from<int>(object, name)) {
    case -1:
      return Stdio::pipe();
    case -3:
      return Stdio::null();
    case -2:
      throw py::value_error{name + " is subprocess.STDOUT; give both streams one descriptor instead"};
    default:
      return descriptor_of(object, name);
  }
}

std::string repr_of_stdio(const Stdio& stdio) {
  switch (stdio.kind()) {
    case Stdio::Kind::File:
      return "Stdio.file(" + repr_of(py::cast(stdio.path())) + ")";
    case Stdio::Kind::Descriptor:
      return "Stdio.descriptor(" + std::to_string(stdio.fd()) + ")";
    case Stdio::Kind::Callback:
      return "<Stdio.callback>";
    default:
      return "Stdio." + Enumeration<Stdio::Kind>::to(stdio.kind()).attr("value").cast<std::string>() + "()";
  }
}

Stdio stdio_of(const py::tuple& state) {
  switch (state[0].cast<Stdio::Kind>()) {
    case Stdio::Kind::Null:
      return Stdio::null();
    case Stdio::Kind::Pipe:
      return Stdio::pipe();
    case Stdio::Kind::Log:
      return Stdio::log();
    case Stdio::Kind::File:
      return Stdio::file(state[1].cast<std::filesystem::path>());
    default:
      return Stdio::inherit();
  }
}

py::tuple freeze_stdio(const Stdio& stdio) {
  if (stdio.kind() == Stdio::Kind::Callback || stdio.kind() == Stdio::Kind::Descriptor) {
    throw py::type_error{"cannot pickle " + repr_of_stdio(stdio) + ", which is a thing of this process"};
  }
  return py::make_tuple(stdio.kind(), stdio.path());
}

bool equal_stdio(const Stdio& left, const Stdio& right) {
  return &left == &right || (left.kind() == right.kind() && left.kind() != Stdio::Kind::Callback &&
                             left.path() == right.path() && left.fd() == right.fd());
}

void bind_stdio(py::module_& module) {
  py::class_<Stdio> cls{module, "Stdio",
                        "Where one of a program's standard streams goes. A value; files are opened at launch."};
  adopt(cls);
  using Kind = Stdio::Kind;
  Enumeration<Kind>::define(cls, "Kind", "The kinds of streams.",
                            {{"Inherit", Kind::Inherit, "inherit"},
                             {"Null", Kind::Null, "null"},
                             {"File", Kind::File, "file"},
                             {"Descriptor", Kind::Descriptor, "descriptor"},
                             {"Pipe", Kind::Pipe, "pipe"},
                             {"Callback", Kind::Callback, "callback"},
                             {"Log", Kind::Log, "log"}});
  cls.def_static("inherit", &Stdio::inherit, "inherit()\n--\n\nThat of this process.")
      .def_static("null", &Stdio::null, "null()\n--\n\nReads end at once, writes vanish.")
      .def_static("file", &Stdio::file, py::arg("path"),
                  "file(path)\n--\n\nFor input, read from the start; for output, created (0644) and appended to.")
      .def_static(
          "descriptor", [](const py::object& fd) { return descriptor_of(fd, "Stdio.descriptor(): fd"); }, py::arg("fd"),
          "descriptor(fd)\n--\n\nA descriptor, or an object with fileno(); duplicated at launch.")
      .def_static("pipe", &Stdio::pipe, "pipe()\n--\n\nA pipe; the container's stdin, stdout, stderr is its other end.")
      .def_static(
          "callback", [](const py::function& function) { return Stdio::callback(callback_of(function)); },
          py::arg("function"),
          "callback(function)\n--\n\nOutput only: called with bytes as they come, in another thread. An exception ends "
          "the delivery.")
      .def_static("log", &Stdio::log,
                  "log()\n--\n\nOutput only: the log of the container's record, read by ContainerStore.logs().")
      .def_property_readonly("kind", &Stdio::kind)
      .def_property_readonly("path", [](const Stdio& stdio) { return stdio.path(); })
      .def_property_readonly("fd", &Stdio::fd)
      .def("__repr__", repr_of_stdio)
      .def("__eq__",
           [](const Stdio& left, const py::object& right) {
             return py::isinstance<Stdio>(right) && equal_stdio(left, right.cast<const Stdio&>());
           })
      .def("__hash__", [](const Stdio& stdio) { return py::hash(py::str(repr_of_stdio(stdio))); })
      .def(py::pickle(&freeze_stdio, &stdio_of));
  module.attr("PIPE") = Stdio::pipe();
  module.attr("DEVNULL") = Stdio::null();
}

ExitStatus exit_status(int exit_code, int signal, bool launcher_lost, bool oom_killed, const std::string& cause) {
  if (exit_code < 0 || exit_code > 255) throw py::value_error{"ExitStatus(): exit_code lies between 0 and 255"};
  if (signal < 0 || signal > 64) throw py::value_error{"ExitStatus(): signal lies between 0 and 64"};
  const ExitStatus status = signal == 0 ? ExitStatus::exited(exit_code) : ExitStatus::signaled(signal, launcher_lost);
  return status.with_oom_killed(oom_killed).with_cause(cause);
}

std::string repr_of_status(const ExitStatus& status) {
  const std::string why = status.cause().empty() ? "" : ", cause=" + std::string{py::repr(py::str(status.cause()))};
  const std::string memory = (status.oom_killed() ? ", oom_killed=True" : "") + why + ")";
  if (status.exited()) return "ExitStatus(" + std::to_string(status.exit_code()) + memory;
  return "ExitStatus(signal=" + std::to_string(status.signal()) +
         (status.launcher_lost() ? ", launcher_lost=True" : "") + memory;
}

void bind_exit_status(py::module_& module) {
  py::class_<ExitStatus> cls{module, "ExitStatus",
                             "How a program ended. Not "
                             "an error: a program that exits with 1 did what it was told."};
  adopt(cls);
  cls.def(py::init(&exit_status), py::arg("exit_code") = 0, py::kw_only(), py::arg("signal") = 0,
          py::arg("launcher_lost") = false, py::arg("oom_killed") = false, py::arg("cause") = "",
          "__init__(self, exit_code=0, *, signal=0, launcher_lost=False, oom_killed=False, cause=\"\")\n--\n\n")
      .def_property_readonly("success", &ExitStatus::success)
      .def_property_readonly("exited", [](const ExitStatus& status) { return status.exited(); })
      .def_property_readonly("signaled", [](const ExitStatus& status) { return status.signaled(); })
      .def_property_readonly("exit_code", &ExitStatus::exit_code, "0 to 255; 0 if it was signaled.")
      .def_property_readonly("signal", &ExitStatus::signal, "0 if it exited.")
      .def_property_readonly("code", &ExitStatus::code, "The exit code, or 128 + the signal, as a shell has it.")
      .def_property_readonly(
          "returncode",
          [](const ExitStatus& status) { return status.exited() ? status.exit_code() : -status.signal(); },
          "The exit code, or the signal below zero, as subprocess has it.")
      .def_property_readonly("launcher_lost", &ExitStatus::launcher_lost)
      .def_property_readonly("oom_killed", &ExitStatus::oom_killed,
                             "Memory had run out, and the kernel killed a process of the container.")
      .def_property_readonly("cause", &ExitStatus::cause,
                             "Why it was stopped, if a mount with the policy \"stop\" lost its source; empty else.")
      .def("__str__", &ExitStatus::to_string)
      .def("__repr__", repr_of_status)
      .def("__hash__", [](const ExitStatus& status) { return py::hash(py::str(repr_of_status(status))); })
      .def("__eq__",
           [](const ExitStatus& left, const py::object& right) {
             return py::isinstance<ExitStatus>(right) && left == right.cast<const ExitStatus&>();
           })
      .def(py::pickle(
          [](const ExitStatus& status) {
            return py::make_tuple(status.exit_code(), status.signal(), status.launcher_lost(), status.oom_killed(),
                                  status.cause());
          },
          [](const py::tuple& state) {
            const bool oom_killed = state.size() > 3 && state[3].cast<bool>();  // absent in pickles of earlier versions
            const std::string cause = state.size() > 4 ? state[4].cast<std::string>() : "";
            return exit_status(state[0].cast<int>(), state[1].cast<int>(), state[2].cast<bool>(), oom_killed, cause);
          }));
}

}  // namespace

Stdio stdio_from(py::handle object, const std::string& name) {
  if (py::isinstance<Stdio>(object)) return object.cast<Stdio>();
  if (object.is_none()) return Stdio::inherit();
  if (py::isinstance<py::int_>(object) && !py::isinstance<py::bool_>(object)) return number_of(object, name);
  if (py::hasattr(object, "fileno")) return descriptor_of(object, name);
  if (py::hasattr(object, "__fspath__")) return Stdio::file(value_from<std::filesystem::path>(object, name));
  if (PyCallable_Check(object.ptr()) != 0) {
    return Stdio::callback(callback_of(py::reinterpret_borrow<py::function>(object)));
  }
  refuse_value(name, "a Stdio, a descriptor, a file, an os.PathLike, a function or None", object);
}

int signal_from(py::handle object, const std::string& name) {
  if (py::isinstance<py::str>(object)) return parse_signal(object.cast<std::string>());
  return value_from<int>(object, name);
}

void bind_process(py::module_& module) {
  bind_stdio(module);
  bind_exit_status(module);
  module.def(
      "parse_signal", [](const std::string& text) { return parse_signal(text); }, py::arg("text"),
      "parse_signal(text)\n--\n\n\"SIGTERM\", \"TERM\", \"15\" to 15.");
  module.def(
      "signal_name", [](int signal) { return signal_name(signal); }, py::arg("signal"),
      "signal_name(signal)\n--\n\n15 to \"SIGTERM\".");
}

}  // namespace dunnage::python
