// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The containers of a project that a verb is about.

#include "session.hpp"

#include <dunnage/project_plan.hpp>

#include <string>
#include <vector>

namespace cli {

[[nodiscard]] std::string label_of(const dunnage::ContainerInfo& info, const std::string& name);
[[nodiscard]] std::string service_of(const dunnage::ContainerInfo& info);
[[nodiscard]] bool is_one_off(const dunnage::ContainerInfo& info);

/// Those of the services; all, if none is named. Throws: std::runtime_error for a service without any.
[[nodiscard]] std::vector<dunnage::ContainerInfo> containers_of(const Session& session, const std::string& project,
                                                                const std::vector<std::string>& services);

}  // namespace cli
