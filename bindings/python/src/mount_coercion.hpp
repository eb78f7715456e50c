// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunnage/mount_set.hpp>

#include <pybind11/pybind11.h>

namespace dunnage::python {

/// Adds what people write for mounts: a BindMount, VolumeMount, Tmpfs or ImageMount; a text of -v, --mount or --tmpfs;
/// a dict of docker-py, {"/host": {"bind": "/c", "mode": "ro"}} or its types.Mount; or an iterable of such. Throws:
/// TypeError, ValueError, KeyError, and what MountSet::add() does.
void add_mounts(MountSet& mounts, pybind11::handle what);

/// A new set of all of `what`; None is no mounts.
[[nodiscard]] MountSet mount_set_from(pybind11::handle what);

}  // namespace dunnage::python
