// SPDX-License-Identifier: Apache-2.0
#include "volume/take_back.hpp"

#include "volume/layout.hpp"

#include <chrono>
#include <exception>

namespace dunnage::volume {

void take_back(const Stage& stage, const launcher::Connection& connection) noexcept {
  constexpr auto kPatience = std::chrono::seconds{60};
  try {
    if (connection.identity().rootless()) {
      (void)connection.remove_tree(stage.directory(), kDataName, std::chrono::steady_clock::now() + kPatience);
    }
  } catch (const std::exception&) {  // what stays is swept
  }
}

}  // namespace dunnage::volume
