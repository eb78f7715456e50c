// SPDX-License-Identifier: Apache-2.0
#include "bindings.hpp"
#include "source_loss.hpp"
#include "value.hpp"

#define DUNNAGE_OPTION(name) \
  option(                    \
      #name, [](auto& mount) -> auto& { return mount.options.name; })

namespace dunnage::python {
namespace {

template <class E>
std::vector<typename Enumeration<E>::Member> named(std::initializer_list<std::pair<const char*, E>> members) {
  std::vector<typename Enumeration<E>::Member> all;
  for (const auto& [name, value] : members) all.push_back({name, value, std::string{to_string(value)}});
  return all;
}

void define_bind_enumerations(py::module_& module) {
  Enumeration<Propagation>::define(
      module, "Propagation",
      "How mounts made later, on either side, travel to the other (mount_namespaces(7)). R: for the whole tree.",
      named<Propagation>({{"Private", Propagation::Private},
                          {"RPrivate", Propagation::RPrivate},
                          {"Shared", Propagation::Shared},
                          {"RShared", Propagation::RShared},
                          {"Slave", Propagation::Slave},
                          {"RSlave", Propagation::RSlave}}));
  Enumeration<Recursion>::define(module, "Recursion",
                                 "What happens with mounts that lie below the source (Docker's bind-recursive).",
                                 named<Recursion>({{"Enabled", Recursion::Enabled},
                                                   {"Disabled", Recursion::Disabled},
                                                   {"Writable", Recursion::Writable},
                                                   {"ReadOnly", Recursion::ReadOnly}}));
  Enumeration<Follow>::define(module, "Follow",
                              "What the mount shows when its source is replaced on the host: what was there at the "
                              "launch, or what has its name now.",
                              named<Follow>({{"Inode", Follow::Inode}, {"Name", Follow::Name}}));
}

}  // namespace

void bind_bind_mount(py::module_& module) {
  define_bind_enumerations(module);
  Fields<BindMount> fields{"BindMount"};
  fields.required("source", &BindMount::source)
      .required("target", &BindMount::target)
      .DUNNAGE_OPTION(read_only)
      .DUNNAGE_OPTION(propagation)
      .DUNNAGE_OPTION(recursion)
      .DUNNAGE_OPTION(create_source)
      .DUNNAGE_OPTION(suid)
      .DUNNAGE_OPTION(dev)
      .DUNNAGE_OPTION(exec)
      .DUNNAGE_OPTION(create_mode)
      .DUNNAGE_OPTION(create_uid)
      .DUNNAGE_OPTION(create_gid)
      .DUNNAGE_OPTION(optional)
      .DUNNAGE_OPTION(require_mountpoint)
      .DUNNAGE_OPTION(owner)
      .DUNNAGE_OPTION(chown)
      .DUNNAGE_OPTION(relabel)
      .DUNNAGE_OPTION(exclude)
      .DUNNAGE_OPTION(overlay)
      .DUNNAGE_OPTION(follow)
      .DUNNAGE_OPTION(transaction)
      .option(
          "on_loss", [](auto& mount) -> auto& { return mount.options.on_loss; }, source_loss_from);
  value_class(module, std::move(fields),
              "A directory or file of the host, shown at a path of the container. Changes are seen on both sides at "
              "once, and they stay when the container is gone.")
      .def("__str__", [](const BindMount& mount) { return to_string(mount); });
}

}  // namespace dunnage::python

#undef DUNNAGE_OPTION
