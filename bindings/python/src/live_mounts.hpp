// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "container.hpp"
#include "pulled_iterator.hpp"

#include <dunnage/live_mounts.hpp>

#include <pybind11/pybind11.h>

#include <utility>

namespace dunnage::python {

/// The iterator of a container's mount events.
class MountEventIterator : public PulledIterator<MountEvents, MountEvent> {
 public:
  explicit MountEventIterator(MountEvents events) : PulledIterator{std::move(events), "mount events"} {}
};

/// Its values, before the class of containers; and the members of that one.
void define_live_mount_values(pybind11::module_& module);
void define_live_mounts(pybind11::class_<ContainerHandle>& cls);

}  // namespace dunnage::python
