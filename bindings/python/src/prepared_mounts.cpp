// SPDX-License-Identifier: Apache-2.0
#include "prepared_mounts.hpp"

#include "bindings.hpp"
#include "closed.hpp"
#include "strings.hpp"

#include <dunnage/error.hpp>

#include <unistd.h>

#include <utility>

namespace dunnage::python {

void PreparedHandle::Drop::operator()(PreparedMounts* mounts) const {
  if (owner == ::getpid()) delete_without_gil(mounts);
}

PreparedHandle::PreparedHandle(PreparedMounts mounts)
    : mounts_{new PreparedMounts{std::move(mounts)}, Drop{::getpid()}} {}

const PreparedMounts& PreparedHandle::get() const {
  if (!mounts_) throw Closed{"these prepared mounts are gone: " + why_ + "; prepare the plan again"};
  if (mounts_.get_deleter().owner != ::getpid()) {
    throw LaunchError{{.stage = Stage::Prepare,
                       .operation = "use prepared mounts",
                       .subject = {},
                       .detail = {},
                       .cause = {},
                       .code = errc::wrong_process,
                       .remedy = "prepare the plan again; a forked copy has its own"}};
  }
  return *mounts_;
}

PreparedMounts PreparedHandle::take() {
  (void)get();
  why_ = "a container has taken them";
  PreparedMounts taken = std::move(*mounts_);
  mounts_.reset();
  return taken;
}

void PreparedHandle::close() {
  if (mounts_) why_ = "they were given back by close() or by leaving their with block";
  mounts_.reset();
}

void bind_prepared_mounts(py::module_& module) {
  py::class_<PreparedHandle> cls{
      module, "PreparedMounts",
      "Mounts that exist and are nowhere: each is a descriptor until Container.launch() takes "
      "it, once. MountPlan.prepare() makes them; leaving their with block gives back what no "
      "container took."};
  adopt(cls);
  cls.def_property_readonly(
         "plan", [](const PreparedHandle& self) { return self.get().plan(); },
         "The plan they were made from; anonymous and new volumes now have their names and paths.")
      .def_property_readonly("closed", [](const PreparedHandle& self) { return !self.open(); })
      .def("close", &PreparedHandle::close, "close(self)\n--\n\nLets go of the mounts, which then exist nowhere.")
      .def("__len__", [](const PreparedHandle& self) { return self.get().size(); })
      .def("__bool__", &PreparedHandle::open)
      .def("__enter__",
           [](PreparedHandle& self) -> PreparedHandle& {
             (void)self.get();
             return self;
           })
      .def("__exit__", [](PreparedHandle& self, const py::args&) { self.close(); })
      .def("__repr__", [](const PreparedHandle& self) {
        return self.open() ? "<dunnage.PreparedMounts>" : "<dunnage.PreparedMounts, gone>";
      });
}

}  // namespace dunnage::python
