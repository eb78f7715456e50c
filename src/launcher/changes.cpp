// SPDX-License-Identifier: Apache-2.0
#include "launcher/changes.hpp"

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
    std::string_view rest{reinterpret_cast<const char*>(payload.data()), payload.size()};
    while (rest.size() > 1) {
      const std::size_t end = rest.find('\0');
      sink(static_cast<ChangeKind>(rest.front()), rest.substr(1, end - 1));
      rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
  });
}

}  // namespace dunnage::launcher
