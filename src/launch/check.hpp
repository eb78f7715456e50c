// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What can be said about a request before anything is done.

#include <dunnage/container.hpp>

namespace dunnage::launch {

/// Throws: LaunchError(invalid_argument) that says which member makes no sense.
void check(const LaunchSpec& spec);
/// The same once an image has filled in what was left to it.
void check_complete(const LaunchSpec& spec);
void check(const ExecSpec& spec, const std::string& container);

}  // namespace dunnage::launch
