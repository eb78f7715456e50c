// SPDX-License-Identifier: Apache-2.0
#include "bindings.hpp"
#include "container.hpp"
#include "gil.hpp"
#include "log_entries.hpp"
#include "seccomp.hpp"
#include "store_report.hpp"
#include "value.hpp"

#include <dunnage/container_store.hpp>

namespace dunnage::python {
namespace {

Fields<ContainerInfo> info_fields() {
  using I = ContainerInfo;
  Fields<I> fields{"ContainerInfo"};
  fields.option("id", &I::id)
      .option("name", &I::name)
      .option("status", &I::status)
      .option("pid", &I::pid)
      .option("argv", &I::argv)
      .option("rootfs", &I::rootfs)
      .option("image", &I::image)
      .option("image_id", &I::image_id)
      .option("changes", &I::changes)
      .option("changes_limit", &I::changes_limit)
      .option("changes_limit_way", &I::changes_limit_way)
      .option("env", &I::env)
      .option("cwd", &I::cwd)
      .option("user", &I::user)
      .option("hostname", &I::hostname)
      .option("labels", &I::labels)
      .option("restart", &I::restart)
      .option("restart_count", &I::restart_count)
      .option("mounts", &I::mounts)
      .option("terminal", &I::terminal)
      .option("remove_on_exit", &I::remove_on_exit)
      .option("stop_signal", &I::stop_signal)
      .option("resources", &I::resources)
      .option("seccomp", &I::seccomp, seccomp_from)
      .option("exit", &I::exit)
      .option("created_at", &I::created_at)
      .option("started_at", &I::started_at)
      .option("finished_at", &I::finished_at)
      .option("log", &I::log);
  return fields;
}

ContainerStore open_container_store(const std::filesystem::path& root) {
  const Unlocked released;
  return root.empty() ? ContainerStore::open() : ContainerStore::open(root);
}

std::unique_ptr<ContainerHandle> get_container(const ContainerStore& store, const std::string& name) {
  std::optional<Container> container;
  {
    const Unlocked released;
    container.emplace(store.get(name));
  }
  return std::make_unique<ContainerHandle>(std::move(*container), false, TextMode{}, store.root());
}

std::unique_ptr<ContainerHandle> start_container(const ContainerStore& store, const std::string& name) {
  std::optional<Container> container;
  {
    const Unlocked released;
    container.emplace(store.start(name));
  }
  return std::make_unique<ContainerHandle>(std::move(*container), false, TextMode{}, store.root());
}

std::unique_ptr<LogEntries> logs(const ContainerStore& store, const std::string& name, const py::kwargs& kwargs) {
  const LogOptions options = log_options_from("ContainerStore.logs", kwargs);
  std::optional<LogReader> reader;
  {
    const Unlocked released;
    reader.emplace(store.read_log(name, options));
  }
  return std::make_unique<LogEntries>(std::move(*reader));
}

void define_store(py::class_<ContainerStore>& cls) {
  cls.def_static("open", open_container_store, py::arg("root") = py::none{},
                 "open(root=None)\n--\n\nThe same directory as VolumeStore.open(); None: default_store().")
      .def_property_readonly("root", [](const ContainerStore& store) { return store.root(); })
      .def("list", &ContainerStore::list, py::call_guard<Unlocked>(), "list(self)\n--\n\nAll records, by creation.")
      .def(
          "find",
          [](const ContainerStore& store, const std::string& name) {
            const Unlocked released;
            return store.find(name);
          },
          py::arg("name"),
          "find(self, name)\n--\n\nBy name, id or unambiguous beginning of an id; None if there is none.")
      .def(
          "inspect",
          [](const ContainerStore& store, const std::string& name) {
            const Unlocked released;
            return store.inspect(name);
          },
          py::arg("name"),
          "inspect(self, name)\n--\n\nThe ContainerInfo; raises ContainerMissing, which is a KeyError.")
      .def(
          "changes",
          [](const ContainerStore& store, const std::string& name) {
            const Unlocked released;
            return store.changes(name);
          },
          py::arg("name"), "changes(self, name)\n--\n\nContainer.changes() of a container, running or not.")
      .def(
          "explain",
          [](const ContainerStore& store, const std::string& name, const std::string& path, const std::string& user) {
            const Unlocked released;
            return store.explain(name, path, {.user = user});
          },
          py::arg("name"), py::arg("path"), py::kw_only{}, py::arg("user") = "",
          "explain(self, name, path, *, user='')\n--\n\nContainer.explain() of a container, running or not.")
      .def("get", get_container, py::arg("name"), "get(self, name)\n--\n\nA handle on a running container.")
      .def("start", start_container, py::arg("name"),
           "start(self, name)\n--\n\nStarts a container that has ended again, whoever launched it: same id, name, log, "
           "mounts and anonymous volumes, and detached from now on. Returns a handle; one that runs is left as it is. "
           "Raises ContainerMissing, LaunchError.")
      .def("logs", logs, py::arg("name"),
           "logs(self, name, *, follow=False, tail=None, since=None)\n--\n\nIterates over the LogEntry objects of its "
           "log, oldest "
           "first; with `follow` until the container has ended. close() ends it earlier.")
      .def(
          "remove",
          [](ContainerStore& store, const std::string& name, bool force, bool volumes) {
            const Unlocked released;
            store.remove(name, force, volumes);
          },
          py::arg("name"), py::kw_only(), py::arg("force") = false, py::arg("volumes") = true,
          "remove(self, name, *, force=False, volumes=True)\n--\n\nThe record, the log, and with `volumes` the "
          "anonymous "
          "volumes; with `force` kills it first.");
}

}  // namespace

void bind_container_store(py::module_& module) {
  value_class(module, info_fields(), "What a record says; Docker's `inspect`.")
      .def(
          "to_json", [](const ContainerInfo& info) { return to_json(info); },
          "to_json(self)\n--\n\nDocker's names for it, as JSON.");
  bind_log_entries(module);
  py::class_<ContainerStore> cls{module, "ContainerStore",
                                 "Containers that have a record (a name, or a life of their own), found by any process "
                                 "of the same user; open() opens it."};
  adopt(cls);
  define_store(cls);
  define_checking(cls, "ContainerStore");
  cls.def("__contains__",
          [](const ContainerStore& store, const std::string& name) {
            const Unlocked released;
            return store.find(name).has_value();
          })
      .def("__repr__",
           [](const ContainerStore& store) { return "ContainerStore.open(" + repr_of(py::cast(store.root())) + ")"; })
      .def("__eq__",
           [](const ContainerStore& store, const py::object& other) {
             return py::isinstance<ContainerStore>(other) && store.root() == other.cast<const ContainerStore&>().root();
           })
      .def("__hash__", [](const ContainerStore& store) { return py::hash(py::str(text_to(store.root().native()))); })
      .def(py::pickle(
          [](const ContainerStore& store) { return py::make_tuple(store.root()); },
          [](const py::tuple& state) { return open_container_store(state[0].cast<std::filesystem::path>()); }));
}

}  // namespace dunnage::python
