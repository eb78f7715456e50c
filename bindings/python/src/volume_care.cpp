// SPDX-License-Identifier: Apache-2.0
#include "volume_care.hpp"

#include "bindings.hpp"
#include "gil.hpp"
#include "progress.hpp"
#include "value.hpp"
#include "volume.hpp"

#include <dunnage/volume_store.hpp>

#include <optional>
#include <utility>

#define DUNNAGE_MEMBER(name) option(#name, &M::name)
#define DUNNAGE_CHANGE(name) \
  option(                    \
      #name, [](auto& call) -> auto& { return call.changes.name; })

namespace dunnage::python {
namespace {

struct UpdateCall {
  VolumeChanges changes{};
  Watching watching{};
};

Fields<UpdateCall>* change_fields(const char* owner) {
  auto* made = new Fields<UpdateCall>{owner};
  made->DUNNAGE_CHANGE(labels)
      .DUNNAGE_CHANGE(remove_labels)
      .DUNNAGE_CHANGE(driver_options)
      .DUNNAGE_CHANGE(protect)
      .DUNNAGE_CHANGE(access)
      .DUNNAGE_CHANGE(limit);
  return made;
}

const Fields<UpdateCall>& update_fields() {
  static const auto* const fields = [] {
    auto* made = change_fields("VolumeStore.update");
    add_watching(*made);
    return made;
  }();
  return *fields;
}

const Fields<UpdateCall>& plan_update_fields() {
  static const auto* const fields = change_fields("VolumeStore.plan_update");
  return *fields;
}

StoredVolume update(VolumeStore& store, const std::string& name, const py::kwargs& kwargs) {
  const auto call = update_fields().parse(py::args{}, kwargs);
  std::optional<Volume> updated;
  run_watched(call.watching, [&](const Watch& watch) { updated = store.update(name, call.changes, watch); });
  return {std::move(*updated), store.root()};
}

BoundUpdatePlan plan_update(const VolumeStore& store, const std::string& name, const py::kwargs& kwargs) {
  const auto changes = plan_update_fields().parse(py::args{}, kwargs).changes;
  const Unlocked released;
  return {store.plan_update(name, changes), store.root()};
}

struct ApplyCall {
  Watching watching{};
};

StoredVolume apply_update(const BoundUpdatePlan& self, const py::kwargs& kwargs) {
  Fields<ApplyCall> fields{"VolumeUpdatePlan.apply"};
  add_watching(fields);
  const ApplyCall call = fields.parse(py::args{}, kwargs);
  std::optional<Volume> updated;
  run_watched(call.watching, [&](const Watch& watch) { updated = self.plan.apply(watch); });
  return {std::move(*updated), self.store};
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
      .def_property_readonly(
          "costs", [](const P& self) { return self.plan.costs(); }, "What else it brings with it, a sentence each.")
      .def("apply", apply_update,
           "apply(self, *, progress=None, timeout=None, stop=None)\n--\n\nLooks again, and does it; a VolumeError with "
           "EAGAIN if it has been changed since. Progress is that of a copy to another limit, in bytes.")
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
  const std::string update_doc =
      "update(self, name, " + update_fields().signature().substr(1) +
      "\n--\n\nChanges what is known of a volume, all of it or nothing; driver_options replace all it has, and "
      "limit=VolumeLimit() takes the limit away. Raises VolumeInUse for these and access, and for a limit its data has "
      "to "
      "be copied for: progress is in bytes of that.";
  const std::string plan_doc = "plan_update(self, name, " + plan_update_fields().signature().substr(1) +
                               "\n--\n\nWhat that would change, and what it costs, as a VolumeUpdatePlan.";
  cls.def("update", update, py::arg("name"), update_doc.c_str())
      .def("plan_update", plan_update, py::arg("name"), plan_doc.c_str())
      .def("usage_history", &VolumeStore::usage_history, py::call_guard<Unlocked>(), py::arg("name"),
           "usage_history(self, name)\n--\n\nWhen a volume was used last, and by whom, as a UsageHistory.");
}

}  // namespace dunnage::python

#undef DUNNAGE_CHANGE
#undef DUNNAGE_MEMBER
