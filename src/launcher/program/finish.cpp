// SPDX-License-Identifier: Apache-2.0
#include "launcher/program/finish.hpp"

#include "launcher/program/added_mounts.hpp"
#include "launcher/program/cgroup.hpp"
#include "launcher/program/changes.hpp"
#include "launcher/program/container.hpp"
#include "launcher/program/hold.hpp"
#include "launcher/program/look_slot.hpp"
#include "launcher/program/named_source.hpp"
#include "launcher/program/record.hpp"
#include "launcher/program/request.hpp"
#include "launcher/program/transfer.hpp"

namespace dunnage::launcher {
namespace {

/// A waiter must find the volumes free when it hears of the end. Unlocking goes before closing: a forked copy of the
/// host may hold copies of the descriptors for as long as it lives.
void release_locks(Slot& slot) noexcept {
  const LaunchPayload& request = *slot.request;
  for (uint32_t index = 0; request.first_lock >= 0 && index < request.lock_count; ++index) {
    const uint32_t number = static_cast<uint32_t>(request.first_lock) + index;
    if (number < slot.descriptor_count) {
      release_lock(slot.descriptors[number]);
    }
  }
  release_added(slot);
}

}  // namespace

void finish(Slot& slot) noexcept {
  for (unsigned stream = 0; stream < 3; ++stream) {
    while (copy_log(slot, stream)) {
    }
  }
  const Message message = describe(slot, MessageKind::Exited);
  remove_cgroups(slot);
  release_held(slot);
  const int32_t root = slot.request->rootfs;
  if (root >= 0 && static_cast<uint32_t>(root) < slot.descriptor_count && (slot.request->flags & kRemoveChanges) == 0) {
    close_and_clear(slot.descriptors[root]);  // what is kept may be mounted again by whoever hears of the end
  }
  if (!slot.is_exec) {
    write_state(slot, ContainerState::Exited);
    release_locks(slot);
    remove_anonymous_volumes(slot);
    remove_record(slot);
  }
  if (slot.channel >= 0) {
    const size_t size = frame_message(message, slot.loss_words);
    (void)deliver_message(slot.channel, message_buffer(), size, -1);
  }
  notify_connections(slot, message, slot.loss_words);
  close_connections(slot);
  if (!slot.is_exec) {
    discard_changes(slot);
  }
  if (slot.looked_at && !give_up_looks(slot)) {
    wait_for_look(slot);
  } else {
    launcher().slots.give_back(slot);
  }
}

void abandon(Slot& slot, const Failure& failure) noexcept {
  Message message;
  message.kind = MessageKind::Failed;
  message.failure = failure;
  remove_cgroups(slot);
  if (slot.channel >= 0) {
    (void)send_message(slot.channel, &message, sizeof message, -1);
  }
  if (slot.request != nullptr) {
    release_held(slot);
    close_connections(slot);
  }
  launcher().slots.give_back(slot);
}

}  // namespace dunnage::launcher
