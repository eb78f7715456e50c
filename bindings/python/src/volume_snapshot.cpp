// SPDX-License-Identifier: Apache-2.0
#include "volume_snapshot.hpp"

#include "bindings.hpp"
#include "gil.hpp"
#include "value.hpp"

#define DUNNAGE_MEMBER(name) option(#name, &M::name)

namespace dunnage::python {

py::object freeze_from(py::handle object, const std::string& name) {
  if (!object.is_none() && (!py::hasattr(object, "__enter__") || !py::hasattr(object, "__exit__"))) {
    refuse_value(name, "a context manager, or None", object);
  }
  return py::reinterpret_borrow<py::object>(object);
}

FreezeHook freeze_hook_of(const py::object& manager) {
  if (manager.is_none()) return {};
  const py::handle handle{manager};
  return {.before =
              [handle] {
                const Locked locked;
                (void)handle.attr("__enter__")();
              },
          .after =
              [handle] {
                const Locked locked;
                (void)handle.attr("__exit__")(py::none{}, py::none{}, py::none{});
              }};
}

namespace {

template <class E>
std::vector<typename Enumeration<E>::Member> members_of(std::initializer_list<std::pair<const char*, E>> values) {
  std::vector<typename Enumeration<E>::Member> members;
  for (const auto& [name, value] : values) members.push_back({name, value, std::string{to_string(value)}});
  return members;
}

void define_words(py::module_& module) {
  Enumeration<SnapshotWay>::define(module, "SnapshotWay", "How the data of a volume becomes that of another one.",
                                   members_of<SnapshotWay>({{"Subvolume", SnapshotWay::Subvolume},
                                                            {"Reflink", SnapshotWay::Reflink},
                                                            {"Copy", SnapshotWay::Copy},
                                                            {"Rename", SnapshotWay::Rename}}));
  using Consistency = SnapshotConsistency;
  Enumeration<Consistency>::define(module, "SnapshotConsistency", "What can be said of a snapshot's content.",
                                   members_of<Consistency>({{"Idle", Consistency::Idle},
                                                            {"Frozen", Consistency::Frozen},
                                                            {"Crash", Consistency::Crash},
                                                            {"Unordered", Consistency::Unordered}}));
}

void define_snapshot(py::module_& module) {
  using M = VolumeSnapshot;
  Fields<M> fields{"VolumeSnapshot"};
  fields.DUNNAGE_MEMBER(volume)
      .DUNNAGE_MEMBER(name)
      .DUNNAGE_MEMBER(created_at)
      .DUNNAGE_MEMBER(labels)
      .DUNNAGE_MEMBER(way)
      .DUNNAGE_MEMBER(consistency)
      .DUNNAGE_MEMBER(entries)
      .DUNNAGE_MEMBER(bytes)
      .DUNNAGE_MEMBER(copied)
      .DUNNAGE_MEMBER(mountpoint)
      .DUNNAGE_MEMBER(limit)
      .DUNNAGE_MEMBER(limit_way);
  value_class(module, std::move(fields), "One state of a volume, kept. Its content never changes.")
      .def(
          "to_json", [](const M& snapshot) { return to_json(snapshot); }, "to_json(self)\n--\n\nAll of it, as JSON.");
}

void define_plan(py::module_& module) {
  using M = SnapshotPlan;
  Fields<M> fields{"SnapshotPlan"};
  fields.DUNNAGE_MEMBER(way)
      .DUNNAGE_MEMBER(reason)
      .DUNNAGE_MEMBER(entries)
      .DUNNAGE_MEMBER(bytes)
      .DUNNAGE_MEMBER(copied)
      .DUNNAGE_MEMBER(users);
  value_class(module, std::move(fields), "What a snapshot of a volume would cost now, and why.");
}

void define_change(py::module_& module) {
  using M = SnapshotChange;
  using Kind = M::Kind;
  const auto kind = inner_enumeration<Kind>("SnapshotChange", "Kind", "What has happened to a path.",
                                            members_of<Kind>({{"Added", Kind::Added},
                                                              {"Deleted", Kind::Deleted},
                                                              {"Modified", Kind::Modified},
                                                              {"Metadata", Kind::Metadata},
                                                              {"Replaced", Kind::Replaced}}));
  Fields<M> fields{"SnapshotChange"};
  fields.DUNNAGE_MEMBER(kind).DUNNAGE_MEMBER(path).DUNNAGE_MEMBER(what);
  auto cls = value_class(module, std::move(fields),
                         "One path in which two states of a volume differ; `what` are words: content, target, device, "
                         "mode, owner, attributes, time, links.");
  cls.attr("Kind") = kind;
}

}  // namespace

void bind_volume_snapshot(py::module_& module) {
  define_words(module);
  define_snapshot(module);
  define_plan(module);
  define_change(module);
}

}  // namespace dunnage::python

#undef DUNNAGE_MEMBER
