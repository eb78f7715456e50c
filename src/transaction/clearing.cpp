// SPDX-License-Identifier: Apache-2.0
#include "transaction/clearing.hpp"

#include "kernel/files.hpp"
#include "launcher/amend_list.hpp"
#include "launcher/connection.hpp"
#include "transaction/journal.hpp"

namespace dunnage::transaction {

void clear_source(const volume::Deed& deed, const Place& place, int source, int lock) {
  if (!kernel::exists_at(source, stage_name(place))) {
    return;
  }
  launcher::AmendList nothing;  // whoever begins such a work clears what the one before has left
  const auto connection = launcher::connection_of_containers();
  volume::require_done(deed, nothing.obey(*connection, place.upper.get(), source, stage_name(place), {lock}, {}));
}

}  // namespace dunnage::transaction
