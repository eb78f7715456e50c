// SPDX-License-Identifier: Apache-2.0
#include "launch/mount_change.hpp"

#include <dunnage/volume_store.hpp>

#include "container/record_parts.hpp"
#include "launch/named_sources.hpp"
#include "launch/payload.hpp"
#include "launcher/connection.hpp"
#include "launcher/socket.hpp"
#include "volume/volume_store_access.hpp"

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>

namespace dunnage::launch {
namespace {

using launcher::MessageKind;

constexpr auto kChangeTimeout = std::chrono::seconds{60};  ///< the launcher gives up earlier

/// What the request refers to until it is sent.
struct ChangeDescriptors {
  kernel::FileDescriptor volumes;
  kernel::FileDescriptor trash;
  HostPlaces host;
};

void describe_mount(Payload& payload, const ChangeRequest& request) {
  launcher::MountRecord record;
  if (request.prepared != nullptr) {
    record = record_of(request.prepared->plan[std::size_t{0}], 0);
    record.descriptor = payload.descriptor(request.prepared->mounts.front().get());
    record.id = request.prepared->ids.empty() ? 0 : request.prepared->ids.front();
  }
  record.plan_index = 0;
  record.target = payload.text(request.target);
  payload.add_mount(record);
}

/// What it holds and owns is the launcher's, once it is attached.
void describe_uses(Payload& payload, PreparedMountsAccess::State& prepared, ChangeDescriptors& opened) {
  launcher::LaunchPayload& fixed = payload.fixed;
  std::vector<int> locks;
  for (const volume::VolumeUse& use : prepared.uses) {
    fixed.flags |= use.shares_claim() ? launcher::kSharesLock : 0U;
    const std::vector<int> both = use.lock_fds();
    locks.insert(locks.end(), both.begin(), both.end());
  }
  for (const kernel::FileDescriptor& lock : prepared.locks) {
    locks.push_back(lock.get());
  }
  for (const int lock : locks) {
    const std::int32_t index = payload.descriptor(lock);
    fixed.first_lock = fixed.first_lock < 0 ? index : fixed.first_lock;
    ++fixed.lock_count;
  }
  std::vector<std::string> names;
  for (const AnonymousVolume& volume : prepared.anonymous) {
    names.push_back(volume.name);
    const VolumeStore store = VolumeStore::open(volume.store);
    opened.trash = VolumeStoreAccess::layout(store).open_trash();
    opened.volumes = container::duplicate(VolumeStoreAccess::layout(store).volumes.get());
    fixed.trash = payload.descriptor(opened.trash.get());
    fixed.volumes = payload.descriptor(opened.volumes.get());
  }
  fixed.anonymous_volumes = payload.texts(names);
}

launcher::Request describe(const ChangeRequest& request, ChangeDescriptors& opened) {
  Payload payload;
  launcher::LaunchPayload& fixed = payload.fixed;
  fixed.flags = launcher::kExec | launcher::kChangesMounts;
  fixed.change = request.change;
  fixed.argv = payload.texts({"change"});
  fixed.environment = payload.texts({});
  describe_mount(payload, request);
  if (request.prepared != nullptr) {
    describe_uses(payload, *request.prepared, opened);
    if (follows_names(request.prepared->plan)) {
      opened.host = open_host_places(request.prepared->identity);
      describe_named_sources(payload, request.prepared->plan, *request.prepared, opened.host, request.stop_signal);
    }
  } else {
    fixed.anonymous_volumes = payload.texts({});
  }
  if (request.before != nullptr) {
    fixed.released = payload.words(std::as_bytes(std::span{request.released}));
    fixed.released.count = static_cast<std::uint32_t>(request.released.size());
  }
  if (!request.report.empty()) {
    fixed.reports = payload.texts({request.report});
  }
  if (request.record != nullptr) {
    fixed.record = payload.descriptor(request.record->directory());
    fixed.record_lock = payload.descriptor(request.record->lock());
  }
  return payload.finish();
}

}  // namespace

ChangeAnswer ask_for_change(const container::Running& run, const ChangeRequest& request) {
  const launcher::Deadline deadline = std::chrono::steady_clock::now() + kChangeTimeout;
  auto [ours, theirs] = launcher::make_channel();
  ChangeDescriptors opened;
  const int sent = launcher::send_request(run.channel(), MessageKind::Exec, describe(request, opened), theirs.get(),
                                          ours.get(), deadline);
  theirs.reset();
  ChangeAnswer answer;
  if (sent != 0) {
    answer.kind = sent == ETIMEDOUT ? ChangeAnswer::Kind::Late : ChangeAnswer::Kind::NotRunning;
    return answer;
  }
  if (request.record != nullptr) {
    request.record->asked();
  }
  for (;;) {
    const bool answered = launcher::wait_readable(ours.get(), deadline);  // it never has by now
    auto received = answered ? launcher::receive(ours.get(), deadline) : std::nullopt;
    if (!received) {
      answer.kind = ChangeAnswer::Kind::Late;
      return answer;
    }
    if (received->message.kind == MessageKind::Found && !received->descriptors.empty()) {
      answer.holders.push_back(std::move(received->descriptors.front()));
      continue;
    }
    const bool given = received->message.kind == MessageKind::Answer || received->message.kind == MessageKind::Failed;
    answer.failure = received->message.failure;
    const bool gone = answer.failure.step == launcher::Step::ReceiveRequest && answer.failure.error == ESRCH;
    const auto kind_of_given = gone ? ChangeAnswer::Kind::NotRunning : ChangeAnswer::Kind::Given;
    answer.kind = given ? kind_of_given : ChangeAnswer::Kind::Lost;
    return answer;
  }
}

}  // namespace dunnage::launch
