// SPDX-License-Identifier: Apache-2.0
#include "launcher/pack_tree.hpp"

#include "launcher/found_records.hpp"

#include <cstddef>
#include <span>

namespace dunnage::launcher {

WorkOutcome pack_tree(const Connection& connection, const TreePack& pack,
                      const std::function<void(const PackedEntry&)>& sink, const Watch& watch) {
  Work work;
  work.request.kind = WorkKind::Pack;
  work.request.flags = pack.follow == Follow::Yes ? kLookFollow : 0U;
  work.request.most_entries = pack.most_entries;
  work.texts = pack.path + '\0';
  work.descriptors = {pack.root};
  work.descriptors.insert(work.descriptors.end(), pack.locks.begin(), pack.locks.end());
  return run_work(connection, work, {{}, watch.stop, watch.deadline},
                  [&](std::span<const std::byte> payload, kernel::FileDescriptor& file) {
                    sink(packed_entry(payload, file.get()));
                  });
}

}  // namespace dunnage::launcher
