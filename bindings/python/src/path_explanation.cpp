// SPDX-License-Identifier: Apache-2.0
#include "bindings.hpp"
#include "value.hpp"

#include <dunnage/path_explanation.hpp>

namespace dunnage::python {
namespace {

Fields<PathExplanation> explanation_fields() {
  using E = PathExplanation;
  Fields<E> fields{"PathExplanation"};
  fields.option("path", &E::path)
      .option("presence", &E::presence)
      .option("kind", &E::kind)
      .option("leads_to", &E::leads_to)
      .option("mount", &E::mount)
      .option("mount_in_words", &E::mount_in_words)
      .option("place", &E::place)
      .option("source", &E::source)
      .option("file_system", &E::file_system)
      .option("mount_options", &E::mount_options)
      .option("file_system_options", &E::file_system_options)
      .option("id_mapped", &E::id_mapped)
      .option("users", &E::users)
      .option("groups", &E::groups)
      .option("reasons", &E::reasons)
      .option("hides", &E::hides)
      .option("mounts_below", &E::mounts_below)
      .option("inside", &E::inside)
      .option("on_disk", &E::on_disk)
      .option("user", &E::user)
      .option("by_rules", &E::by_rules)
      .option("by_kernel", &E::by_kernel)
      .option("obstacles", &E::obstacles)
      .option("remedies", &E::remedies)
      .option("notes", &E::notes);
  return fields;
}

}  // namespace

void bind_path_explanation(py::module_& module) {
  Fields<FileOwner> owner{"FileOwner"};
  owner.option("uid", &FileOwner::uid).option("gid", &FileOwner::gid).option("mode", &FileOwner::mode);
  value_class(module, std::move(owner), "Whose something is, and its mode (the lower 12 bits).");

  Fields<PathAccess> access{"PathAccess"};
  access.option("read", &PathAccess::read).option("write", &PathAccess::write).option("execute", &PathAccess::execute);
  value_class(module, std::move(access),
              "What a user may do with a path; of a missing one, with the directory it would be made in.");

  using Presence = PathExplanation::Presence;
  const py::object presence = inner_enumeration<Presence>("PathExplanation", "Presence", "Whether something is there.",
                                                          {{"Unknown", Presence::Unknown, "unknown"},
                                                           {"Missing", Presence::Missing, "missing"},
                                                           {"There", Presence::There, "there"}});
  auto cls =
      value_class(module, explanation_fields(),
                  "A path of a container, explained: which mount serves it, from where, whose it is inside and "
                  "on disk, what the mount hides, what a user may do there, why not, and what would change that. "
                  "print() gives sentences.");
  cls.attr("Presence") = presence;
  cls.def_property_readonly("access", &PathExplanation::access,
                            "The PathAccess the kernel told of, or what the rules say where it was not asked.")
      .def("to_json", &PathExplanation::to_json, "to_json(self)\n--\n\nAll of it, as JSON.")
      .def("__str__", &PathExplanation::to_string);
}

}  // namespace dunnage::python
