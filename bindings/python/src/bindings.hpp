// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <pybind11/pybind11.h>

namespace dunnage::python {

// One for each public header, defined in the file of the same name.
void bind_bind_mount(pybind11::module_& module);
void bind_container(pybind11::module_& module);
void bind_container_store(pybind11::module_& module);
void bind_copy(pybind11::module_& module);
void bind_error(pybind11::module_& module);
void bind_image(pybind11::module_& module);
void bind_image_mount(pybind11::module_& module);
void bind_image_store(pybind11::module_& module);
void bind_launch_template(pybind11::module_& module);
void bind_launch_timings(pybind11::module_& module);
void bind_mount_plan(pybind11::module_& module);
void bind_mount_set(pybind11::module_& module);
void bind_overlay(pybind11::module_& module);
void bind_source_loss(pybind11::module_& module);
void bind_ownership(pybind11::module_& module);
void bind_path_explanation(pybind11::module_& module);
void bind_prepared_mounts(pybind11::module_& module);
void bind_process(pybind11::module_& module);
void bind_progress(pybind11::module_& module);
void bind_project(pybind11::module_& module);
void bind_project_plan(pybind11::module_& module);
void bind_prune_plan(pybind11::module_& module);
void bind_relabel(pybind11::module_& module);
void bind_resources(pybind11::module_& module);
void bind_rootfs(pybind11::module_& module);
void bind_seccomp(pybind11::module_& module);
void bind_size(pybind11::module_& module);
void bind_spec(pybind11::module_& module);
void bind_spec_code(pybind11::module_& module);
void bind_store_check(pybind11::module_& module);
void bind_store_report(pybind11::module_& module);
void bind_support(pybind11::module_& module);
void bind_tmpfs(pybind11::module_& module);
void bind_transaction(pybind11::module_& module);
void bind_volume(pybind11::module_& module);
void bind_volume_limit(pybind11::module_& module);
void bind_volume_archive(pybind11::module_& module);
void bind_volume_history(pybind11::module_& module);
void bind_volume_seed(pybind11::module_& module);
void bind_volume_snapshot(pybind11::module_& module);
void bind_volume_care(pybind11::module_& module);
void bind_volume_store(pybind11::module_& module);
void bind_volume_trash(pybind11::module_& module);

}  // namespace dunnage::python
