// SPDX-License-Identifier: Apache-2.0
#include "project/wanted.hpp"

namespace dunnage::project {

Wanted wanted_by(const Project& project) {
  Wanted wanted;
  wanted.name = project.name();
  wanted.services = project.services();
  wanted.volumes = project.volumes();
  wanted.order = project.start_order();
  for (const auto& entry : wanted.services) {
    wanted.hashes[entry.first] = project.config_hash(entry.first);
  }
  return wanted;
}

}  // namespace dunnage::project
