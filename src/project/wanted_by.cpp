// SPDX-License-Identifier: Apache-2.0
#include "project/wanted.hpp"

namespace dunnage::project {

Wanted wanted_by(const Project& project) {
  Wanted wanted;
  wanted.name = project.name();
  wanted.services = project.services();
  wanted.disabled = project.disabled_services();
  wanted.volumes = project.volumes();
  wanted.order = project.start_order();
  return wanted;
}

}  // namespace dunnage::project
