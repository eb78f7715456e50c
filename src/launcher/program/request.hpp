// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Receiving a launch or exec: the fixed part, the payload, the descriptors.

#include "launcher/program/slot.hpp"
#include "launcher/program/transfer.hpp"

namespace dunnage::launcher {

inline constexpr size_t kMessageBuffer = kInlinePayload + sizeof(Message) + 64;

/// One buffer for all messages: they are handled one after the other.
uint8_t* message_buffer() noexcept;

/// The first descriptor is the channel, the second the payload's memfd if it has one. Takes all of them.
/// \param of_another  it did not come from the host
void receive_request(const Message& message, const uint8_t* payload, Descriptors& descriptors, Slot* container,
                     bool of_another) noexcept;

/// What waits in a new channel until its request is looked at: that it is still there tells who asked that it was not.
void take_unread(int channel) noexcept;

/// Further descriptors of a request, in order. Begins it when it is complete.
void receive_descriptors(Slot& slot, Descriptors& descriptors) noexcept;

}  // namespace dunnage::launcher
