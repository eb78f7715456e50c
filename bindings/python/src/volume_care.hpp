// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunnage/volume_store.hpp>

#include <pybind11/pybind11.h>

#include <filesystem>

namespace dunnage::python {

/// A plan whose volume knows its store.
struct BoundUpdatePlan {
  VolumeUpdatePlan plan;
  std::filesystem::path store;
};

/// The verbs of a store that take care of volumes.
void define_care(pybind11::class_<VolumeStore>& cls);
/// Those that prune and bring back.
void define_pruning(pybind11::class_<VolumeStore>& cls);
void define_trash(pybind11::class_<VolumeStore>& cls);

}  // namespace dunnage::python
