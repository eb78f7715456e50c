// SPDX-License-Identifier: Apache-2.0
#include "rootfs.hpp"

#include "bindings.hpp"
#include "value.hpp"

namespace dunnage::python {
namespace {

std::string repr_of_rootfs(const Rootfs& rootfs) {
  return rootfs.kind() == Rootfs::Kind::Host ? std::string{"Rootfs.host()"}
                                             : "Rootfs.directory(" + repr_of(py::cast(rootfs.path())) + ")";
}

}  // namespace

Rootfs rootfs_from(py::handle object, const std::string& name) {
  if (py::isinstance<Rootfs>(object)) return object.cast<Rootfs>();
  if (object.is_none()) refuse_value(name, "a Rootfs or the path of a directory", object);
  return Rootfs::directory(value_from<std::filesystem::path>(object, name));
}

void bind_rootfs(py::module_& module) {
  py::class_<Rootfs> cls{module, "Rootfs", "What a container's \"/\" is."};
  adopt(cls);
  Enumeration<Rootfs::Kind>::define(
      cls, "Kind", "The kinds of root file systems.",
      {{"Host", Rootfs::Kind::Host, "host"}, {"Directory", Rootfs::Kind::Directory, "directory"}});
  cls.def_static("host", &Rootfs::host, "This machine's /usr, read-only, and a small /etc of its own.")
      .def_static("directory", &Rootfs::directory, py::arg("path"),
                  "A directory that holds a root file system, used in place.")
      .def_property_readonly("kind", &Rootfs::kind)
      .def_property_readonly("path", [](const Rootfs& rootfs) { return rootfs.path(); })
      .def("__str__", &Rootfs::to_string)
      .def("__repr__", repr_of_rootfs)
      .def("__hash__", [](const Rootfs& rootfs) { return py::hash(py::str(repr_of_rootfs(rootfs))); })
      .def("__eq__",
           [](const Rootfs& left, const py::object& right) {
             return py::isinstance<Rootfs>(right) && left == right.cast<const Rootfs&>();
           })
      .def(py::pickle([](const Rootfs& rootfs) { return py::make_tuple(rootfs.path()); },
                      [](const py::tuple& state) {
                        return state[0].is_none() ? Rootfs::host()
                                                  : Rootfs::directory(state[0].cast<std::filesystem::path>());
                      }));
}

}  // namespace dunnage::python
