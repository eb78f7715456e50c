// SPDX-License-Identifier: Apache-2.0
#include "launcher/examine.hpp"

#include "launcher/found_records.hpp"

#include <cstddef>
#include <span>
#include <utility>

namespace dunnage::launcher {
namespace {

std::string texts_of(const std::string& path, const AskedUser& user) {
  ExamineUser asked;
  asked.capabilities = user.capabilities;
  asked.uid = user.uid;
  asked.gid = user.gid;
  asked.group_count = static_cast<std::uint32_t>(user.groups.size());
  std::string texts = path + '\0';
  texts.append(reinterpret_cast<const char*>(&asked), sizeof asked);
  texts.append(reinterpret_cast<const char*>(user.groups.data()), user.groups.size() * sizeof(std::uint32_t));
  texts += '\0';
  return texts;
}

}  // namespace

WorkOutcome examine(const Connection& connection, int root, const std::string& path, const AskedUser& user,
                    Examination& examined, const Watch& watch) {
  Work work;
  work.request.kind = WorkKind::Examine;
  work.texts = texts_of(path, user);
  work.descriptors = {root};
  return run_work(connection, work, watch, [&](std::span<const std::byte> payload, kernel::FileDescriptor& found) {
    examined = examination_of(payload, std::move(found));
  });
}

}  // namespace dunnage::launcher
