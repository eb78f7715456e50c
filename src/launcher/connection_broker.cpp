// SPDX-License-Identifier: Apache-2.0
// What the launcher's broker does, which is root of an ordinary user's containers.

#include "launcher/connection.hpp"

#include <poll.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

namespace dunnage::launcher {

/// The broker cannot say that it could not send: an answer with a descriptor is lost while too many are under way. What
/// changes something is not asked for again: it may have been done.
DetachResult Connection::detach(const DetachRequest& request, const std::string& path, Deadline deadline,
                                std::span<const int> targets) const {
  constexpr int kAttempts = 4;
  const Deadline over = std::chrono::steady_clock::now() + std::chrono::milliseconds{request.apart};
  for (int attempt = 1;; ++attempt) {
    DetachResult result = ask_broker(request, path, deadline, targets);
    const bool silent = result.failure.step == Step::None && result.failure.error == EPIPE;
    if (silent && request.apart != 0 && std::chrono::steady_clock::now() >= over) {
      return detach_failure(Step::None, ETIMEDOUT);
    }
    if (!silent || !makes_mount(request.kind) || attempt == kAttempts || !alive()) {
      return result;
    }
    (void)::poll(nullptr, 0, 5 * attempt);
  }
}

DetachResult Connection::ask_broker(const DetachRequest& request, const std::string& path, Deadline deadline,
                                    std::span<const int> targets) const {
  if (path.size() >= kMostDetachTexts) {
    return detach_failure(Step::OpenSource, ENAMETOOLONG);
  }
  await_readiness();
  auto [ours, theirs] = make_channel();
  DetachRequest sized = request;
  sized.path_size = static_cast<std::uint32_t>(path.size() + 1);
  Message message;
  message.kind = request.kind == DetachKind::Tmpfs ? MessageKind::DetachTmpfs : MessageKind::DetachBind;
  message.payload_size = static_cast<std::uint32_t>(sizeof sized + path.size() + 1);
  std::vector<std::byte> frame(sizeof message + message.payload_size);
  std::memcpy(frame.data(), &message, sizeof message);
  std::memcpy(frame.data() + sizeof message, &sized, sizeof sized);
  std::memcpy(frame.data() + sizeof message + sizeof sized, path.c_str(), path.size() + 1);
  std::vector<int> descriptors{theirs.get()};
  descriptors.insert(descriptors.end(), targets.begin(), targets.end());
  const int result = send(broker_.get(), frame, descriptors, deadline);
  theirs.reset();
  if (result != 0) {
    return detach_failure(Step::None, result);
  }
  auto answer = receive(ours.get(), deadline);
  if (!answer || answer->message.kind != MessageKind::Answer) {
    return detach_failure(Step::None, answer ? EPIPE : ETIMEDOUT);
  }
  DetachResult detached;
  detached.failure = answer->message.failure;
  if (detached.failure.error == 0 && makes_mount(request.kind)) {
    if (answer->descriptors.empty()) {
      return detach_failure(Step::ReceiveDescriptors, EMFILE);
    }
    detached.fd = answer->descriptors.front().release();
  }
  return detached;
}

int Connection::remove_tree(int directory, const std::string& name, Deadline deadline) const {
  await_readiness();
  auto [ours, theirs] = make_channel();
  Message message;
  message.kind = MessageKind::RemoveTree;
  message.payload_size = static_cast<std::uint32_t>(name.size() + 1);
  std::vector<std::byte> frame(sizeof message + message.payload_size);
  std::memcpy(frame.data(), &message, sizeof message);
  std::memcpy(frame.data() + sizeof message, name.c_str(), name.size() + 1);
  const int descriptors[] = {theirs.get(), directory};
  const int result = send(broker_.get(), frame, descriptors, deadline);
  theirs.reset();
  if (result != 0) {
    return result;
  }
  const auto answer = receive(ours.get(), deadline);
  return !answer ? ETIMEDOUT : answer->message.kind != MessageKind::Answer ? EPIPE : answer->message.failure.error;
}

}  // namespace dunnage::launcher
