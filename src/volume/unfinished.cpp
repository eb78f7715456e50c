// SPDX-License-Identifier: Apache-2.0
#include "volume/unfinished.hpp"

#include "volume/limit_move.hpp"
#include "volume/rollback.hpp"
#include "volume/stage.hpp"

#include <string>

namespace dunnage::volume {

void sweep_unfinished(const Layout& layout, int staging, int trash) {
  sweep_staging(staging, trash, [&](const std::string& id, int directory) {
    return finish_rollback(layout, staging, id, directory) || finish_limit_move(layout, directory);
  });
}

}  // namespace dunnage::volume
