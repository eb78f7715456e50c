// SPDX-License-Identifier: Apache-2.0
#include "bindings.hpp"
#include "gil.hpp"
#include "indexing.hpp"
#include "mount_coercion.hpp"
#include "rootfs.hpp"
#include "value.hpp"

namespace dunnage::python {
namespace {

MountPlan resolve(const MountSet& mounts, const py::kwargs& kwargs) {
  static const auto fields = [] {
    Fields<ResolveOptions> options{"MountSet.resolve"};
    options.option("store", &ResolveOptions::store)
        .option("current_directory", &ResolveOptions::current_directory)
        .option("rootfs", &ResolveOptions::rootfs, rootfs_from)
        .option("image_volumes", &ResolveOptions::image_volumes);
    return options;
  }();
  const auto options = fields.parse(py::args{}, kwargs);
  const MountSet copy = mounts;  // another thread may add to it
  const Unlocked released;
  return copy.resolve(options);
}

std::string repr_of_set(const MountSet& mounts) {
  std::string text;
  for (const auto& mount : mounts) text += (text.empty() ? "" : ", ") + repr_of(py::cast(mount));
  return "MountSet([" + text + "])";
}

py::list list_of(const MountSet& mounts) {
  py::list items;
  for (const auto& mount : mounts) items.append(py::cast(mount));
  return items;
}

/// All or nothing, though `what` may be many.
MountSet& add(MountSet& mounts, const py::object& what) {
  MountSet changed = mounts;
  add_mounts(changed, what);
  mounts = std::move(changed);
  return mounts;
}

template <class Parse>
void define_parser(py::module_& module, const char* name, Parse parse, const std::string& doc) {
  module.def(
      name, [parse](const std::string& text, Engine engine) { return parse(text, engine); }, py::arg("text"),
      py::arg("engine") = Engine::Docker,
      (name + std::string{"(text, engine='docker')\n--\n\n"} + doc + " Raises SpecError.").c_str());
}

void define_parsers(py::module_& module) {
  define_parser(module, "parse_volume_flag", parse_volume_flag,
                "One -v value: [SOURCE:]TARGET[:OPTIONS]; for Compose an entry of `volumes:` in short form.");
  define_parser(module, "parse_mount_flag", parse_mount_flag,
                "One --mount value: type=bind,source=/a,target=/b,readonly. Compose has no such flag.");
  define_parser(module, "parse_tmpfs_flag", parse_tmpfs_flag, "One --tmpfs value: /run[:size=64m,mode=1777].");
  module.def(
      "to_volume_flag", [](const Mount& mount) { return to_volume_flag(mount); }, py::arg("mount"),
      "to_volume_flag(mount)\n--\n\nThe mount as a value of -v, for parse_volume_flag(); None if it has no such "
      "words.");
}

}  // namespace

void bind_mount_set(py::module_& module) {
  define_parsers(module);
  py::class_<MountSet> cls{
      module, "MountSet",
      "What a container shall see: an ordered collection of mounts. Adding to it touches "
      "nothing. `mounts`: objects, texts (\"-v /a:/b:ro\", \"type=tmpfs,target=/run\") and docker-py's dicts "
      "({\"/host\": {\"bind\": \"/c\", \"mode\": \"ro\"}}), one or an iterable of them."};
  adopt(cls);
  cls.def(py::init(&mount_set_from), py::arg("mounts") = py::tuple{}, "__init__(self, mounts=())\n--\n\n")
      .def("add", add, py::arg("mount"), py::return_value_policy::reference_internal,
           "add(self, mount)\n--\n\nAdds what MountSet() takes, and returns the set. Raises DuplicateTarget, "
           "InvalidMount, "
           "SpecError; the set is unchanged then.")
      .def(
          "add_spec",
          [](MountSet& mounts, const std::string& text, Engine engine) -> MountSet& {
            return mounts.add_spec(text, engine);
          },
          py::arg("text"), py::arg("engine") = Engine::Docker, py::return_value_policy::reference_internal,
          "add_spec(self, text, engine='docker')\n--\n\n-v SPEC, --mount SPEC, --tmpfs SPEC, or a bare value, in the "
          "words of that engine.")
      .def(
          "resolve", resolve,
          "resolve(self, *, store=None, current_directory=None, rootfs=..., image_volumes='anonymous')\n--\n\nLooks at "
          "the host and decides: the MountPlan. Writes nothing. `rootfs` is what the mounts will be in; an image adds "
          "the volumes it declares.")
      .def("to_json", &MountSet::to_json, "to_json(self)\n--\n\nAn array of objects with Docker's field names.")
      .def("__len__", &MountSet::size)
      .def("__getitem__", [](const MountSet& mounts, py::ssize_t index) { return mounts[index_in(mounts, index)]; })
      .def("__iter__", [](const MountSet& mounts) { return iterator_over(mounts); })
      .def("__contains__",
           [](const MountSet& mounts, const py::object& mount) { return list_of(mounts).contains(mount); })
      .def("__str__", &MountSet::to_string)
      .def("__repr__", repr_of_set)
      .def("__eq__",
           [](const MountSet& left, const py::object& right) {
             return py::isinstance<MountSet>(right) && left == right.cast<const MountSet&>();
           })
      .def(py::pickle([](const MountSet& mounts) { return list_of(mounts); },
                      [](const py::list& items) { return mount_set_from(items); }));
  cls.attr("__hash__") = py::none{};  // it changes
}

}  // namespace dunnage::python
