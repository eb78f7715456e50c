// SPDX-License-Identifier: Apache-2.0
#include "bindings.hpp"
#include "value.hpp"

namespace dunnage::python {
namespace {

/// IdRange objects, or tuples (inside, outside[, count]).
std::vector<IdRange> ranges_from(const py::iterable& items, const std::string& name) {
  std::vector<IdRange> ranges;
  for (const auto item : items) {
    if (!py::isinstance<py::tuple>(item)) {
      ranges.push_back(value_from<IdRange>(item, name));
      continue;
    }
    const auto numbers = value_from<std::vector<std::uint32_t>>(item, name);
    if (numbers.size() < 2 || numbers.size() > 3) refuse_value(name, "(inside, outside[, count])", item);
    ranges.push_back({numbers[0], numbers[1], numbers.size() == 3 ? numbers[2] : 1});
  }
  return ranges;
}

std::string repr_of_ownership(const Ownership& owner) {
  switch (owner.kind()) {
    case Ownership::Kind::AsIs:
      return "Ownership.as_is()";
    case Ownership::Kind::MatchUser:
      return "Ownership.match_user()";
    case Ownership::Kind::As:
      return "Ownership.as_(" + std::to_string(owner.uid()) + ", " + std::to_string(owner.gid()) + ")";
    case Ownership::Kind::Map:
      break;
  }
  return "Ownership.map(" + repr_of(py::cast(owner.users())) + ", " + repr_of(py::cast(owner.groups())) + ")";
}

Ownership ownership_from(const py::tuple& state) {
  switch (state[0].cast<Ownership::Kind>()) {
    case Ownership::Kind::AsIs:
      return Ownership::as_is();
    case Ownership::Kind::MatchUser:
      return Ownership::match_user();
    case Ownership::Kind::As:
      return Ownership::as(state[1].cast<std::uint32_t>(), state[2].cast<std::uint32_t>());
    case Ownership::Kind::Map:
      break;
  }
  return Ownership::map(state[3].cast<std::vector<IdRange>>(), state[4].cast<std::vector<IdRange>>());
}

void bind_id_range(py::module_& module) {
  Fields<IdRange> fields{"IdRange"};
  fields.required("inside", &IdRange::inside).required("outside", &IdRange::outside).option("count", &IdRange::count);
  value_class(module, std::move(fields), "A run of ids: `inside` ... in the container are `outside` ... on disk.");
}

}  // namespace

void bind_ownership(py::module_& module) {
  bind_id_range(module);
  py::class_<Ownership> cls{module, "Ownership",
                            "Whose files a mount shows: the wish, not the means. No file is changed "
                            "on disk for it."};
  adopt(cls);
  Enumeration<Ownership::Kind>::define(cls, "Kind", "What an Ownership wishes.",
                                       {{"AsIs", Ownership::Kind::AsIs, "as-is"},
                                        {"MatchUser", Ownership::Kind::MatchUser, "match-user"},
                                        {"As", Ownership::Kind::As, "as"},
                                        {"Map", Ownership::Kind::Map, "map"}});
  cls.def(py::init<>())
      .def_static("as_is", &Ownership::as_is,
                  "as_is()\n--\n\nIds on disk and ids of the container's processes are the same numbers.")
      .def_static("match_user", &Ownership::match_user,
                  "match_user()\n--\n\nWhat belongs on disk to the source's owner appears as the container's user, and "
                  "the reverse.")
      .def_static("as_", &Ownership::as, py::arg("uid"), py::arg("gid"),
                  "as_(uid, gid)\n--\n\nThe same with a given user and group of the container. (`as` is a word of "
                  "Python's own.)")
      .def_static(
          "map",
          [](const py::iterable& users, const py::iterable& groups) {
            return Ownership::map(ranges_from(users, "Ownership.map(): users"),
                                  ranges_from(groups, "Ownership.map(): groups"));
          },
          py::arg("users"), py::arg("groups"),
          "map(users, groups)\n--\n\nExactly these ids: IdRange objects or (inside, outside[, count]).")
      .def_property_readonly("kind", &Ownership::kind)
      .def_property_readonly("uid", &Ownership::uid)
      .def_property_readonly("gid", &Ownership::gid)
      .def_property_readonly("users", [](const Ownership& owner) { return owner.users(); })
      .def_property_readonly("groups", [](const Ownership& owner) { return owner.groups(); })
      .def("__str__", [](const Ownership& owner) { return to_string(owner); })
      .def("__repr__", repr_of_ownership)
      .def("__hash__", [](const Ownership& owner) { return py::hash(py::str(repr_of_ownership(owner))); })
      .def("__eq__",
           [](const Ownership& left, const py::object& right) {
             return py::isinstance<Ownership>(right) && left == right.cast<const Ownership&>();
           })
      .def(py::pickle(
          [](const Ownership& owner) {
            return py::make_tuple(owner.kind(), owner.uid(), owner.gid(), owner.users(), owner.groups());
          },
          &ownership_from));
}

}  // namespace dunnage::python
