// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The containers of a project that a verb is about.

#include "project_flags.hpp"
#include "session.hpp"

#include <dunnage/project_plan.hpp>

#include <string>
#include <vector>

namespace cli {

[[nodiscard]] std::string label_of(const dunnage::ContainerInfo& info, const std::string& name);
[[nodiscard]] std::string service_of(const dunnage::ContainerInfo& info);
[[nodiscard]] bool is_one_off(const dunnage::ContainerInfo& info);

/// " Container shop-web-1  Killed" on standard error, as apply_plan() tells it.
void tell(const std::string& container, const std::string& word);

/// The one of a service with this number. Throws: std::runtime_error if there is none, or none that is up.
[[nodiscard]] dunnage::ContainerInfo container_for(const Session& session, const ProjectFlags& source,
                                                   const std::string& service, const std::string& number,
                                                   bool has_to_run);

/// Those of the services; all, if none is named. Throws: dunnage::ProjectError, std::runtime_error for a service that
/// has none and is none of the project.
[[nodiscard]] std::vector<dunnage::ContainerInfo> containers_of(const Session& session, const ProjectFlags& source,
                                                                const std::vector<std::string>& services);
/// The same, for who knows the project's name already: the files are not read for it.
[[nodiscard]] std::vector<dunnage::ContainerInfo> containers_of(const Session& session, const ProjectFlags& source,
                                                                const std::string& project,
                                                                const std::vector<std::string>& services);

}  // namespace cli
