// SPDX-License-Identifier: Apache-2.0
#include "running.hpp"

#include <dunnage/error.hpp>

namespace cli {

std::optional<dunnage::Container> running(const dunnage::ContainerStore& containers, const std::string& name) {
  try {
    return containers.get(name);
  } catch (const dunnage::LaunchError& error) {
    if (error.code() != dunnage::errc::not_running) throw;
    return std::nullopt;
  }
}

int exit_code_of(const dunnage::ContainerStore& containers, const std::string& name) {
  const auto exit = containers.inspect(name).exit;
  return exit ? exit->code() : 0;
}

}  // namespace cli
