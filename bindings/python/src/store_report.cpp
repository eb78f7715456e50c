// SPDX-License-Identifier: Apache-2.0
#include "store_report.hpp"

#include "bindings.hpp"
#include "value.hpp"

#define DUNNAGE_MEMBER(name) option(#name, &M::name)

namespace dunnage::python {
namespace {

std::vector<Enumeration<StoreFinding::Part>::Member> parts() {
  using Part = StoreFinding::Part;
  std::vector<Enumeration<Part>::Member> members;
  for (const auto& [name, part] :
       {std::pair{"Store", Part::Store}, std::pair{"Volume", Part::Volume}, std::pair{"Container", Part::Container},
        std::pair{"Image", Part::Image}, std::pair{"Transaction", Part::Transaction},
        std::pair{"Staging", Part::Staging}, std::pair{"Trash", Part::Trash}, std::pair{"Index", Part::Index}}) {
    members.push_back({name, part, std::string{to_string(part)}});
  }
  return members;
}

std::vector<Enumeration<StoreFinding::Kind>::Member> kinds() {
  using Kind = StoreFinding::Kind;
  return {{"Damage", Kind::Damage, std::string{to_string(Kind::Damage)}},
          {"Leftover", Kind::Leftover, std::string{to_string(Kind::Leftover)}},
          {"Newer", Kind::Newer, std::string{to_string(Kind::Newer)}}};
}

void define_finding(py::module_& module) {
  using M = StoreFinding;
  const auto part = inner_enumeration<M::Part>("StoreFinding", "Part", "Which part of a store it is about.", parts());
  const auto kind = inner_enumeration<M::Kind>("StoreFinding", "Kind", "How bad it is.", kinds());
  Fields<M> fields{"StoreFinding"};
  fields.DUNNAGE_MEMBER(part)
      .DUNNAGE_MEMBER(kind)
      .DUNNAGE_MEMBER(name)
      .DUNNAGE_MEMBER(path)
      .DUNNAGE_MEMBER(problem)
      .DUNNAGE_MEMBER(remedy)
      .DUNNAGE_MEMBER(repairable)
      .DUNNAGE_MEMBER(repaired);
  auto cls =
      value_class(module, std::move(fields),
                  "One thing in a store that is not as it should be: what is wrong, and what repair() does about "
                  "it or a person has to do. `repaired` says what repair() has done.");
  cls.def("__str__", &M::to_string);
  cls.attr("Part") = part;
  cls.attr("Kind") = kind;
}

void define_report(py::module_& module) {
  using M = StoreReport;
  Fields<M> fields{"StoreReport"};
  fields.option("findings", &M::findings, [](py::handle object, const std::string& name) {
    return value_from<std::vector<StoreFinding>>(object, name);
  });
  value_class(module, std::move(fields), "All that was found in a store. What is not in it is whole.")
      .def_property_readonly("is_clean", &M::is_clean)
      .def("to_json", &M::to_json, "to_json(self)\n--\n\nAll of it, as JSON.")
      .def("__str__", &M::to_string);
}

}  // namespace

StoreCheck store_check_from(const char* call, const py::kwargs& kwargs) {
  Fields<StoreCheck> fields{call};
  fields.option("grace", &StoreCheck::grace).option("contents", &StoreCheck::contents);
  return fields.parse(py::args{}, kwargs);
}

StoreRepair store_repair_from(const char* call, const py::kwargs& kwargs) {
  Fields<StoreRepair> fields{call};
  fields.option("grace", &StoreRepair::grace)
      .option("contents", &StoreRepair::contents)
      .option("make_missing_data", &StoreRepair::make_missing_data);
  return fields.parse(py::args{}, kwargs);
}

void bind_store_report(py::module_& module) {
  define_finding(module);
  define_report(module);
}

}  // namespace dunnage::python

#undef DUNNAGE_MEMBER
