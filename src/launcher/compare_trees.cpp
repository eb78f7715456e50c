// SPDX-License-Identifier: Apache-2.0
#include "launcher/compare_trees.hpp"

#include "kernel/call_error.hpp"

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <span>

namespace dunnage::launcher {
namespace {

void tell_records(std::span<const std::byte> payload, const CompareSink& sink) {
  while (!payload.empty()) {
    CompareRecord record;
    if (payload.size() < sizeof record) {
      throw kernel::CallError{"read what the launcher says", EBADMSG};
    }
    std::memcpy(&record, payload.data(), sizeof record);
    payload = payload.subspan(sizeof record);
    if (payload.size() < record.path_size) {
      throw kernel::CallError{"read what the launcher says", EBADMSG};
    }
    sink(record, {reinterpret_cast<const char*>(payload.data()), record.path_size});
    payload = payload.subspan(record.path_size);
  }
}

}  // namespace

WorkOutcome compare_trees(const Connection& connection, int before, int after, bool trust_times,
                          const CompareSink& sink, const Watch& watch) {
  Work work;
  work.request.kind = WorkKind::Compare;
  work.request.flags = trust_times ? kCompareTrustTimes : 0U;
  work.descriptors = {before, after};
  work.step = "diff";
  return run_work(connection, work, watch, [&](std::span<const std::byte> payload, kernel::FileDescriptor& /*none*/) {
    tell_records(payload, sink);
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
