// SPDX-License-Identifier: Apache-2.0
#include "volume_limit.hpp"

#include "bindings.hpp"
#include "gil.hpp"
#include "size.hpp"
#include "value.hpp"

#include <optional>
#include <utility>

#define DUNNAGE_MEMBER(name) option(#name, &M::name)

namespace dunnage::python {
namespace {

struct UsageCall {
  std::chrono::milliseconds max_age{0};
  Watching watching{};
};

void bind_words(py::module_& module) {
  using Way = LimitWay;
  const auto word = [](auto way) { return std::string{to_string(way)}; };
  Enumeration<Way>::define(module, "LimitWay", "What holds the limit of a volume.",
                           {{"None_", Way::None, word(Way::None)},
                            {"BtrfsQuota", Way::BtrfsQuota, word(Way::BtrfsQuota)},
                            {"XfsImage", Way::XfsImage, word(Way::XfsImage)},
                            {"Ext4Image", Way::Ext4Image, word(Way::Ext4Image)},
                            {"Memory", Way::Memory, word(Way::Memory)}});
  using Found = UsageWay;
  Enumeration<Found>::define(module, "UsageWay", "How a usage was found.",
                             {{"Quota", Found::Quota, word(Found::Quota)},
                              {"FileSystem", Found::FileSystem, word(Found::FileSystem)},
                              {"Walk", Found::Walk, word(Found::Walk)}});
}

VolumeUsage usage(const VolumeStore& store, const std::string& name, const py::kwargs& kwargs) {
  std::optional<VolumeUsage> found;
  run_measuring("VolumeStore.usage", kwargs, [&](const UsageOptions& options) { found = store.usage(name, options); });
  return std::move(*found);
}

VolumeLimitPlan plan_limit(const VolumeStore& store, const VolumeLimit& limit, const DriverOptions& driver_options) {
  const Unlocked released;
  return store.plan_limit(limit, driver_options);
}

}  // namespace

void run_measuring(const char* call, const py::kwargs& kwargs, const std::function<void(const UsageOptions&)>& work) {
  Fields<UsageCall> fields{call};
  fields.option("max_age", &UsageCall::max_age);
  add_watching(fields);
  const UsageCall asked = fields.parse(py::args{}, kwargs);
  run_watched(asked.watching,
              [&](const Watch& watch) { work(UsageOptions{.max_age = asked.max_age, .watch = watch}); });
}

void bind_volume_limit(py::module_& module) {
  bind_words(module);
  {
    using M = VolumeLimit;
    Fields<M> fields{"VolumeLimit"};
    fields.option("size", &M::size, size_from).DUNNAGE_MEMBER(inodes);
    value_class(module, std::move(fields),
                "How much a volume may hold at most: `size` is bytes or a text like \"10GiB\", `inodes` files and "
                "directories; 0 is no limit.")
        .def("is_none", &M::is_none, "is_none(self)\n--\n\nWhether it limits nothing.");
  }
  {
    using M = VolumeLimitPlan;
    Fields<M> fields{"VolumeLimitPlan"};
    fields.DUNNAGE_MEMBER(limit).DUNNAGE_MEMBER(way).DUNNAGE_MEMBER(reason).DUNNAGE_MEMBER(costs);
    value_class(module, std::move(fields), "How a limit would be held, why so, and what that costs; print() shows it.")
        .def("__str__", [](const M& plan) { return to_string(plan); })
        .def(
            "to_json", [](const M& plan) { return to_json(plan); }, "to_json(self)\n--\n\nAll of it, as JSON.");
  }
  {
    using M = VolumeUsage;
    Fields<M> fields{"VolumeUsage"};
    fields.DUNNAGE_MEMBER(bytes)
        .DUNNAGE_MEMBER(files)
        .DUNNAGE_MEMBER(limit)
        .DUNNAGE_MEMBER(limit_way)
        .DUNNAGE_MEMBER(way)
        .DUNNAGE_MEMBER(measured_at)
        .DUNNAGE_MEMBER(cached);
    value_class(module, std::move(fields), "How much a volume holds, how that was found, and when.")
        .def(
            "to_json", [](const M& found) { return to_json(found); }, "to_json(self)\n--\n\nAll of it, as JSON.");
  }
}

void define_limits(py::class_<VolumeStore>& cls) {
  cls.def("plan_limit", plan_limit, py::arg("limit"), py::arg("driver_options") = DriverOptions{},
          "plan_limit(self, limit, driver_options={})\n--\n\nHow a limit would be held for a new volume, and what that "
          "costs, as a VolumeLimitPlan. Raises VolumeError where create() would.")
      .def("usage", usage, py::arg("name"),
           "usage(self, name, *, max_age=0.0, progress=None, timeout=None, stop=None)\n--\n\nHow much a volume holds, "
           "as a VolumeUsage: at once where a quota or a file system of its own knows, else by a walk; `max_age` is "
           "how many seconds old the figure of an earlier one may be.");
}

}  // namespace dunnage::python

#undef DUNNAGE_MEMBER
