// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What a project asks of the host, against what its caller grants; and what it says that is not done.

#include "compose/files.hpp"
#include "compose/value.hpp"

#include <dunnage/project.hpp>

#include <vector>

namespace dunnage::compose {

/// Throws: ProjectError(not_granted) at the place that asks.
void check_grants(const Texts& texts, const Files& files, const Value& model, const ProjectGrants& grants);

/// One note for each thing that is valid and not done.
void add_notes(const Texts& texts, const Value& model, std::vector<ProjectNote>& notes);

}  // namespace dunnage::compose
