// SPDX-License-Identifier: Apache-2.0
#include "rootfs.hpp"

#include "bindings.hpp"
#include "image.hpp"
#include "size.hpp"
#include "value.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace dunnage::python {
namespace {

std::string repr_of_rootfs(const Rootfs& rootfs) {
  switch (rootfs.kind()) {
    case Rootfs::Kind::Host:
      return "Rootfs.host()";
    case Rootfs::Kind::Image:
      return "Rootfs.image(" + repr_of(py::cast(rootfs.name())) + ")";
    default:
      return "Rootfs.directory(" + repr_of(py::cast(rootfs.path())) + ")";
  }
}

/// An Image is its id.
Rootfs image_root(const py::object& image) {
  return Rootfs::image(py::isinstance<StoredImage>(image) ? image.cast<const StoredImage&>().image.id()
                                                          : value_from<std::string>(image, "Rootfs.image(): name"));
}

std::optional<std::uint64_t> changes_limit_from(py::handle object, const std::string& name) {
  return object.is_none() ? std::nullopt : std::optional{size_from(object, name)};
}

void define_changes(py::module_& module) {
  using Kind = RootChanges::Kind;
  const py::object kind =
      inner_enumeration<Kind>("RootChanges", "Kind", "Where what a container writes to its image's root goes.",
                              {{"Disk", Kind::Disk, std::string{to_string(Kind::Disk)}},
                               {"Memory", Kind::Memory, std::string{to_string(Kind::Memory)}}});
  Fields<RootChanges> fields{"RootChanges"};
  fields.option("kind", &RootChanges::kind)
      .option("size", &RootChanges::size, size_from)
      .option("limit", &RootChanges::limit, changes_limit_from);
  auto cls = value_class(
      module, std::move(fields),
      "Where what a container writes to the root file system of its image goes: into the store, as long as its record "
      "is there, at most `limit` bytes if there is one, or into memory, at most `size` bytes. A limit holds, or the "
      "container is not launched: writing past it is ENOSPC or EDQUOT. It is for root.");
  cls.attr("Kind") = kind;
  cls.def_static(
      "parse_storage_option", [](const std::string& text) { return RootChanges::parse_storage_option(text); },
      py::arg("text"),
      "parse_storage_option(text)\n--\n\nDocker's --storage-opt: \"size=1G\", on disk. Raises LaunchError.");
  Enumeration<ImageVolumes>::define(
      module, "ImageVolumes", "What the places are that an image declares as volumes.",
      {{"Anonymous", ImageVolumes::Anonymous, std::string{to_string(ImageVolumes::Anonymous)}},
       {"Tmpfs", ImageVolumes::Tmpfs, std::string{to_string(ImageVolumes::Tmpfs)}},
       {"Ignore", ImageVolumes::Ignore, std::string{to_string(ImageVolumes::Ignore)}}});
}

}  // namespace

Rootfs rootfs_from(py::handle object, const std::string& name) {
  if (py::isinstance<Rootfs>(object)) return object.cast<Rootfs>();
  if (py::isinstance<StoredImage>(object)) return Rootfs::image(object.cast<const StoredImage&>().image.id());
  if (object.is_none()) refuse_value(name, "a Rootfs, an Image or the path of a directory", object);
  return Rootfs::directory(value_from<std::filesystem::path>(object, name));
}

void bind_rootfs(py::module_& module) {
  define_changes(module);
  py::class_<Rootfs> cls{module, "Rootfs", "What a container's \"/\" is."};
  adopt(cls);
  Enumeration<Rootfs::Kind>::define(cls, "Kind", "The kinds of root file systems.",
                                    {{"Host", Rootfs::Kind::Host, "host"},
                                     {"Directory", Rootfs::Kind::Directory, "directory"},
                                     {"Image", Rootfs::Kind::Image, "image"}});
  cls.def_static("host", &Rootfs::host, "host()\n--\n\nThis machine's /usr, read-only, and a small /etc of its own.")
      .def_static("directory", &Rootfs::directory, py::arg("path"),
                  "directory(path)\n--\n\nA directory that holds a root file system, used in place.")
      .def_static("image", image_root, py::arg("name"),
                  "image(name)\n--\n\nAn image of the store, by name or id, or an Image. What the container writes to "
                  "it is its own.")
      .def_property_readonly("kind", &Rootfs::kind)
      .def_property_readonly("name", [](const Rootfs& rootfs) { return rootfs.name(); })
      .def_property_readonly("path", [](const Rootfs& rootfs) { return rootfs.path(); })
      .def("__str__", &Rootfs::to_string)
      .def("__repr__", repr_of_rootfs)
      .def("__hash__", [](const Rootfs& rootfs) { return py::hash(py::str(repr_of_rootfs(rootfs))); })
      .def("__eq__",
           [](const Rootfs& left, const py::object& right) {
             return py::isinstance<Rootfs>(right) && left == right.cast<const Rootfs&>();
           })
      .def(py::pickle([](const Rootfs& rootfs) { return py::make_tuple(rootfs.path(), rootfs.name()); },
                      [](const py::tuple& state) {
                        if (py::len(state) > 1 && py::len(state[1]) != 0) {
                          return Rootfs::image(state[1].cast<std::string>());
                        }
                        return state[0].is_none() ? Rootfs::host()
                                                  : Rootfs::directory(state[0].cast<std::filesystem::path>());
                      }));
}

}  // namespace dunnage::python
