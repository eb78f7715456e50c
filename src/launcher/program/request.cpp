// SPDX-License-Identifier: Apache-2.0
#include "launcher/program/request.hpp"

#include "launcher/program/begin.hpp"
#include "launcher/program/container.hpp"

namespace dunnage::launcher {
namespace {

alignas(16) uint8_t buffer[kMessageBuffer];

long read_payload(const Slot& slot, int memory) noexcept {
  uint32_t done = 0;
  while (done < slot.payload_size) {
    const long size =
        raw_syscall(__NR_pread64, memory, as_argument(slot.payload + done), slot.payload_size - done, done);
    if (size <= 0) {
      return size < 0 ? size : -EBADMSG;
    }
    done += static_cast<uint32_t>(size);
  }
  return 0;
}

void refuse(int channel, int error) noexcept {
  Message message;
  message.kind = MessageKind::Failed;
  message.failure.step = Step::ReceiveRequest;
  message.failure.error = error;
  (void)send_message(channel, &message, sizeof message, -1);
}

}  // namespace

uint8_t* message_buffer() noexcept { return buffer; }

void take_unread(int channel) noexcept {
  Message unread;
  Descriptors none;
  (void)receive_message(channel, &unread, sizeof unread, none, MSG_DONTWAIT);
  none.close_all();
}

void receive_request(const Message& message, const uint8_t* payload, Descriptors& descriptors, Slot* container,
                     bool of_another) noexcept {
  const uint32_t first = message.payload_in_memfd != 0 ? 2 : 1;
  if (descriptors.count < first) {
    descriptors.close_all();
    return;
  }
  const int channel = descriptors.values[0];
  if (container == nullptr) {
    take_unread(channel);
  }
  Slot* slot = launcher().slots.take();
  if (slot == nullptr || (container != nullptr && container->life != Life::Running)) {
    refuse(channel, slot == nullptr ? ENOMEM : ESRCH);
    descriptors.close_all();
    if (slot != nullptr) {
      launcher().slots.give_back(*slot);
    }
    return;
  }
  slot->channel = channel;
  slot->container = container;
  slot->of_another = of_another;
  long result = reserve(*slot, message.payload_size, message.descriptor_count);
  if (result == 0 && first == 2) {
    result = read_payload(*slot, descriptors.values[1]);
  } else if (result == 0) {
    __builtin_memcpy(slot->payload, payload, message.payload_size);
  }
  if (first == 2) {
    (void)close_descriptor(descriptors.values[1]);
  }
  Descriptors rest;
  for (uint32_t index = first; index < descriptors.count; ++index) {
    rest.values[rest.count++] = descriptors.values[index];
  }
  if (result == 0) {
    result = watch(launcher().epoll, channel, EPOLLIN | EPOLLRDHUP,
                   event_data(Role::Channel, slot->index, slot->generation));
  }
  if (result < 0) {
    rest.close_all();
    refuse(channel, static_cast<int>(-result));
    launcher().slots.give_back(*slot);
    return;
  }
  receive_descriptors(*slot, rest);
}

void receive_descriptors(Slot& slot, Descriptors& descriptors) noexcept {
  for (uint32_t index = 0; index < descriptors.count; ++index) {
    if (slot.descriptor_count == slot.descriptors_expected) {
      (void)close_descriptor(descriptors.values[index]);
      continue;
    }
    slot.descriptors[slot.descriptor_count++] = descriptors.values[index];
  }
  if (slot.descriptor_count == slot.descriptors_expected) {
    begin(slot);
  }
}

}  // namespace dunnage::launcher
