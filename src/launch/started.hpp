// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A program that has been started, by launch() or exec().

#include "container/running.hpp"
#include "kernel/file_descriptor.hpp"
#include "launch/streams.hpp"
#include "launcher/socket.hpp"

#include <memory>
#include <string>

namespace dunnage::launch {

/// Puts our ends together. \param answer the launcher's Started, after which a terminal follows if it says so; \param
/// launcher as Running has it
[[nodiscard]] std::shared_ptr<container::Running> take_started(
    const std::string& subject, kernel::FileDescriptor channel, launcher::Received answer, OpenStreams& streams,
    launcher::Deadline deadline, std::shared_ptr<launcher::Connection> launcher = nullptr);

}  // namespace dunnage::launch
