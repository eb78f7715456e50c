// SPDX-License-Identifier: Apache-2.0
#include "bindings.hpp"
#include "gil.hpp"
#include "progress.hpp"
#include "value.hpp"
#include "volume.hpp"
#include "volume_snapshot.hpp"

#include <dunnage/volume_history.hpp>

#define DUNNAGE_OPTION(name) \
  option(                    \
      #name, [](auto& call) -> auto& { return call.options.name; })

namespace dunnage::python {
namespace {

struct NoOptions {};

/// What a verb is given: `name` and `other` stand for names of snapshots or volumes.
template <class Options>
struct HistoryCall {
  std::string name{};
  std::string other{};
  std::optional<std::string> to{};
  Options options{};
  py::object freeze = py::none{};
  Watching watching{};
};

template <class Options>
using Table = Fields<HistoryCall<Options>>;

template <class Call>
void add_freeze(Fields<Call>& fields) {
  fields.option("freeze", &Call::freeze, freeze_from);
}

Table<NoOptions>* plan_fields() {
  auto* made = new Table<NoOptions>{"VolumeHistory.plan"};
  add_watching(*made);
  return made;
}

Table<SnapshotOptions>* snapshot_fields() {
  auto* made = new Table<SnapshotOptions>{"VolumeHistory.snapshot"};
  made->DUNNAGE_OPTION(name).by_position().DUNNAGE_OPTION(labels);
  add_freeze(*made);
  add_watching(*made);
  return made;
}

Table<RollbackOptions>* rollback_fields() {
  auto* made = new Table<RollbackOptions>{"VolumeHistory.rollback"};
  made->required("snapshot", &HistoryCall<RollbackOptions>::name).DUNNAGE_OPTION(keep_before).DUNNAGE_OPTION(before);
  add_watching(*made);
  return made;
}

Table<DiffOptions>* diff_fields() {
  auto* made = new Table<DiffOptions>{"VolumeHistory.diff"};
  made->required("snapshot", &HistoryCall<DiffOptions>::name)
      .option("to", &HistoryCall<DiffOptions>::to)
      .by_position()
      .DUNNAGE_OPTION(trust_times);
  add_watching(*made);
  return made;
}

Table<CloneOptions>* clone_fields() {
  auto* made = new Table<CloneOptions>{"VolumeStore.clone"};
  made->required("source", &HistoryCall<CloneOptions>::name)
      .required("name", &HistoryCall<CloneOptions>::other)
      .DUNNAGE_OPTION(snapshot)
      .DUNNAGE_OPTION(labels);
  add_freeze(*made);
  add_watching(*made);
  return made;
}

SnapshotPlan plan_of(const VolumeHistory& history, const py::args& args, const py::kwargs& kwargs) {
  static const auto* const fields = plan_fields();
  const auto call = fields->parse(args, kwargs);
  SnapshotPlan plan;
  run_watched(call.watching, [&](const Watch& watch) { plan = history.plan(watch); });
  return plan;
}

VolumeSnapshot snapshot_of(VolumeHistory& history, const py::args& args, const py::kwargs& kwargs) {
  static const auto* const fields = snapshot_fields();
  auto call = fields->parse(args, kwargs);
  call.options.freeze = freeze_hook_of(call.freeze);
  VolumeSnapshot snapshot;
  run_watched(call.watching, [&](const Watch& watch) {
    call.options.watch = watch;
    snapshot = history.snapshot(call.options);
  });
  return snapshot;
}

std::optional<VolumeSnapshot> roll_back(VolumeHistory& history, const py::args& args, const py::kwargs& kwargs) {
  static const auto* const fields = rollback_fields();
  auto call = fields->parse(args, kwargs);
  std::optional<VolumeSnapshot> before;
  run_watched(call.watching, [&](const Watch& watch) {
    call.options.watch = watch;
    before = history.rollback(call.name, call.options);
  });
  return before;
}

std::vector<SnapshotChange> diff(const VolumeHistory& history, const py::args& args, const py::kwargs& kwargs) {
  static const auto* const fields = diff_fields();
  auto call = fields->parse(args, kwargs);
  std::vector<SnapshotChange> changes;
  run_watched(call.watching, [&](const Watch& watch) {
    call.options.watch = watch;
    changes = history.diff(call.name, call.to, call.options);
  });
  return changes;
}

/// VolumeClone with a volume that knows its store.
struct ClonedVolume {
  StoredVolume volume;
  VolumeClone clone;
};

ClonedVolume clone(VolumeStore& store, const py::args& args, const py::kwargs& kwargs) {
  static const auto* const fields = clone_fields();
  auto call = fields->parse(args, kwargs);
  call.options.freeze = freeze_hook_of(call.freeze);
  std::optional<VolumeClone> made;
  run_watched(call.watching, [&](const Watch& watch) {
    call.options.watch = watch;
    made.emplace(store.clone(call.name, call.other, call.options));
  });
  return {{made->volume, store.root()}, *made};
}

void define_clone(py::module_& module) {
  py::class_<ClonedVolume> cls{module, "VolumeClone", "What VolumeStore.clone() has made: `volume`, and how."};
  adopt(cls);
  cls.def_property_readonly("volume", [](const ClonedVolume& self) { return self.volume; })
      .def_property_readonly("way", [](const ClonedVolume& self) { return self.clone.way; })
      .def_property_readonly("consistency", [](const ClonedVolume& self) { return self.clone.consistency; })
      .def_property_readonly("entries", [](const ClonedVolume& self) { return self.clone.entries; })
      .def_property_readonly("bytes", [](const ClonedVolume& self) { return self.clone.bytes; })
      .def_property_readonly("copied", [](const ClonedVolume& self) { return self.clone.copied; })
      .def("__repr__", [](const ClonedVolume& self) {
        return "<dunnage.VolumeClone " + repr_of(py::str(self.volume.volume.name())) + ", " +
               std::string{to_string(self.clone.way)} + ", " + std::string{to_string(self.clone.consistency)} + ">";
      });
}

template <class... Types>
std::string doc_of(const char* name, const Fields<Types...>* fields, const char* doc) {
  return name + fields->method_signature() + "\n--\n\n" + doc;
}

void define_history(py::module_& module) {
  using Released = py::call_guard<Unlocked>;
  py::class_<VolumeHistory> cls{module, "VolumeHistory",
                                "The states of a volume that were kept; VolumeStore.history() makes one."};
  adopt(cls);
  cls.def_property_readonly("volume", [](const VolumeHistory& self) { return self.volume(); })
      .def("plan", plan_of,
           doc_of("plan", plan_fields(), "What snapshot() would do now, and what it would cost.").c_str())
      .def("snapshot", snapshot_of,
           doc_of("snapshot", snapshot_fields(),
                  "Keeps the volume as it is now. `freeze` is a context manager, entered before the copy of a volume "
                  "that is in use and left after it; without one the result's `consistency` says what it is worth. "
                  "Raises SnapshotExists.")
               .c_str())
      .def("snapshots", &VolumeHistory::snapshots, Released{}, "snapshots(self)\n--\n\nAll of them, oldest first.")
      .def("find", &VolumeHistory::find, Released{}, py::arg("snapshot"),
           "find(self, snapshot)\n--\n\nThe snapshot of that name, or None.")
      .def("get", &VolumeHistory::get, Released{}, py::arg("snapshot"),
           "get(self, snapshot)\n--\n\nThe snapshot of that name; raises SnapshotMissing, which is a KeyError.")
      .def("set_labels", &VolumeHistory::set_labels, Released{}, py::arg("snapshot"), py::arg("labels"),
           "set_labels(self, snapshot, labels)\n--\n\nGives it these labels in place of those it has.")
      .def("rollback", roll_back,
           doc_of("rollback", rollback_fields(),
                  "The volume's data becomes as it is in the snapshot, in one step. What was there before is kept as "
                  "the snapshot that is returned, unless `keep_before` is False. Raises VolumeInUse.")
               .c_str())
      .def("remove", &VolumeHistory::remove, Released{}, py::arg("snapshot"),
           "remove(self, snapshot)\n--\n\nRemoves a snapshot; clones of it stay.")
      .def("diff", diff,
           doc_of("diff", diff_fields(),
                  "In what the snapshot `to`, or the volume as it is now, differs from `snapshot`: a list of "
                  "SnapshotChange, sorted by path. Contents are compared, unless `trust_times` is True.")
               .c_str())
      .def("at", &VolumeHistory::at, Released{}, py::arg("snapshot"), py::arg("target"),
           "at(self, snapshot, target)\n--\n\nThe snapshot at `target` in a container, read-only.")
      .def("__repr__", [](const VolumeHistory& self) {
        return "<dunnage.VolumeHistory of " + repr_of(py::str(self.volume())) + ">";
      });
}

}  // namespace

void bind_volume_history(py::module_& module) {
  define_clone(module);
  define_history(module);
  const py::object store = module.attr("VolumeStore");
  store.attr("history") = py::cpp_function(
      [](const VolumeStore& self, const std::string& name) {
        const Unlocked released;
        return self.history(name);
      },
      py::name("history"), py::is_method(store), py::arg("name"),
      "history(self, name)\n--\n\nThe VolumeHistory of a volume; raises VolumeMissing.");
  store.attr("clone") = py::cpp_function(
      clone, py::name("clone"), py::is_method(store),
      doc_of("clone", clone_fields(),
             "A new volume with the data of another one, or of a `snapshot` of it, at once or not at all. Without "
             "`labels` it has those of the source. Raises VolumeExists, VolumeMissing, SnapshotMissing.")
          .c_str());
}

}  // namespace dunnage::python

#undef DUNNAGE_OPTION
