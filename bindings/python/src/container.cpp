// SPDX-License-Identifier: Apache-2.0
#include "container.hpp"

#include "bindings.hpp"
#include "closed.hpp"
#include "gil.hpp"
#include "live_mounts.hpp"
#include "resources.hpp"
#include "running.hpp"
#include "value.hpp"

#include <unistd.h>

#include <set>

namespace dunnage::python {
namespace {

/// Containers that end with their handles. At the end of the interpreter they are ended in good order: afterwards their
/// callbacks would call into what is gone. Used with the GIL only.
std::set<ContainerHandle*>& open_containers() {
  static auto* const open = new std::set<ContainerHandle*>;
  return *open;
}

void close_at_exit() {
  static bool registered = false;
  if (std::exchange(registered, true)) return;
  py::module_::import("atexit").attr("register")(py::cpp_function([owner = ::getpid()] {
    if (::getpid() != owner) return;
    for (auto* container : std::set<ContainerHandle*>{open_containers()}) container->close();
  }));
}

std::string repr_of_container(const ContainerHandle& self) {
  std::string text = "<dunnage.Container " + self.id().substr(0, 12);
  if (!self.name().empty()) text += " " + repr_of(py::str(text_to(self.name())));
  if (self.last_status()) return text + ", " + self.last_status()->to_string() + ">";
  return text + (self.closed() ? ", closed>" : ">");
}

ExitStatus stop(ContainerHandle& self, const py::object& grace) {
  const auto limit = value_from<std::chrono::milliseconds>(grace, "Container.stop(): grace");
  const auto container = self.get();
  std::optional<ExitStatus> status;
  run_interruptibly([&] { status = container->stop(limit); },
                    [&] {
                      try {
                        container->kill();
                      } catch (const Error&) {  // it has ended
                      }
                    });
  self.remember(*status);
  return *status;
}

std::unique_ptr<ProcessHandle> exec(const ContainerHandle& self, const py::args& args, const py::kwargs& kwargs) {
  ExecCall call = exec_fields().parse(args, kwargs);
  const auto container = self.get();
  std::optional<Process> process;
  {
    const Unlocked released;
    process.emplace(container->exec(std::move(call.spec)));
  }
  return std::make_unique<ProcessHandle>(std::move(*process), std::move(call.mode));
}

/// Calls a member of the container without the GIL.
template <class Member>
auto released(Member member) {
  return [member](const ContainerHandle& self) {
    const auto container = self.get();
    const Unlocked unlocked;
    return std::invoke(member, *container);
  };
}

void define_container_enumerations(py::module_& module) {
  Enumeration<Network>::define(module, "Network", "Private: loopback and nothing else. Host: that of this process.",
                               {{"Private", Network::Private, "private"}, {"Host", Network::Host, "host"}});
  Enumeration<Lifetime>::define(
      module, "Lifetime", "Who outlives whom.",
      {{"WithHost", Lifetime::WithHost, "with-host"}, {"Detached", Lifetime::Detached, "detached"}});
  Enumeration<Replace>::define(module, "Replace",
                               "What becomes of a container that has ended and has the name of the one to be launched.",
                               {{"No", Replace::No, "no"},
                                {"KeepVolumes", Replace::KeepVolumes, "keep-volumes"},
                                {"RenewVolumes", Replace::RenewVolumes, "renew-volumes"}});
  std::vector<Enumeration<ContainerStatus>::Member> states;
  constexpr std::pair<const char*, ContainerStatus> kStates[] = {
      {"Created", ContainerStatus::Created}, {"Running", ContainerStatus::Running},
      {"Paused", ContainerStatus::Paused},   {"Restarting", ContainerStatus::Restarting},
      {"Exited", ContainerStatus::Exited},   {"Dead", ContainerStatus::Dead}};
  for (const auto& [name, value] : kStates) states.push_back({name, value, std::string{to_string(value)}});
  Enumeration<ContainerStatus>::define(module, "ContainerStatus", "What a container is doing.", std::move(states));
}

void define_change(py::module_& module) {
  using Kind = Change::Kind;
  const py::object kind = inner_enumeration<Kind>("Change", "Kind", "What became of a path.",
                                                  {{"Modified", Kind::Modified, std::string{to_string(Kind::Modified)}},
                                                   {"Added", Kind::Added, std::string{to_string(Kind::Added)}},
                                                   {"Deleted", Kind::Deleted, std::string{to_string(Kind::Deleted)}}});
  Fields<Change> fields{"Change"};
  fields.option("kind", &Change::kind).option("path", &Change::path);
  value_class(module, std::move(fields),
              "One thing that differs between a container's root file system and its image's.")
      .attr("Kind") = kind;
}

void define_container_values(py::module_& module) {
  using Kind = RestartPolicy::Kind;
  const py::object kind = inner_enumeration<Kind>(
      "RestartPolicy", "Kind", "When a program is started again.",
      {{"No", Kind::No, "no"}, {"OnFailure", Kind::OnFailure, "on-failure"}, {"Always", Kind::Always, "always"}});
  Fields<RestartPolicy> policy{"RestartPolicy"};
  policy.option("kind", &RestartPolicy::kind).option("max_retries", &RestartPolicy::max_retries);
  auto cls = value_class(module, std::move(policy),
                         "When the launcher starts the program again by itself; max_retries 0 is without limit.");
  cls.attr("Kind") = kind;
  cls.def_static(
         "parse", [](const std::string& text) { return RestartPolicy::parse(text); }, py::arg("text"),
         "parse(text)\n--\n\n\"no\", \"on-failure\", \"on-failure:5\", \"always\".")
      .def("__str__", &RestartPolicy::to_string);

  define_change(module);

  Fields<VolumesFrom> from{"VolumesFrom"};
  from.required("container", &VolumesFrom::container).option("read_only", &VolumesFrom::read_only);
  value_class(module, std::move(from), "The mounts of another container, by its name or id, for this one too.");
}

void define_control(py::class_<ContainerHandle>& cls) {
  cls.def("stop", stop, py::arg("grace") = 10.0,
          "stop(self, grace=10.0)\n--\n\nSends the stop signal, waits `grace` seconds, then kills; returns the "
          "ExitStatus. Ends "
          "a restart policy. A KeyboardInterrupt ends the grace: the container is killed, and the interrupt is raised.")
      .def(
          "kill",
          [](const ContainerHandle& self, const py::object& signal) {
            const int number = signal_from(signal, "Container.kill(): signal");
            const auto container = self.get();
            const Unlocked unlocked;
            container->kill(number);
          },
          py::arg("signal") = SIGKILL,
          "kill(self, signal=9)\n--\n\nSIGKILL ends all of its processes and a restart policy; other signals go to "
          "its first "
          "process. A number, a signal.Signals or a name. Raises NotRunning.")
      .def("request_stop", released(&Container::request_stop),
           "request_stop(self)\n--\n\nHow stop() begins: sends the stop signal, ends a restart policy, and returns at "
           "once.")
      .def("pause", released(&Container::pause), "pause(self)\n--\n\nFreezes every process.")
      .def("resume", released(&Container::resume), "resume(self)\n--\n\nLets them go on.")
      .def(
          "update",
          [](const ContainerHandle& self, const py::args& args, const py::kwargs& kwargs) {
            const Resources changes = resources_from(args, kwargs);
            const auto container = self.get();
            const Unlocked unlocked;
            container->update(changes);
          },
          "update(self, /, *args, **changes)\n--\n\nOther limits for the running container, all or none: a Resources, "
          "or its "
          "keywords. Raises LaunchError with the name of what was refused.")
      .def(
          "restart",
          [](ContainerHandle& self, const py::object& grace) {
            self.restart(value_from<std::chrono::milliseconds>(grace, "Container.restart(): grace"));
          },
          py::arg("grace") = 10.0,
          "restart(self, grace=10.0)\n--\n\nStops it, if it runs, and starts it again from the same specification, "
          "with "
          "new mounts and new streams. By a handle of ContainerStore it is started from its record: detached, with its "
          "output in its log.");
  const std::string doc =
      "exec" + exec_fields().method_signature() + "\n--\n\nRuns a further program in it: a Process.";
  cls.def("exec", exec, doc.c_str());
}

void define_state(py::class_<ContainerHandle>& cls) {
  cls.def_property_readonly("id", &ContainerHandle::id, "64 hexadecimal digits.")
      .def_property_readonly("name", &ContainerHandle::name, "Empty without a record.")
      .def_property_readonly("pid", released(&Container::pid), "Of its first process; 0 when it has ended.")
      .def_property_readonly("plan", released(&Container::plan),
                             "The MountPlan it was given, and what was attached since.")
      .def_property_readonly("status", released(&Container::status), "A ContainerStatus.")
      .def(
          "timings", [](const ContainerHandle& self) { return self.get()->timings(); },
          "timings(self)\n--\n\nThe LaunchTimings of its launch; empty without timings=True.")
      .def("stats", released(&Container::stats),
           "stats(self)\n--\n\nThe ContainerStats of this moment. Raises LaunchError without a cgroup, which it has "
           "with any "
           "limit, and with Resources(statistics=True).")
      .def(
          "changes", released(&Container::changes),
          "changes(self)\n--\n\nWhat it has changed of its image's root file system: a list of Change, sorted by path; "
          "Docker's `diff`. Raises LaunchError without an image.")
      .def(
          "explain",
          [](const ContainerHandle& self, const std::string& path, const std::string& user) {
            const auto container = self.get();
            const Unlocked unlocked;
            return container->explain(path, {.user = user});
          },
          py::arg("path"), py::kw_only{}, py::arg("user") = "",
          "explain(self, path, *, user='')\n--\n\nWhich mount serves `path`, whose it is inside and on disk, and what "
          "a "
          "user (empty: its own) may do there, why not, and what would change that: a PathExplanation. The kernel is "
          "asked; nothing changes. Raises LaunchError.")
      .def_property_readonly("_owned", &ContainerHandle::owned)  // for dunnage.aio
      .def_property_readonly("_store", &ContainerHandle::store)  // for logs()
      .def("__repr__", repr_of_container);
}

}  // namespace

ContainerHandle::ContainerHandle(Container container, bool owned, TextMode mode, std::filesystem::path store)
    : container_{new Container{std::move(container)}, delete_without_gil<Container>},
      owned_{owned},
      id_{container_->id()},
      name_{container_->name()},
      mode_{mode},
      store_{std::move(store)},
      streams_{std::move(mode)} {
  if (owned_) {
    open_containers().insert(this);
    close_at_exit();
  }
}

ContainerHandle::~ContainerHandle() { open_containers().erase(this); }

std::shared_ptr<Container> ContainerHandle::get() const {
  if (!container_) {
    throw Closed{"container " + id_.substr(0, 12) +
                 " is closed: its handle was let go by close() or by leaving its with "
                 "block; get it from a ContainerStore, or launch another"};
  }
  return container_;
}

void ContainerHandle::detach() {
  const auto container = get();
  {
    const Unlocked unlocked;
    container->detach();
  }
  owned_ = false;
  open_containers().erase(this);
}

void ContainerHandle::restart(std::chrono::milliseconds grace) {
  const auto container = get();
  run_interruptibly([&] { container->restart(grace); },
                    [&] {
                      try {
                        container->kill();
                      } catch (const Error&) {  // it has ended
                      }
                    });
  streams_.close();
  streams_ = Streams{mode_};
  status_.reset();
}

py::object ContainerHandle::input() {
  const auto container = get();
  auto file = streams_.input(container->stdin_fd());
  container->close_stdin();  // the file's is the only one: closing it is the end of the input
  return file;
}

void ContainerHandle::close_input() {
  streams_.close_input();
  get()->close_stdin();
}

void ContainerHandle::close() {
  auto container = std::exchange(container_, nullptr);
  if (!container) return;
  open_containers().erase(this);
  streams_.close();
  const Unlocked unlocked;
  try {
    // others may wait for its end with references of their own
    if (owned_ && !container->wait_for(std::chrono::milliseconds{0})) container->kill();
    const auto patience = std::chrono::seconds{owned_ ? 10 : 0};
    if (!status_) status_ = container->wait_for(patience);
  } catch (const Error&) {  // ended just now, or another process's
  }
  container.reset();
}

void bind_container(py::module_& module) {
  define_container_enumerations(module);
  define_container_values(module);
  define_live_mount_values(module);
  bind_exec(module);
  py::class_<ContainerHandle> cls{
      module, "Container",
      "A program in its own namespaces, with the storage it was given. launch() starts one, ContainerStore.get() finds "
      "one, run() does all of it. At the end of its with block a container that was launched with the host's lifetime "
      "is "
      "killed; any other is only let go."};
  adopt(cls);
  const std::string doc =
      "launch" + launch_fields().signature() +
      "\n--\n\nStarts a program; returns when it has been executed. All or nothing. `mounts` is what "
      "MountSet() takes, a MountPlan, or PreparedMounts; `rootfs` a Rootfs or the path of a "
      "directory; `seccomp` a Seccomp, its word or the path of a profile; `env` a dict; stdin, stdout, stderr a Stdio, "
      "PIPE, DEVNULL, None, a file, a "
      "descriptor, an os.PathLike, or for output a function that takes bytes.";
  cls.def_static("launch", launch, doc.c_str());
  define_running<ContainerHandle, Container>(cls);
  define_control(cls);
  define_state(cls);
  define_live_mounts(cls);
  module.def("drop_ready_roots", &drop_ready_roots, py::call_guard<Unlocked>(),
             "drop_ready_roots()\n--\n\nLets go of the root file systems this process has made ahead for its next "
             "launches of an image.");
}

}  // namespace dunnage::python
