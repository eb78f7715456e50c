// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A project without its files: what its containers and volumes tell of it by their labels.

#include "session.hpp"

#include <dunnage/project.hpp>

#include <string>

namespace cli {

/// Enough of it to stop it, start it and take it down. Throws: std::runtime_error if nothing is there of it.
[[nodiscard]] dunnage::Project remembered_project(const Session& session, const std::string& name);

}  // namespace cli
