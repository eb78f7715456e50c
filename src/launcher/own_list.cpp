// SPDX-License-Identifier: Apache-2.0
#include "launcher/own_list.hpp"

#include "kernel/call_error.hpp"

#include <cerrno>
#include <cstddef>

namespace dunnage::launcher {

void OwnList::add(std::string_view path, const Owning& owning) {
  constexpr const char* kCall = "list the owner of a file";
  constexpr std::size_t kLongestCapability = 64;
  require_listable(kCall, path);
  if (owning.uid.has_value() != owning.gid.has_value() || owning.capability.size() > kLongestCapability) {
    throw kernel::CallError{kCall, EINVAL};
  }
  OwnRecord record;
  record.flags = (owning.uid ? kOwnOwner : 0U) | (owning.mode ? kOwnMode : 0U) | (owning.modified ? kOwnTime : 0U);
  record.uid = owning.uid.value_or(0);
  record.gid = owning.gid.value_or(0);
  record.mode = owning.mode.value_or(0);
  record.seconds = owning.modified ? owning.modified->tv_sec : 0;
  record.nanoseconds = owning.modified ? static_cast<std::uint32_t>(owning.modified->tv_nsec) : 0;
  record.path_size = static_cast<std::uint32_t>(path.size() + 1);
  record.capability_size = static_cast<std::uint32_t>(owning.capability.size());
  records_.add(record, {path, kNul, owning.capability});
}

WorkOutcome OwnList::apply(const Connection& connection, int tree, const Watch& watch) {
  Work work;
  work.request.kind = WorkKind::Own;
  work.descriptors = {tree, records_.file()};
  work.step = "own";
  return run_work(connection, work, watch);
}

}  // namespace dunnage::launcher
