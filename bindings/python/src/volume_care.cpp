// SPDX-License-Identifier: Apache-2.0
#include "volume_care.hpp"

#include "bindings.hpp"
#include "gil.hpp"
#include "value.hpp"
#include "volume.hpp"

#include <dunnage/volume_store.hpp>

#define DUNNAGE_MEMBER(name) option(#name, &M::name)

namespace dunnage::python {
namespace {

const Fields<VolumeChanges>& change_fields() {
  static const auto* const fields = [] {
    using M = VolumeChanges;
    auto* made = new Fields<M>{"VolumeStore.update"};
    made->DUNNAGE_MEMBER(labels)
        .DUNNAGE_MEMBER(remove_labels)
        .DUNNAGE_MEMBER(driver_options)
        .DUNNAGE_MEMBER(protect)
        .DUNNAGE_MEMBER(access)
        .DUNNAGE_MEMBER(limit);
    return made;
  }();
  return *fields;
}

StoredVolume update(VolumeStore& store, const std::string& name, const py::kwargs& kwargs) {
  const auto changes = change_fields().parse(py::args{}, kwargs);
  const Unlocked released;
  return {store.update(name, changes), store.root()};
}

BoundUpdatePlan plan_update(const VolumeStore& store, const std::string& name, const py::kwargs& kwargs) {
  const auto changes = change_fields().parse(py::args{}, kwargs);
  const Unlocked released;
  return {store.plan_update(name, changes), store.root()};
}

void bind_plan(py::module_& module) {
  using P = BoundUpdatePlan;
  py::class_<P> cls{module, "VolumeUpdatePlan",
                    "What VolumeStore.plan_update() says would change of a volume; print() shows it, apply() does it."};
  adopt(cls);
  cls.def_property_readonly("volume", [](const P& self) { return self.plan.volume(); })
      .def_property_readonly("differences", [](const P& self) { return self.plan.differences(); })
      .def_property_readonly(
          "needs_no_users", [](const P& self) { return self.plan.needs_no_users(); },
          "Whether it is refused while containers use the volume.")
      .def(
          "apply",
          [](const P& self) {
            const Unlocked released;
            return StoredVolume{self.plan.apply(), self.store};
          },
          "apply(self)\n--\n\nLooks again, and does it; a VolumeError with EAGAIN if it has been changed since.")
      .def(
          "to_json", [](const P& self) { return self.plan.to_json(); }, "to_json(self)\n--\n\nAll of it, as JSON.")
      .def("__str__", [](const P& self) { return self.plan.to_string(); })
      .def("__repr__",
           [](const P& self) { return "<dunnage.VolumeUpdatePlan of " + repr_of(py::str(self.plan.volume())) + ">"; });
}

}  // namespace

void bind_volume_care(py::module_& module) {
  {
    using M = VolumeDifference;
    Fields<M> fields{"VolumeDifference"};
    fields.DUNNAGE_MEMBER(what).DUNNAGE_MEMBER(before).DUNNAGE_MEMBER(after);
    value_class(module, std::move(fields), "One thing that would change of a volume; None: it is not there.");
  }
  {
    using M = UsageHistory;
    Fields<M> fields{"UsageHistory"};
    fields.DUNNAGE_MEMBER(last_used).DUNNAGE_MEMBER(last_user).DUNNAGE_MEMBER(users);
    value_class(module, std::move(fields), "When a volume was used last, by whom, and who uses it now.")
        .def(
            "to_json", [](const M& history) { return to_json(history); }, "to_json(self)\n--\n\nAll of it, as JSON.");
  }
  bind_plan(module);
}

void define_care(py::class_<VolumeStore>& cls) {
  const std::string keywords = change_fields().signature().substr(1);
  const std::string update_doc = "update(self, name, " + keywords +
                                 "\n--\n\nChanges what is known of a volume, all of it or nothing; "
                                 "driver_options replace all it has. Raises VolumeInUse for these and access.";
  const std::string plan_doc =
      "plan_update(self, name, " + keywords + "\n--\n\nWhat that would change, as a VolumeUpdatePlan.";
  cls.def("update", update, py::arg("name"), update_doc.c_str())
      .def("plan_update", plan_update, py::arg("name"), plan_doc.c_str())
      .def("usage_history", &VolumeStore::usage_history, py::call_guard<Unlocked>(), py::arg("name"),
           "usage_history(self, name)\n--\n\nWhen a volume was used last, and by whom, as a UsageHistory.");
}

}  // namespace dunnage::python

#undef DUNNAGE_MEMBER
