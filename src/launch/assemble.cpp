// SPDX-License-Identifier: Apache-2.0
// The root of a container with its mounts, without the container.

#include <dunnage/error.hpp>

#include "launch/failure.hpp"
#include "launch/launch.hpp"

#include <chrono>
#include <optional>
#include <utility>

namespace dunnage::launch {

kernel::FileDescriptor Launch::assemble() {
  find_image();
  resolve_mounts();
  decide_identity();
  prepare_root();
  prepare_storage();
  const auto failed = [&](errc code) {
    return LaunchError{{.stage = Stage::Prepare,
                        .operation = "put together the files of container",
                        .subject = subject(),
                        .detail = {},
                        .cause = {},
                        .code = code,
                        .remedy = "try again"}};
  };
  const kernel::FileDescriptor channel = connection_->request(describe_assembly(), deadline_);
  root_.mount.reset();
  for (kernel::FileDescriptor& mount : mounts_->mounts) {
    mount.reset();
  }
  kernel::FileDescriptor tree;
  for (;;) {
    auto received = launcher::receive(channel.get(), deadline_);
    if (!received) {
      throw failed(errc::timed_out);
    }
    if (received->message.kind == launcher::MessageKind::Failed) {
      throw_failure({"put together the files of container", subject(), {}, spec_.cwd, &prepared_.plan()},
                    received->message.failure);
    }
    if (received->message.kind != launcher::MessageKind::Started) {
      break;  // Exited: by now the launcher has let go of the mounts
    }
    // the first comes with the process, the second with what it made
    if (!received->descriptors.empty()) {
      tree = std::move(received->descriptors.front());
    }
  }
  if (!tree) {
    connection_->notice_silence();
    throw failed(errc::launcher_lost);
  }
  return tree;
}

}  // namespace dunnage::launch
