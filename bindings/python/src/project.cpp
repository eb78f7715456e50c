// SPDX-License-Identifier: Apache-2.0
#include "project.hpp"

#include "bindings.hpp"
#include "container.hpp"
#include "gil.hpp"

namespace dunnage::python {
namespace {

using Path = std::filesystem::path;

/// A path, or many, or none.
std::vector<Path> paths_from(py::handle object, const std::string& name) {
  if (object.is_none()) return {};
  if (text_from(object)) return {value_from<Path>(object, name)};
  if (!py::isinstance<py::sequence>(object)) refuse_value(name, "a path or a list of paths", object);
  std::vector<Path> paths;
  for (const auto item : py::reinterpret_borrow<py::sequence>(object)) {
    if (item.is_none()) refuse_value(name, "a path or a list of paths", object);
    paths.push_back(value_from<Path>(item, name));
  }
  return paths;
}

const Fields<ProjectSource>& source_fields() {
  static const auto* const fields = [] {
    using S = ProjectSource;
    auto* made = new Fields<S>{"Project.load"};
    made->option("files", &S::files, paths_from)
        .by_position()
        .option("text", &S::text)
        .option("directory", &S::directory)
        .option("name", &S::name)
        .option("profiles", &S::profiles)
        .option("env_files", &S::env_files, paths_from)
        .option("environment", &S::environment)
        .option("interpolate", &S::interpolate)
        .option("grants", &S::grants);
    return made;
  }();
  return *fields;
}

/// What leads to the same project from any working directory and under any COMPOSE_PROJECT_NAME.
ProjectSource pinned(ProjectSource source, const Project& project) {
  if (!source.text) source.files = project.files();
  source.directory = project.directory();
  source.name = project.name();
  for (Path& file : source.env_files) file = std::filesystem::absolute(file);
  return source;
}

LoadedProject load_source(const ProjectSource& source) {
  const Unlocked released;
  Project project = Project::load(source);
  ProjectSource again = pinned(source, project);
  return {std::move(project), std::move(again)};
}

LoadedProject load_project(const py::args& args, const py::kwargs& kwargs) {
  return load_source(source_fields().parse(args, kwargs));
}

py::dict launch_spec(const LoadedProject& self, const std::string& service, unsigned number, const Path& files) {
  return launch_keywords(self.project.launch_spec(service, number, files));
}

std::string repr_of_project(const LoadedProject& self) {
  return "<dunnage.Project " + repr_of(text_to(self.project.name())) + " in " +
         repr_of(py::cast(self.project.directory())) + ">";
}

void define_contents(py::class_<LoadedProject>& cls) {
  cls.def_property_readonly("name", [](const LoadedProject& self) { return self.project.name(); })
      .def_property_readonly("directory", [](const LoadedProject& self) { return self.project.directory(); })
      .def_property_readonly(
          "files", [](const LoadedProject& self) { return self.project.files(); },
          "The files it was loaded from, absolute, without those they include.")
      .def_property_readonly(
          "services", [](const LoadedProject& self) { return self.project.services(); },
          "Those that are enabled by the profiles: a dict of Service by name.")
      .def(
          "service", [](const LoadedProject& self, const std::string& name) { return self.project.service(name); },
          py::arg("name"), "service(self, name)\n--\n\nThe Service. Raises ProjectError with the nearest name.")
      .def_property_readonly(
          "volumes", [](const LoadedProject& self) { return self.project.volumes(); },
          "All that are declared: a dict of ProjectVolume by key.")
      .def_property_readonly("configs", [](const LoadedProject& self) { return self.project.configs(); })
      .def_property_readonly("secrets", [](const LoadedProject& self) { return self.project.secrets(); })
      .def_property_readonly("notes", [](const LoadedProject& self) { return self.project.notes(); })
      .def_property_readonly(
          "disabled_services", [](const LoadedProject& self) { return self.project.disabled_services(); },
          "Those that no profile enables, by name, with the profiles that would.")
      .def(
          "start_order", [](const LoadedProject& self) { return self.project.start_order(); },
          "start_order(self)\n--\n\nServices in an order in which each comes after those it depends on.");
}

void define_texts(py::class_<LoadedProject>& cls) {
  cls.def(
         "to_yaml", [](const LoadedProject& self) { return self.project.to_yaml(); },
         "to_yaml(self)\n--\n\nThe whole of it in canonical form, as `docker compose config` prints it.")
      .def(
          "to_json", [](const LoadedProject& self) { return self.project.to_json(); },
          "to_json(self)\n--\n\nAs `docker compose config --format json`.")
      .def(
          "config_hash",
          [](const LoadedProject& self, const std::string& service) { return self.project.config_hash(service); },
          py::arg("service"),
          "config_hash(self, service)\n--\n\nOf what a service's container is made; a container of another one is out "
          "of date.")
      .def(
          "volume_hash",
          [](const LoadedProject& self, const std::string& volume) { return self.project.volume_hash(volume); },
          py::arg("volume"), "volume_hash(self, volume)\n--\n\nLikewise of a volume, by its key.");
}

void define_launching(py::class_<LoadedProject>& cls) {
  cls.def(
         "write_files",
         [](const LoadedProject& self, const Path& directory) {
           const Unlocked released;
           self.project.write_files(directory);
         },
         py::arg("directory"),
         "write_files(self, directory)\n--\n\nWrites the configs and secrets that are texts or variables into a "
         "directory, which is created for this user alone if it is missing.")
      .def(
          "mounts",
          [](const LoadedProject& self, const std::string& service, const Path& files) {
            return self.project.mounts(service, files);
          },
          py::arg("service"), py::arg("files") = py::none{},
          "mounts(self, service, files=None)\n--\n\nThe MountSet of a service's container. `files` is where "
          "write_files() puts contents; only services that use such ones need it.")
      .def("launch_spec", launch_spec, py::arg("service"), py::arg("number") = 1, py::arg("files") = py::none{},
           "launch_spec(self, service, number=1, files=None)\n--\n\nA service as the keywords of Container.launch(), "
           "labels of Compose included: Container.launch(**project.launch_spec(\"web\")). Detached, with a record; "
           "streams and store are the caller's to add.")
      .def(
          "container_name",
          [](const LoadedProject& self, const std::string& service, unsigned number) {
            return self.project.container_name(service, number);
          },
          py::arg("service"), py::arg("number") = 1,
          "container_name(self, service, number=1)\n--\n\nThe name of a service's container.");
}

}  // namespace

void bind_project(py::module_& module) {
  define_project_values(module);
  module.def(
      "find_project_files", [](const Path& directory) { return find_project_files(directory); }, py::arg("directory"),
      "find_project_files(directory)\n--\n\n`compose.yaml`, `compose.yml`, `docker-compose.yaml`, "
      "`docker-compose.yml`, "
      "and the override beside it, in `directory` or the nearest one above it; empty if there is none.");
  py::class_<LoadedProject> cls{module, "Project",
                                "A Compose project as a value: what its files say, merged, interpolated and checked. "
                                "load() starts nothing. Out of a pickle it is loaded again."};
  adopt(cls);
  const std::string doc = "load" + source_fields().signature() +
                          "\n--\n\nLoads a project: a file or several, each over those before it, or a `text`, or "
                          "without either what find_project_files() finds in `directory`. What it may ask of the host "
                          "is in `grants`, a ProjectGrants. Raises ProjectError, with `place` and `path`.";
  cls.def_static("load", load_project, doc.c_str());
  define_contents(cls);
  define_texts(cls);
  define_launching(cls);
  cls.def("__str__", [](const LoadedProject& self) { return self.project.to_yaml(); })
      .def("__repr__", repr_of_project)
      .def("__eq__",
           [](const LoadedProject& self, const py::object& other) {
             return py::isinstance<LoadedProject>(other) && self.project == other.cast<const LoadedProject&>().project;
           })
      .def("__hash__", [](const LoadedProject& self) { return py::hash(py::str(repr_of_project(self))); })
      .def(py::pickle([](const LoadedProject& self) { return freeze(source_fields(), self.source); },
                      [](const py::dict& state) { return load_source(thaw(source_fields(), state)); }));
}

}  // namespace dunnage::python
