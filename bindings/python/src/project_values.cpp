// SPDX-License-Identifier: Apache-2.0
// What a project is made of.
#include "project.hpp"
#include "seccomp.hpp"

#define DUNNAGE_MEMBER(name) option(#name, &M::name)

namespace dunnage::python {
namespace {

void define_grants(py::module_& module) {
  using M = ProjectGrants;
  Fields<M> fields{"ProjectGrants"};
  fields.DUNNAGE_MEMBER(host_paths)
      .DUNNAGE_MEMBER(environment)
      .DUNNAGE_MEMBER(devices)
      .DUNNAGE_MEMBER(driver_options)
      .DUNNAGE_MEMBER(privileges)
      .DUNNAGE_MEMBER(external);
  value_class(module, std::move(fields),
              "What a project may ask of the host besides its own directory. The default is nothing; all() is for "
              "somebody who runs a file of one's own.")
      .def_static("all", &ProjectGrants::all, "all()\n--\n\nEverything: for somebody who runs a file of one's own.");
}

void define_note(py::module_& module) {
  using M = ProjectNote;
  Fields<ProjectPlace> place{"ProjectPlace"};
  place.option("file", &ProjectPlace::file).option("line", &ProjectPlace::line).option("column", &ProjectPlace::column);
  value_class(module, std::move(place), "A place in a project's files, 1-based.");

  const auto kind = inner_enumeration<M::Kind>(
      "ProjectNote", "Kind",
      "Unsupported: the specification has it, and this library does not do it. Warning: probably not meant.",
      {{"Unsupported", M::Kind::Unsupported, "unsupported"}, {"Warning", M::Kind::Warning, "warning"}});
  Fields<M> fields{"ProjectNote"};
  fields.DUNNAGE_MEMBER(kind).DUNNAGE_MEMBER(path).DUNNAGE_MEMBER(place).DUNNAGE_MEMBER(text);
  auto cls = value_class(module, std::move(fields), "Something a reader of the files should know.");
  cls.def("__str__", &M::to_string).attr("Kind") = kind;
}

void define_dependency(py::module_& module) {
  using M = ServiceDependency;
  using C = M::Condition;
  const auto condition =
      inner_enumeration<C>("ServiceDependency", "Condition", "What has to be true of the other service.",
                           {{"Started", C::Started, "service_started"},
                            {"Healthy", C::Healthy, "service_healthy"},
                            {"CompletedSuccessfully", C::CompletedSuccessfully, "service_completed_successfully"}});
  Fields<M> fields{"ServiceDependency"};
  fields.DUNNAGE_MEMBER(condition).DUNNAGE_MEMBER(restart).DUNNAGE_MEMBER(required);
  value_class(module, std::move(fields), "`depends_on` of a service.").attr("Condition") = condition;
}

void define_files(py::module_& module) {
  {
    using M = ServiceFile;
    Fields<M> fields{"ServiceFile"};
    fields.DUNNAGE_MEMBER(source).DUNNAGE_MEMBER(target).DUNNAGE_MEMBER(uid).DUNNAGE_MEMBER(gid).DUNNAGE_MEMBER(mode);
    value_class(module, std::move(fields), "A config or secret in a service.");
  }
  using M = ProjectFile;
  Fields<M> fields{"ProjectFile"};
  fields.DUNNAGE_MEMBER(name)
      .DUNNAGE_MEMBER(file)
      .DUNNAGE_MEMBER(content)
      .DUNNAGE_MEMBER(environment)
      .DUNNAGE_MEMBER(external)
      .DUNNAGE_MEMBER(labels);
  value_class(module, std::move(fields),
              "A config or secret at the top level: a file, a content, a variable's value, or external.");
  module.attr("ProjectVolume") = module.attr("ComposeVolume");
}

void define_service(py::module_& module) {
  using M = Service;
  Fields<M> fields{"Service"};
  fields.DUNNAGE_MEMBER(name)
      .DUNNAGE_MEMBER(image)
      .DUNNAGE_MEMBER(pull)
      .DUNNAGE_MEMBER(container_name)
      .DUNNAGE_MEMBER(command)
      .DUNNAGE_MEMBER(entrypoint)
      .DUNNAGE_MEMBER(environment)
      .DUNNAGE_MEMBER(working_dir)
      .DUNNAGE_MEMBER(user)
      .DUNNAGE_MEMBER(group_add)
      .DUNNAGE_MEMBER(hostname)
      .DUNNAGE_MEMBER(labels)
      .DUNNAGE_MEMBER(volumes)
      .DUNNAGE_MEMBER(volumes_from)
      .DUNNAGE_MEMBER(configs)
      .DUNNAGE_MEMBER(secrets)
      .DUNNAGE_MEMBER(read_only)
      .DUNNAGE_MEMBER(storage_opt)
      .DUNNAGE_MEMBER(tty)
      .DUNNAGE_MEMBER(stdin_open)
      .DUNNAGE_MEMBER(init)
      .DUNNAGE_MEMBER(host_network)
      .DUNNAGE_MEMBER(no_new_privileges)
      .DUNNAGE_MEMBER(cap_add)
      .DUNNAGE_MEMBER(cap_drop)
      .option("seccomp", &M::seccomp, seccomp_from)
      .DUNNAGE_MEMBER(resources)
      .DUNNAGE_MEMBER(restart)
      .DUNNAGE_MEMBER(stop_signal)
      .DUNNAGE_MEMBER(stop_grace_period)
      .DUNNAGE_MEMBER(scale)
      .DUNNAGE_MEMBER(healthcheck)
      .DUNNAGE_MEMBER(depends_on)
      .DUNNAGE_MEMBER(profiles)
      .DUNNAGE_MEMBER(rootfs);
  value_class(module, std::move(fields),
              "What this library does of a service, ready to use: paths absolute, defaults of the specification filled "
              "in. All of what the files say is in Project.to_yaml().");
}

}  // namespace

void define_project_values(py::module_& module) {
  define_grants(module);
  define_note(module);
  define_dependency(module);
  define_files(module);
  define_service(module);
}

}  // namespace dunnage::python

#undef DUNNAGE_MEMBER
