// SPDX-License-Identifier: Apache-2.0
#include "launcher/look.hpp"

#include "launcher/found_records.hpp"

#include <cstddef>
#include <span>

namespace dunnage::launcher {

WorkOutcome look_at(const Connection& connection, int root, const std::string& path, Follow follow, Look& found,
                    const Watch& watch) {
  Work work;
  work.request.kind = WorkKind::Look;
  work.request.flags = follow == Follow::Yes ? kLookFollow : 0U;
  work.texts = path + '\0';
  work.descriptors = {root};
  return run_work(connection, work, watch, [&](std::span<const std::byte> payload, kernel::FileDescriptor& /*none*/) {
    found = seen_at(payload);
  });
}

WorkOutcome move_entry(const Connection& connection, int from, const std::string& name, int to,
                       const std::string& below, const std::string& new_name, const Watch& watch) {
  Work work;
  work.request.kind = WorkKind::Move;
  work.texts = name + '\0' + new_name + '\0' + below + '\0';
  work.descriptors = {from, to};
  return run_work(connection, work, watch);
}

WorkOutcome exchange_entries(const Connection& connection, int one, const std::string& name, int other,
                             const std::string& other_name, const Watch& watch) {
  Work work;
  work.request.kind = WorkKind::Move;
  work.request.flags = kMoveExchange;
  work.texts = name + '\0' + other_name + '\0' + '\0';
  work.descriptors = {one, other};
  return run_work(connection, work, watch);
}

WorkOutcome spill_directory(const Connection& connection, int directory, const std::string& name, const Watch& watch) {
  Work work;
  work.request.kind = WorkKind::Spill;
  work.texts = name + '\0';
  work.descriptors = {directory};
  work.step = "copy";
  return run_work(connection, work, watch);
}

}  // namespace dunnage::launcher
