// SPDX-License-Identifier: Apache-2.0
#include "source_loss.hpp"
#include "spec_context.hpp"
#include "value.hpp"

#define DUNNAGE_MEMBER(name) option(#name, &M::name)

namespace dunnage::python {
namespace {

void define_type(py::module_& module) {
  std::vector<Enumeration<SpecType>::Member> types;
  constexpr std::pair<const char*, SpecType> kTypes[] = {
      {"Bind", SpecType::Bind},     {"Volume", SpecType::Volume},    {"Tmpfs", SpecType::Tmpfs},
      {"Image", SpecType::Image},   {"Overlay", SpecType::Overlay},  {"Ramfs", SpecType::Ramfs},
      {"Devpts", SpecType::Devpts}, {"Npipe", SpecType::Npipe},      {"Cluster", SpecType::Cluster},
      {"Glob", SpecType::Glob},     {"Artifact", SpecType::Artifact}};
  for (const auto& [name, value] : kTypes) types.push_back({name, value, std::string{to_string(value)}});
  Enumeration<SpecType>::define(module, "SpecType", "The type of a mount, as the engine names it.", std::move(types));
}

void define_own(py::handle scope) {
  using M = SpecMount::Own;
  Fields<M> fields{"SpecMount.Own"};
  fields.DUNNAGE_MEMBER(suid)
      .DUNNAGE_MEMBER(dev)
      .DUNNAGE_MEMBER(exec)
      .DUNNAGE_MEMBER(uid)
      .DUNNAGE_MEMBER(gid)
      .DUNNAGE_MEMBER(inodes)
      .DUNNAGE_MEMBER(no_swap)
      .DUNNAGE_MEMBER(optional)
      .DUNNAGE_MEMBER(require_mountpoint)
      .DUNNAGE_MEMBER(follow_name)
      .DUNNAGE_MEMBER(chown)
      .DUNNAGE_MEMBER(create_mode)
      .DUNNAGE_MEMBER(create_uid)
      .DUNNAGE_MEMBER(create_gid)
      .DUNNAGE_MEMBER(owner)
      .DUNNAGE_MEMBER(exclude)
      .DUNNAGE_MEMBER(overlay)
      .DUNNAGE_MEMBER(transaction)
      .DUNNAGE_MEMBER(access)
      .DUNNAGE_MEMBER(access_timeout)
      .option("on_loss", &M::on_loss, source_loss_from);
  value_class(scope, std::move(fields), "What only this library's own parsers accept in a text.");
}

Fields<SpecMount> spec_mount_fields() {
  using M = SpecMount;
  Fields<M> fields{"SpecMount"};
  fields.DUNNAGE_MEMBER(engine)
      .DUNNAGE_MEMBER(type)
      .DUNNAGE_MEMBER(source)
      .DUNNAGE_MEMBER(target)
      .DUNNAGE_MEMBER(read_only)
      .DUNNAGE_MEMBER(propagation)
      .DUNNAGE_MEMBER(no_copy)
      .DUNNAGE_MEMBER(anonymous)
      .DUNNAGE_MEMBER(no_create)
      .DUNNAGE_MEMBER(create_host_path)
      .DUNNAGE_MEMBER(recursive)
      .DUNNAGE_MEMBER(selinux)
      .DUNNAGE_MEMBER(consistency)
      .DUNNAGE_MEMBER(subpath)
      .DUNNAGE_MEMBER(labels)
      .DUNNAGE_MEMBER(driver)
      .DUNNAGE_MEMBER(driver_options)
      .DUNNAGE_MEMBER(tmpfs_size)
      .DUNNAGE_MEMBER(tmpfs_mode)
      .DUNNAGE_MEMBER(tmpfs_mode_text)
      .DUNNAGE_MEMBER(flags)
      .DUNNAGE_MEMBER(words)
      .DUNNAGE_MEMBER(engine_name)
      .DUNNAGE_MEMBER(engine_error)
      .DUNNAGE_MEMBER(own);
  return fields;
}

}  // namespace

void bind_spec_mount(py::module_& module) {
  define_type(module);
  // before the class it lies in, whose signature shows it
  const py::object scope = py::module_::import("types").attr("SimpleNamespace")();
  define_own(scope);
  value_class(module, spec_mount_fields(),
              "One mount, after the defaults of the engine that was asked. Empty texts mean \"not said\".")
      .attr("Own") = scope.attr("Own");
}

}  // namespace dunnage::python

#undef DUNNAGE_MEMBER
