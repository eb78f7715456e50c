// SPDX-License-Identifier: Apache-2.0
#include "seccomp.hpp"

#include "bindings.hpp"
#include "enumeration.hpp"
#include "gil.hpp"
#include "strings.hpp"
#include "value.hpp"

namespace dunnage::python {
namespace {

using Kind = Seccomp::Kind;

std::string repr_of_seccomp(const Seccomp& seccomp) {
  switch (seccomp.kind()) {
    case Kind::Unconfined:
      return "Seccomp.unconfined()";
    case Kind::Text:
      return "Seccomp.json(" + repr_of(text_to(seccomp.text())) + ")";
    case Kind::File: {
      const std::string file = "Seccomp.file(" + repr_of(py::cast(seccomp.path())) + ")";
      return seccomp.text().empty() ? file : file + ".with_text(" + repr_of(text_to(seccomp.text())) + ")";
    }
    default:
      return "Seccomp.standard()";
  }
}

Seccomp thawed(const py::tuple& state) {
  const auto text = state[2].cast<std::string>();
  switch (state[0].cast<Kind>()) {
    case Kind::Unconfined:
      return Seccomp::unconfined();
    case Kind::Text:
      return Seccomp::json(text);
    case Kind::File:
      return Seccomp::file(state[1].cast<std::filesystem::path>()).with_text(text);
    default:
      return Seccomp::standard();
  }
}

template <class Cls>
void define_making(Cls& cls) {
  cls.def_static("standard", &Seccomp::standard, "standard()\n--\n\nWhat Docker forbids is forbidden: the default.")
      .def_static("unconfined", &Seccomp::unconfined, "unconfined()\n--\n\nNo filter.")
      .def_static(
          "file",
          [](const py::object& path) {
            return Seccomp::file(value_from<std::filesystem::path>(path, "Seccomp.file(): path"));
          },
          py::arg("path"), "file(path)\n--\n\nA profile in Docker's format, read by the launch; restart() keeps it.")
      .def_static(
          "json",
          [](const py::object& text) { return Seccomp::json(value_from<std::string>(text, "Seccomp.json(): text")); },
          py::arg("text"), "json(text)\n--\n\nThe same as a text in JSON.")
      .def_static(
          "parse",
          [](const py::object& text) { return Seccomp::parse(value_from<std::string>(text, "Seccomp.parse(): text")); },
          py::arg("text"),
          "parse(text)\n--\n\nDocker's words: \"unconfined\", \"builtin\", else the path of a profile. Raises "
          "LaunchError for an empty text.");
}

}  // namespace

Seccomp seccomp_from(py::handle object, const std::string& name) {
  if (py::isinstance<Seccomp>(object)) return object.cast<Seccomp>();
  if (py::isinstance<py::str>(object)) return Seccomp::parse(value_from<std::string>(object, name));
  if (!py::hasattr(object, "__fspath__")) refuse_value(name, "a Seccomp, its word or the path of a profile", object);
  return Seccomp::file(value_from<std::filesystem::path>(object, name));
}

void bind_seccomp(py::module_& module) {
  py::class_<Seccomp> cls{module, "Seccomp", "Which system calls the programs of a container may make."};
  adopt(cls);
  Enumeration<Kind>::define(cls, "Kind", "The kinds of profiles.",
                            {{"Standard", Kind::Standard, "standard"},
                             {"Unconfined", Kind::Unconfined, "unconfined"},
                             {"File", Kind::File, "file"},
                             {"Text", Kind::Text, "text"}});
  define_making(cls);
  cls.def_property_readonly("kind", &Seccomp::kind)
      .def_property_readonly("path", [](const Seccomp& seccomp) { return seccomp.path(); })
      .def_property_readonly("text", [](const Seccomp& seccomp) { return seccomp.text(); })
      .def(
          "load",
          [](const Seccomp& seccomp) {
            const Unlocked released;
            return seccomp.load();
          },
          "load(self)\n--\n\nReads the file, if it is one and was not read yet, and checks the profile. Raises "
          "LaunchError, which says the place in it.")
      .def(
          "with_text",
          [](const Seccomp& seccomp, const py::object& text) {
            return seccomp.with_text(value_from<std::string>(text, "Seccomp.with_text(): text"));
          },
          py::arg("text"), "with_text(self, text)\n--\n\nA file as if its content were this.")
      .def("__str__", &Seccomp::to_string)
      .def("__repr__", repr_of_seccomp)
      .def("__hash__", [](const Seccomp& seccomp) { return py::hash(py::str(repr_of_seccomp(seccomp))); })
      .def("__eq__",
           [](const Seccomp& left, const py::object& right) {
             return py::isinstance<Seccomp>(right) && left == right.cast<const Seccomp&>();
           })
      .def(py::pickle(
          [](const Seccomp& seccomp) { return py::make_tuple(seccomp.kind(), seccomp.path(), seccomp.text()); },
          [](const py::tuple& state) { return thawed(state); }));
}

}  // namespace dunnage::python
