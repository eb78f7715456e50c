// SPDX-License-Identifier: Apache-2.0
#include "closed.hpp"
#include "gil.hpp"
#include "running.hpp"
#include "value.hpp"

namespace dunnage::python {

ProcessHandle::ProcessHandle(Process process, TextMode mode)
    : process_{new Process{std::move(process)}, delete_without_gil<Process>}, streams_{std::move(mode)} {}

std::shared_ptr<Process> ProcessHandle::get() const {
  if (!process_) {
    throw Closed{
        "this process is closed: its handle was let go by close() or by leaving its with block; start another "
        "with Container.exec()"};
  }
  return process_;
}

py::object ProcessHandle::input() {
  const auto process = get();
  auto file = streams_.input(process->stdin_fd());
  process->close_stdin();  // the file's is the only one: closing it is the end of the input
  return file;
}

void ProcessHandle::close_input() {
  streams_.close_input();
  get()->close_stdin();
}

void ProcessHandle::close() {
  auto process = std::exchange(process_, nullptr);
  if (!process) return;
  streams_.close();
  const Unlocked unlocked;
  try {
    if (!process->wait_for(std::chrono::milliseconds{0})) process->kill();
    if (!status_) status_ = process->wait_for(std::chrono::seconds{10});
  } catch (const Error&) {  // ended just now, or another process's
  }
  process.reset();
}

void bind_exec(py::module_& module) {
  py::class_<ProcessHandle> cls{module, "Process",
                                "A program started by Container.exec(). When the handle goes, the program is killed."};
  adopt(cls);
  define_running<ProcessHandle, Process>(cls);
  cls.def(
         "kill",
         [](const ProcessHandle& self, const py::object& signal) {
           const int number = signal_from(signal, "Process.kill(): signal");
           const auto process = self.get();
           const Unlocked unlocked;
           process->kill(number);
         },
         py::arg("signal") = SIGKILL, "kill(self, signal=9)\n--\n\nA number, a signal.Signals or a name.")
      .def("__repr__", [](const ProcessHandle& self) {
        if (self.last_status()) return "<dunnage.Process, " + self.last_status()->to_string() + ">";
        return std::string{self.closed() ? "<dunnage.Process, closed>" : "<dunnage.Process>"};
      });
}

}  // namespace dunnage::python
