// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What a project asks for, as plain values: all that planning has to know of it.

#include <dunnage/project.hpp>

#include <map>
#include <set>
#include <string>
#include <vector>

namespace dunnage::project {

struct Wanted {
  std::string name;
  std::map<std::string, Service> services;
  std::map<std::string, std::vector<std::string>> disabled;  ///< services, with the profiles that would enable them
  std::map<std::string, ProjectVolume> volumes;              ///< by key
  std::map<std::string, std::string> hashes;  ///< of the services' configurations, where they are compared
  std::vector<std::string> order;             ///< of the services: each after what it depends on
};

/// Without hashes, which take a while.
[[nodiscard]] Wanted wanted_by(const Project& project);

/// Whether the project has it, enabled or not: what runs for it is no orphan.
[[nodiscard]] bool has_service(const Wanted& wanted, const std::string& name);

/// The services that are meant, in the order of their dependencies. \param dependencies with what they depend on
/// Throws: LaunchError for a name there is not.
[[nodiscard]] std::vector<std::string> chosen_services(const Wanted& wanted, const std::vector<std::string>& names,
                                                       bool dependencies);

/// The keys of the volumes at the top level that these services mount.
[[nodiscard]] std::set<std::string> volumes_of(const Wanted& wanted, const std::vector<std::string>& services);

/// The volumes a service mounts: target to the name in the store.
[[nodiscard]] std::map<std::string, std::string> named_mounts_of(const Wanted& wanted, const Service& service);

/// "shop-web-1", or what the service says.
[[nodiscard]] std::string container_name(const std::string& project, const Service& service, unsigned number);

/// The digest Compose gives a volume's configuration.
[[nodiscard]] std::string hash_of(const ProjectVolume& volume);

/// A sentence about something of the project that cannot be done. \param subject "service \"web\""
[[nodiscard]] LaunchError refusal(const std::string& project, const std::string& subject, std::string cause,
                                  std::error_code code, std::string remedy);

}  // namespace dunnage::project
