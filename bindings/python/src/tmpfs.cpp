// SPDX-License-Identifier: Apache-2.0
#include "bindings.hpp"
#include "size.hpp"
#include "value.hpp"

#define DUNNAGE_OPTION(name, ...) \
  option(                         \
      #name, [](auto& mount) -> auto& { return mount.options.name; } __VA_OPT__(, ) __VA_ARGS__)

namespace dunnage::python {

void bind_tmpfs(py::module_& module) {
  Fields<Tmpfs> fields{"Tmpfs"};
  fields.required("target", &Tmpfs::target)
      .DUNNAGE_OPTION(size, size_from)
      .DUNNAGE_OPTION(mode)
      .DUNNAGE_OPTION(uid)
      .DUNNAGE_OPTION(gid)
      .DUNNAGE_OPTION(read_only)
      .DUNNAGE_OPTION(suid)
      .DUNNAGE_OPTION(dev)
      .DUNNAGE_OPTION(exec)
      .DUNNAGE_OPTION(nr_inodes)
      .DUNNAGE_OPTION(no_swap);
  value_class(
      module, std::move(fields),
      "A file system in memory, private to one run of the container and gone with it. `size` is bytes or a text "
      "like \"64MiB\".")
      .def("__str__", [](const Tmpfs& mount) { return to_string(mount); });
}

}  // namespace dunnage::python

#undef DUNNAGE_OPTION
