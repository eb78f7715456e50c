// SPDX-License-Identifier: Apache-2.0
// The containers of a project: which there are, what they write, and one more.
#include "container.hpp"
#include "gil.hpp"
#include "log_entries.hpp"
#include "log_iterator.hpp"
#include "project_log_lines.hpp"
#include "project_plan.hpp"

namespace dunnage::python {
namespace {

using Path = std::filesystem::path;

/// Names, or what project_containers() says.
std::vector<std::string> names_from(py::handle object, const std::string& name) {
  constexpr const char* kWanted = "a list of str or ContainerInfo";
  if (!py::isinstance<py::sequence>(object) || text_from(object)) refuse_value(name, kWanted, object);
  std::vector<std::string> names;
  for (const auto item : py::reinterpret_borrow<py::sequence>(object)) {
    if (py::isinstance<ContainerInfo>(item)) {
      names.push_back(item.cast<const ContainerInfo&>().name);
    } else if (text_from(item)) {
      names.push_back(value_from<std::string>(item, name));
    } else {
      refuse_value(name, kWanted, object);
    }
  }
  return names;
}

ProjectLogLines::Owner project_logs(const ContainerStore& store, const py::object& containers,
                                    const py::kwargs& kwargs) {
  const LogOptions options = log_options_from("project_logs", kwargs);
  std::vector<std::string> names = names_from(containers, "project_logs(): containers");
  {
    const Unlocked released;
    for (const std::string& name : names) (void)store.inspect(name);  // what is wrong with a name is said now
  }
  return ProjectLogLines::Owner{new ProjectLogLines{store, std::move(names), options}};
}

void define_logs(py::module_& module) {
  using M = ProjectLogLine;
  Fields<M> fields{"ProjectLogLine"};
  fields.option("container", &M::container)
      .option("stream", &M::stream)
      .option("time", &M::time)
      .option("text", &M::text);
  value_class(module, std::move(fields), "A line that a container of a project wrote, without its end.")
      .def("__str__", [](const M& line) { return line.text; });
  py::class_<ProjectLogLines, ProjectLogLines::Owner> lines{
      module, "ProjectLogLines", "Lines of several containers' logs; project_logs() makes them."};
  adopt(lines);
  define_iterator(lines);
  module.def("project_logs", project_logs, py::arg("store"), py::arg("containers"),
             "project_logs(store, containers, *, follow=False, tail=None, since=None)\n--\n\nIterates over the "
             "ProjectLogLine objects of several containers, given by name or as ContainerInfo: the oldest first, or "
             "with `follow` as they come, until all have ended. close() ends it earlier.");
}

}  // namespace

void bind_project_running(py::module_& module) {
  module.def(
      "project_containers",
      [](const std::string& project, const Path& store) {
        const Unlocked released;
        return project_containers(project, store);
      },
      py::arg("project"), py::arg("store") = py::none{},
      "project_containers(project, store=None)\n--\n\nThe containers of a project by its name, sorted by service and "
      "number: a list of ContainerInfo. A store that is not there has none and is not made.");
  module.def(
      "one_off_spec",
      [](const LoadedProject& project, const std::string& service, const Path& store) {
        return launch_keywords(one_off_spec(project.project, service, store));
      },
      py::arg("project"), py::arg("service"), py::arg("store") = py::none{},
      "one_off_spec(project, service, store=None)\n--\n\nA one-off container of a service, as `docker compose run` "
      "makes it, as the keywords of Container.launch(): Container.run(**{**one_off_spec(project, \"web\"), \"argv\": "
      "[\"env\"]}). What it needs is there after project.plan_up(services=[\"web\"], prepare=True).apply().");
  define_logs(module);
}

}  // namespace dunnage::python
