// SPDX-License-Identifier: Apache-2.0
#include "launcher/copy_tree.hpp"

namespace dunnage::launcher {

WorkOutcome copy_tree(const Connection& connection, const TreeCopy& copy, const Watch& watch) {
  Work work;
  work.request.kind = WorkKind::Copy;
  work.request.flags = (copy.sync ? kCopySync : 0U) | (copy.name.empty() ? 0U : kCopyEntry) |
                       (copy.merge ? kCopyMerge : 0U) | (copy.mounts ? kCopyMounts : 0U) |
                       (copy.keep ? kCopyKeep : 0U) | (copy.only_top ? kCopyTop : 0U) | (copy.quiet ? kCopyQuiet : 0U) |
                       (copy.follow ? kCopyFollow : 0U);
  work.request.uid = copy.uid.value_or(UINT32_MAX);
  work.request.gid = copy.gid.value_or(UINT32_MAX);
  work.request.most_entries = copy.most_entries;
  work.request.most_bytes = copy.most_bytes;
  work.texts = copy.name + '\0' + copy.below + '\0' + copy.into + '\0';
  work.descriptors = {copy.from, copy.to};
  work.descriptors.insert(work.descriptors.end(), copy.locks.begin(), copy.locks.end());
  work.step = "copy";
  work.subject = copy.subject;
  work.in_bytes = true;
  return run_work(connection, work, watch);
}

}  // namespace dunnage::launcher
