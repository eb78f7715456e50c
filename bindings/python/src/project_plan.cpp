// SPDX-License-Identifier: Apache-2.0
#include <dunnage/project_plan.hpp>

#include "bindings.hpp"
#include "blocking.hpp"
#include "container.hpp"
#include "gil.hpp"
#include "indexing.hpp"
#include "project_plan.hpp"

#define DUNNAGE_MEMBER(name) option(#name, &M::name)

namespace dunnage::python {
namespace {

std::vector<Enumeration<ProjectStep::Kind>::Member> step_kinds() {
  using Kind = ProjectStep::Kind;
  return {{"PullImage", Kind::PullImage, "pull-image"},
          {"CreateVolume", Kind::CreateVolume, "create-volume"},
          {"KeepVolume", Kind::KeepVolume, "keep-volume"},
          {"RecreateVolume", Kind::RecreateVolume, "recreate-volume"},
          {"RemoveVolume", Kind::RemoveVolume, "remove-volume"},
          {"CreateContainer", Kind::CreateContainer, "create-container"},
          {"KeepContainer", Kind::KeepContainer, "keep-container"},
          {"StartContainer", Kind::StartContainer, "start-container"},
          {"RestartContainer", Kind::RestartContainer, "restart-container"},
          {"RecreateContainer", Kind::RecreateContainer, "recreate-container"},
          {"StopContainer", Kind::StopContainer, "stop-container"},
          {"RemoveContainer", Kind::RemoveContainer, "remove-container"}};
}

void define_step(py::module_& module) {
  using M = ProjectStep;
  const auto kind =
      inner_enumeration<M::Kind>("ProjectStep", "Kind", "What is done, or deliberately left.", step_kinds());
  Fields<M> fields{"ProjectStep"};
  fields.DUNNAGE_MEMBER(kind)
      .DUNNAGE_MEMBER(subject)
      .DUNNAGE_MEMBER(service)
      .DUNNAGE_MEMBER(number)
      .DUNNAGE_MEMBER(changed)
      .DUNNAGE_MEMBER(reasons)
      .DUNNAGE_MEMBER(lost);
  value_class(module, std::move(fields),
              "One thing that is done, or deliberately left: what and whose, the fields that differ, the reasons, and "
              "the volumes whose data it destroys.")
      .def_property_readonly(
          "action", [](const M& step) { return std::string{to_string(step.kind)}; }, "\"create\", \"keep\", ...")
      .def_property_readonly("changes_something", &M::changes_something)
      .def("__str__", &M::to_string)
      .attr("Kind") = kind;
}

/// "begin: create volume shop_data"
std::string str_of_event(const ApplyEvent& event) {
  return Enumeration<ApplyEvent::Phase>::to(event.phase).attr("value").cast<std::string>() + ": " +
         event.step.to_string() + (event.text.empty() ? "" : ": " + event.text);
}

void define_event(py::module_& module) {
  using M = ApplyEvent;
  using P = M::Phase;
  const auto phase = inner_enumeration<P>("ApplyEvent", "Phase", "Where a step is.",
                                          {{"Begin", P::Begin, "begin"},
                                           {"End", P::End, "end"},
                                           {"Failure", P::Failure, "failure"},
                                           {"Waiting", P::Waiting, "waiting"}});
  Fields<M> fields{"ApplyEvent"};
  fields.DUNNAGE_MEMBER(phase).DUNNAGE_MEMBER(step).DUNNAGE_MEMBER(text);
  value_class(
      module, std::move(fields),
      "What ProjectPlan.apply() tells while it works; `text` is of a failure its sentence, of waiting what for.")
      .def("__str__", str_of_event)
      .attr("Phase") = phase;
}

const Fields<UpOptions>& up_fields() {
  static const auto* const fields = [] {
    using M = UpOptions;
    auto* made = new Fields<M>{"Project.plan_up"};
    made->DUNNAGE_MEMBER(services)
        .DUNNAGE_MEMBER(scale)
        .DUNNAGE_MEMBER(dependencies)
        .DUNNAGE_MEMBER(create)
        .DUNNAGE_MEMBER(prepare)
        .DUNNAGE_MEMBER(recreate)
        .DUNNAGE_MEMBER(recreate_dependencies)
        .DUNNAGE_MEMBER(no_recreate)
        .DUNNAGE_MEMBER(renew_anonymous_volumes)
        .DUNNAGE_MEMBER(remove_orphans)
        .DUNNAGE_MEMBER(recreate_volumes)
        .DUNNAGE_MEMBER(wait)
        .DUNNAGE_MEMBER(pull)
        .DUNNAGE_MEMBER(grace)
        .DUNNAGE_MEMBER(store);
    return made;
  }();
  return *fields;
}

const Fields<DownOptions>& down_fields() {
  static const auto* const fields = [] {
    using M = DownOptions;
    auto* made = new Fields<M>{"Project.plan_down"};
    made->DUNNAGE_MEMBER(services)
        .DUNNAGE_MEMBER(remove)
        .DUNNAGE_MEMBER(volumes)
        .DUNNAGE_MEMBER(remove_orphans)
        .DUNNAGE_MEMBER(grace)
        .DUNNAGE_MEMBER(store);
    return made;
  }();
  return *fields;
}

ProjectPlan plan_up(const LoadedProject& self, const py::kwargs& kwargs) {
  const UpOptions options = up_fields().parse(py::args{}, kwargs);
  const Unlocked released;
  return self.project.plan_up(options);
}

ProjectPlan plan_down(const LoadedProject& self, const py::kwargs& kwargs) {
  const DownOptions options = down_fields().parse(py::args{}, kwargs);
  const Unlocked released;
  return self.project.plan_down(options);
}

void define_planning(const py::module_& module) {
  auto cls = module.attr("Project").cast<py::class_<LoadedProject>>();
  const std::string up_doc = "plan_up" + up_fields().method_signature() +
                             "\n--\n\nWhat would be done to have it run, computed without writing anything: a "
                             "ProjectPlan. `docker compose up`, and with create=False `start`.";
  const std::string down_doc = "plan_down" + down_fields().method_signature() +
                               "\n--\n\nLikewise to end it. `docker compose down`, and with remove=False `stop`; "
                               "volumes=True removes those that are not external.";
  cls.def("plan_up", plan_up, up_doc.c_str()).def("plan_down", plan_down, down_doc.c_str());
}

}  // namespace

void bind_project_plan(py::module_& module) {
  define_step(module);
  define_event(module);
  py::class_<ProjectPlan> cls{module, "ProjectPlan",
                              "What it takes to bring a project up or down, as a value one can read before anything "
                              "happens: a sequence of ProjectStep. Project.plan_up() and plan_down() make it, print() "
                              "shows it, apply() does it."};
  adopt(cls);
  cls.def_property_readonly("project", [](const ProjectPlan& plan) { return plan.project(); })
      .def_property_readonly("steps", [](const ProjectPlan& plan) { return plan.steps(); })
      .def_property_readonly("changes_something", &ProjectPlan::changes_something,
                             "Whether applying it would change anything.")
      .def_property_readonly("data_loss", &ProjectPlan::data_loss, "The steps that destroy data.")
      .def("__len__", &ProjectPlan::size)
      .def("__getitem__",
           [](const ProjectPlan& plan, py::ssize_t index) { return plan.steps()[index_in(plan, index, "steps")]; })
      .def("__iter__", [](const ProjectPlan& plan) { return iterator_over(plan); })
      .def("to_json", &ProjectPlan::to_json, "to_json(self)\n--\n\nAll of it, as JSON.")
      .def("__str__", &ProjectPlan::to_string)
      .def("__repr__",
           [](const ProjectPlan& plan) {
             return "<dunnage.ProjectPlan of " + repr_of(text_to(plan.project())) + ", " + std::to_string(plan.size()) +
                    (plan.size() == 1 ? " step>" : " steps>");
           })
      .def("__hash__", [](const ProjectPlan& plan) { return py::hash(py::str(text_to(plan.to_json()))); })
      .def("__eq__", [](const ProjectPlan& left, const py::object& right) {
        return py::isinstance<ProjectPlan>(right) && left == right.cast<const ProjectPlan&>();
      });
  define_apply(cls);
  define_planning(module);
  bind_project_running(module);
}

}  // namespace dunnage::python

#undef DUNNAGE_MEMBER
