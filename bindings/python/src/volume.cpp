// SPDX-License-Identifier: Apache-2.0
#include "volume.hpp"

#include "bindings.hpp"
#include "gil.hpp"
#include "source_loss.hpp"
#include "value.hpp"

#include <dunnage/volume_store.hpp>

#define DUNNAGE_OPTION(name) \
  option(                    \
      #name, [](auto& mount) -> auto& { return mount.options.name; })

namespace dunnage::python {
namespace {

std::string name_from(py::handle object, const std::string& name) {
  return object.is_none() ? std::string{} : value_from<std::string>(object, name);
}

void add_mount_options(Fields<VolumeMount>& fields) {
  fields.DUNNAGE_OPTION(read_only)
      .DUNNAGE_OPTION(no_copy)
      .DUNNAGE_OPTION(labels)
      .DUNNAGE_OPTION(suid)
      .DUNNAGE_OPTION(dev)
      .DUNNAGE_OPTION(exec)
      .DUNNAGE_OPTION(subpath)
      .DUNNAGE_OPTION(driver)
      .DUNNAGE_OPTION(driver_options)
      .DUNNAGE_OPTION(create)
      .DUNNAGE_OPTION(owner)
      .DUNNAGE_OPTION(chown)
      .DUNNAGE_OPTION(relabel)
      .DUNNAGE_OPTION(exclude)
      .DUNNAGE_OPTION(overlay)
      .DUNNAGE_OPTION(access)
      .DUNNAGE_OPTION(access_timeout)
      .option(
          "on_loss", [](auto& mount) -> auto& { return mount.options.on_loss; }, source_loss_from);
}

Fields<VolumeMount> volume_mount_fields() {
  Fields<VolumeMount> fields{"VolumeMount"};
  fields.required("name", &VolumeMount::name, name_from).required("target", &VolumeMount::target);
  add_mount_options(fields);
  fields.option("store", &VolumeMount::store);
  return fields;
}

void bind_volume_info(py::module_& module) {
  Fields<VolumeInfo> fields{"VolumeInfo"};
  fields.option("name", &VolumeInfo::name)
      .option("mountpoint", &VolumeInfo::mountpoint)
      .option("created_at", &VolumeInfo::created_at)
      .option("labels", &VolumeInfo::labels)
      .option("driver", &VolumeInfo::driver)
      .option("driver_options", &VolumeInfo::driver_options)
      .option("anonymous", &VolumeInfo::anonymous)
      .option("owner", &VolumeInfo::owner)
      .option("is_protected", &VolumeInfo::is_protected)
      .option("access", &VolumeInfo::access)
      .option("limit", &VolumeInfo::limit)
      .option("limit_way", &VolumeInfo::limit_way);
  value_class(module, std::move(fields), "What is known about a volume; Docker's `volume inspect`.")
      .def(
          "to_json", [](const VolumeInfo& info) { return to_json(info); },
          "to_json(self)\n--\n\nDocker's names for it, as JSON.");
}

/// Name and store are the volume's.
const Fields<VolumeMount>& at_fields() {
  static const auto* const fields = [] {
    auto* made = new Fields<VolumeMount>{"Volume.at"};
    made->required("target", &VolumeMount::target);
    add_mount_options(*made);
    return made;
  }();
  return *fields;
}

VolumeMount mount_at(const StoredVolume& volume, const py::args& args, const py::kwargs& kwargs) {
  return at_fields().parse(args, kwargs, volume.volume.at("/"));
}

}  // namespace

void bind_volume(py::module_& module) {
  using Mode = AccessMode;
  Enumeration<Mode>::define(module, "AccessMode",
                            "Who may mount a volume together with whom: everybody; one that writes and any number that "
                            "read; one container.",
                            {{"Shared", Mode::Shared, std::string{to_string(Mode::Shared)}},
                             {"SingleWriter", Mode::SingleWriter, std::string{to_string(Mode::SingleWriter)}},
                             {"Exclusive", Mode::Exclusive, std::string{to_string(Mode::Exclusive)}}});
  value_class(module, volume_mount_fields(),
              "A volume at a place in the container; without a name an anonymous one, which goes with the container. "
              "`store` is the root of the store it lives in; None: the one resolve() uses.")
      .def("__str__", [](const VolumeMount& mount) { return to_string(mount); });
  bind_volume_info(module);

  py::class_<StoredVolume> cls{module, "Volume",
                               "A handle on a volume that existed when the handle was made; VolumeStore makes them. "
                               "Out of a pickle it is looked up again."};
  adopt(cls);
  const std::string at_doc = "at" + at_fields().method_signature() + "\n--\n\nThis volume at `target` in a container.";
  cls.def_property_readonly("name", [](const StoredVolume& self) { return self.volume.name(); })
      .def_property_readonly("mountpoint", [](const StoredVolume& self) { return self.volume.mountpoint(); })
      .def_property_readonly("labels", [](const StoredVolume& self) { return self.volume.labels(); })
      .def_property_readonly("info", [](const StoredVolume& self) { return self.volume.info(); })
      .def("at", mount_at, at_doc.c_str())
      .def("__repr__",
           [](const StoredVolume& self) {
             return "<dunnage.Volume " + repr_of(py::str(self.volume.name())) + " at " +
                    repr_of(py::cast(self.volume.mountpoint())) + ">";
           })
      .def("__eq__",
           [](const StoredVolume& self, const py::object& other) {
             return py::isinstance<StoredVolume>(other) && self.volume == other.cast<const StoredVolume&>().volume;
           })
      .def("__hash__",
           [](const StoredVolume& self) { return py::hash(py::str(text_to(self.volume.mountpoint().native()))); })
      .def(py::pickle([](const StoredVolume& self) { return py::make_tuple(self.store, self.volume.name()); },
                      [](const py::tuple& state) {
                        const auto root = state[0].cast<std::filesystem::path>();
                        const auto name = state[1].cast<std::string>();
                        const Unlocked released;
                        return StoredVolume{VolumeStore::open(root).get(name), root};
                      }));
}

}  // namespace dunnage::python

#undef DUNNAGE_OPTION
