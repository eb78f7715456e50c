// SPDX-License-Identifier: Apache-2.0
#include "launcher/compare_trees.hpp"

#include "launcher/found_records.hpp"

#include <cstddef>
#include <span>

namespace dunnage::launcher {

WorkOutcome compare_trees(const Connection& connection, int before, int after, bool trust_times,
                          const CompareSink& sink, const Watch& watch) {
  Work work;
  work.request.kind = WorkKind::Compare;
  work.request.flags = trust_times ? kCompareTrustTimes : 0U;
  work.descriptors = {before, after};
  work.step = "diff";
  return run_work(connection, work, watch, [&](std::span<const std::byte> payload, kernel::FileDescriptor& /*none*/) {
    each_found<CompareRecord>(payload, sink);
  });
}

WorkOutcome count_tree(const Connection& connection, int tree, const Watch& watch) {
  Work work;
  work.request.kind = WorkKind::Compare;
  work.descriptors = {tree};
  work.step = "count";
  return run_work(connection, work, watch);
}

}  // namespace dunnage::launcher
