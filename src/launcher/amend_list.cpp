// SPDX-License-Identifier: Apache-2.0
#include "launcher/amend_list.hpp"

namespace dunnage::launcher {

void AmendList::add(AmendAction action, std::string_view path, std::string_view other) {
  constexpr const char* kCall = "list what is to be done to a file";
  require_listable(kCall, path);
  if (!other.empty()) {
    require_listable(kCall, other);
  }
  AmendRecord record;
  record.action = action;
  record.path_size = static_cast<std::uint32_t>(path.size() + 1);
  record.other_size = static_cast<std::uint32_t>(other.size() + 1);
  records_.add(record, {path, kNul, other, kNul});
}

WorkOutcome AmendList::obey(const Connection& connection, int upper, int lower, const std::string& stage,
                            const std::vector<int>& locks, const Watch& watch) {
  Work work;
  work.request.kind = WorkKind::Amend;
  work.texts = stage + '\0' + (connection.identity().rootless() ? "user" : "trusted") + '\0';
  work.descriptors = {upper, lower, records_.file()};
  work.descriptors.insert(work.descriptors.end(), locks.begin(), locks.end());
  work.step = "apply";
  return run_work(connection, work, watch);
}

}  // namespace dunnage::launcher
