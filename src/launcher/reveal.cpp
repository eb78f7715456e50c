// SPDX-License-Identifier: Apache-2.0
#include "launcher/reveal.hpp"

#include "launcher/found_records.hpp"

namespace dunnage::launcher {
namespace {

WorkOutcome reveal(const Connection& connection, std::vector<int> trees, const RevealSink& sink, const Watch& watch) {
  Work work;
  work.request.kind = WorkKind::Reveal;
  work.request.flags = connection.identity().rootless() ? kRevealUserMarks : 0U;
  work.descriptors = std::move(trees);
  work.step = "changes";
  return run_work(connection, work, watch, [&](std::span<const std::byte> payload, kernel::FileDescriptor& /*none*/) {
    each_found<RevealRecord>(payload, sink);
  });
}

}  // namespace

WorkOutcome reveal_overlay(const Connection& connection, int upper, int lower, const RevealSink& sink,
                           const Watch& watch) {
  return reveal(connection, {upper, lower}, sink, watch);
}

WorkOutcome list_tree(const Connection& connection, int directory, const RevealSink& sink, const Watch& watch) {
  return reveal(connection, {directory}, sink, watch);
}

}  // namespace dunnage::launcher
