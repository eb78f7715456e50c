// SPDX-License-Identifier: Apache-2.0
#include "launcher/changes.hpp"

#include "launcher/found_records.hpp"

namespace dunnage::launcher {

WorkOutcome list_changes(const Connection& connection, int upper, std::span<const int> lowers, const ChangeSink& sink,
                         const Watch& watch) {
  Work work;
  work.request.kind = WorkKind::Changes;
  work.request.flags = connection.identity().rootless() ? kChangesUserMarks : 0U;
  work.descriptors = {upper};
  work.descriptors.insert(work.descriptors.end(), lowers.begin(), lowers.end());
  work.step = "diff";
  return run_work(connection, work, watch, [&](std::span<const std::byte> payload, kernel::FileDescriptor& /*none*/) {
    each_change(payload, sink);
  });
}

}  // namespace dunnage::launcher
