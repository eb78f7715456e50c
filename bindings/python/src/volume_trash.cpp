// SPDX-License-Identifier: Apache-2.0
#include <dunnage/volume_trash.hpp>

#include "bindings.hpp"
#include "gil.hpp"
#include "value.hpp"
#include "volume.hpp"
#include "volume_care.hpp"
#include "volume_limit.hpp"

#define DUNNAGE_MEMBER(name) option(#name, &M::name)

namespace dunnage::python {

void bind_volume_trash(py::module_& module) {
  using Released = py::call_guard<Unlocked>;
  {
    using M = TrashEntry;
    Fields<M> fields{"TrashEntry"};
    fields.DUNNAGE_MEMBER(id).DUNNAGE_MEMBER(name).DUNNAGE_MEMBER(removed_at).DUNNAGE_MEMBER(kept_until);
    value_class(module, std::move(fields), "A volume that was removed, and until when it is kept.")
        .def(
            "to_json", [](const M& entry) { return to_json(entry); }, "to_json(self)\n--\n\nAll of it, as JSON.");
  }
  py::class_<VolumeTrash> cls{
      module, "VolumeTrash",
      "Volumes that were removed and are kept for a while; VolumeStore.trash() is it. `which` is "
      "an id, or a name, which means the one of that name that was removed last."};
  adopt(cls);
  cls.def("list", &VolumeTrash::list, Released{}, "list(self)\n--\n\nTrashEntry objects, the last removed first.")
      .def(
          "restore", &VolumeTrash::restore, Released{}, py::arg("which"), py::arg("new_name") = "",
          "restore(self, which, new_name='')\n--\n\nBrings a volume back with all that belongs to it, and returns what "
          "it is called now. Raises VolumeMissing, VolumeExists.")
      .def(
          "usage",
          [](const VolumeTrash& trash, const std::string& which, const py::kwargs& kwargs) {
            VolumeUsage found;
            run_measuring("VolumeTrash.usage", kwargs,
                          [&](const UsageOptions& options) { found = trash.usage(which, options); });
            return found;
          },
          py::arg("which"),
          "usage(self, which, *, max_age=0.0, progress=None, timeout=None, stop=None)\n--\n\nHow much space purging it "
          "would give back, as a VolumeUsage. Raises VolumeMissing.")
      .def("purge", &VolumeTrash::purge, Released{}, py::arg("which"),
           "purge(self, which)\n--\n\nDeletes it for good. Raises VolumeMissing.")
      .def("purge_older_than", &VolumeTrash::purge_older_than, Released{}, py::arg("age"),
           "purge_older_than(self, age)\n--\n\nDeletes what was removed so long ago, and returns the names.")
      .def("empty", &VolumeTrash::empty, Released{}, "empty(self)\n--\n\nDeletes everything, and returns how many.");
}

void define_trash(py::class_<VolumeStore>& cls) {
  cls.def("trash", &VolumeStore::trash,
          "trash(self)\n--\n\nWhat was removed with keep=, and bringing it back: a VolumeTrash.");
}

}  // namespace dunnage::python

#undef DUNNAGE_MEMBER
