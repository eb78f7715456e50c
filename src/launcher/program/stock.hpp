// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What is made ahead for the next containers, by a thread of its own: a network namespace takes the kernel longer than
/// everything else together, and neither the launcher nor a container that starts is to wait for it. It is made in
/// quiet moments, for whoever launches a few containers in a row shall not share the processors with the making; only
/// who launches without end has the last one replaced at once.

#include "launcher/program/child.hpp"
#include "launcher/program/transfer.hpp"
#include "launcher/protocol.hpp"

namespace dunnage::launcher {

/// Starts the thread; call it once, when the launcher is parked. Returns 0 or -errno.
int start_stock(const Surroundings& surroundings) noexcept;

/// What there is for one container, perhaps nothing: the child makes what is missing. A network stays for the next one
/// where none is wanted.
Spare take_spare(bool network) noexcept;

/// Something was taken that nobody has been asked to make again.
bool is_stock_wanted() noexcept;
/// Nothing is left.
bool is_stock_empty() noexcept;
/// Has what was taken made again.
void refill_stock() noexcept;
/// From now on there are so many, as the message says. Its channel, the only one of the descriptors, gets an Answer
/// when they are made, with the errno of one that could not be.
void keep_ready(const Message& message, Descriptors& descriptors) noexcept;

}  // namespace dunnage::launcher
