// SPDX-License-Identifier: Apache-2.0
#include <dunnage/prune_plan.hpp>

#include "bindings.hpp"
#include "gil.hpp"
#include "indexing.hpp"
#include "value.hpp"
#include "volume_care.hpp"
#include "volume_filter.hpp"
#include "volume_limit.hpp"

#define DUNNAGE_MEMBER(name) option(#name, &M::name)

namespace dunnage::python {
namespace {

std::vector<Enumeration<PruneDecision::Reason>::Member> reasons() {
  using Reason = PruneDecision::Reason;
  std::vector<Enumeration<Reason>::Member> members;
  for (const auto& [name, reason] :
       {std::pair{"Unused", Reason::Unused}, std::pair{"InUse", Reason::InUse}, std::pair{"Named", Reason::Named},
        std::pair{"Filtered", Reason::Filtered}, std::pair{"Protected", Reason::Protected},
        std::pair{"TooYoung", Reason::TooYoung}, std::pair{"UsedLately", Reason::UsedLately},
        std::pair{"DriverOptions", Reason::DriverOptions}, std::pair{"Owned", Reason::Owned},
        std::pair{"Damaged", Reason::Damaged}}) {
    members.push_back({name, reason, std::string{to_string(reason)}});
  }
  return members;
}

void define_decision(py::module_& module) {
  using M = PruneDecision;
  const auto reason = inner_enumeration<M::Reason>("PruneDecision", "Reason", "Why a volume goes or stays.", reasons());
  Fields<M> fields{"PruneDecision"};
  fields.DUNNAGE_MEMBER(volume)
      .DUNNAGE_MEMBER(reason)
      .DUNNAGE_MEMBER(words)
      .DUNNAGE_MEMBER(users)
      .DUNNAGE_MEMBER(created_at)
      .DUNNAGE_MEMBER(last_used);
  value_class(module, std::move(fields), "What becomes of one volume in a prune, and why.")
      .def_property_readonly("is_taken", &M::is_taken)
      .attr("Reason") = reason;
}

const Fields<PruneOptions>& plan_fields() {
  static const auto* const fields = [] {
    using M = PruneOptions;
    auto* made = new Fields<M>{"VolumeStore.plan_prune"};
    made->DUNNAGE_MEMBER(all)
        .option(
            "labels", [](auto& options) -> auto& { return options.filter.labels; }, filter_labels_from)
        .option(
            "anonymous", [](auto& options) -> auto& { return options.filter.anonymous; })
        .option(
            "in_use", [](auto& options) -> auto& { return options.filter.in_use; })
        .DUNNAGE_MEMBER(older_than)
        .DUNNAGE_MEMBER(unused_for)
        .option(
            "keep", [](auto& options) -> auto& { return options.removal.keep; });
    return made;
  }();
  return *fields;
}

}  // namespace

void bind_prune_plan(py::module_& module) {
  Fields<PruneResult> result{"PruneResult"};
  result.option("removed", &PruneResult::removed).option("kept", &PruneResult::kept);
  value_class(module, std::move(result), "What prune() took, and what it kept: (name, reason).");
  define_decision(module);
  py::class_<PrunePlan> cls{module, "PrunePlan",
                            "What VolumeStore.plan_prune() would take and keep: a sequence of PruneDecision. print() "
                            "shows it, apply() does it."};
  adopt(cls);
  cls.def_property_readonly("decisions", [](const PrunePlan& plan) { return plan.decisions(); })
      .def("taken", &PrunePlan::taken, "taken(self)\n--\n\nNames of the volumes that go.")
      .def(
          "usage",
          [](const PrunePlan& plan, const py::kwargs& kwargs) {
            std::map<std::string, VolumeUsage> found;
            run_measuring("PrunePlan.usage", kwargs, [&](const UsageOptions& options) { found = plan.usage(options); });
            return found;
          },
          "usage(self, *, max_age=0.0, progress=None, timeout=None, stop=None)\n--\n\nHow much space each of taken() "
          "would give back: a dict of VolumeUsage.")
      .def("apply", &PrunePlan::apply, py::call_guard<Unlocked>(),
           "apply(self)\n--\n\nDoes it: a PruneResult, which names what has changed since and stays.")
      .def("to_json", &PrunePlan::to_json, "to_json(self)\n--\n\nAll of it, as JSON.")
      .def("__len__", [](const PrunePlan& plan) { return plan.decisions().size(); })
      .def("__getitem__",
           [](const PrunePlan& plan, py::ssize_t index) {
             return plan.decisions()[index_in(plan.decisions(), index, "volumes")];
           })
      .def("__iter__", [](const PrunePlan& plan) { return iterator_over(plan.decisions()); })
      .def("__str__", &PrunePlan::to_string)
      .def("__repr__", [](const PrunePlan& plan) {
        return "<dunnage.PrunePlan, " + std::to_string(plan.taken().size()) + " of " +
               std::to_string(plan.decisions().size()) + " volumes would go>";
      });
}

void define_pruning(py::class_<VolumeStore>& cls) {
  const std::string doc =
      "plan_prune" + plan_fields().method_signature() +
      "\n--\n\nWhat a prune would take and keep, and why, as a PrunePlan. `older_than` counts from "
      "when a volume was made, `unused_for` from its last use; `keep` puts what goes into the trash.";
  cls.def(
      "plan_prune",
      [](const VolumeStore& store, const py::kwargs& kwargs) {
        const auto options = plan_fields().parse(py::args{}, kwargs);
        const Unlocked released;
        return store.plan_prune(options);
      },
      doc.c_str());
}

}  // namespace dunnage::python

#undef DUNNAGE_MEMBER
