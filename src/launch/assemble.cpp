// SPDX-License-Identifier: Apache-2.0
// The root of a container with its mounts, without the container.

#include <dunnage/error.hpp>

#include "kernel/close_all.hpp"
#include "launch/failure.hpp"
#include "launch/launch.hpp"
#include "launcher/socket.hpp"

#include <cerrno>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

namespace dunnage::launch {

kernel::FileDescriptor Launch::assemble() {
  find_image();
  resolve_mounts();
  decide_identity();
  prepare_root();
  prepare_storage();
  return make_in_launcher(describe_assembly(), "put together the files of container");
}

/// A launcher that lives and has not read the request could not take its descriptors.
void Launch::throw_if_dropped(const std::string& operation, bool unread) const {
  if (unread && connection_->alive()) {
    throw_failure({operation, subject(), {}, spec_.cwd, nullptr},
                  {.step = launcher::Step::ReceiveDescriptors, .error = EMFILE});
  }
}

kernel::FileDescriptor Launch::make_in_launcher(const launcher::Request& request, const std::string& operation) {
  const auto failed = [&](errc code) {
    return LaunchError{{.stage = Stage::Prepare,
                        .operation = operation,
                        .subject = subject(),
                        .detail = {},
                        .cause = {},
                        .code = code,
                        .remedy = "try again"}};
  };
  const kernel::FileDescriptor channel = connection_->request(request, deadline_);
  root_.mount.reset();
  kernel::close_all(mounts_->mounts);
  kernel::FileDescriptor tree;
  bool unread = false;
  for (;;) {
    auto received = launcher::receive(channel.get(), deadline_);
    if (!received) {
      throw failed(errc::timed_out);
    }
    if (received->message.kind == launcher::MessageKind::Failed) {
      throw_failure({operation, subject(), {}, spec_.cwd, &plan()}, received->message.failure);
    }
    if (received->message.kind != launcher::MessageKind::Started) {
      unread = received->unread;
      break;  // Exited: by now the launcher has let go of the mounts
    }
    // the first comes with the process, the second with what it made
    if (!received->descriptors.empty()) {
      tree = std::move(received->descriptors.front());
    }
  }
  if (!tree) {
    connection_->notice_silence();
    throw_if_dropped(operation, unread);
    throw failed(errc::launcher_lost);
  }
  return tree;
}

}  // namespace dunnage::launch
