// SPDX-License-Identifier: Apache-2.0
// Sending a request, and mounts that are made while the container's first process attaches those made before.

#include "container/failure.hpp"
#include "kernel/call_error.hpp"
#include "kernel/close_all.hpp"
#include "launch/launch.hpp"
#include "prepare/prepare.hpp"

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

namespace dunnage::launch {

/// The launcher has to hold what it starts again, and a broker makes the mounts of an ordinary user.
void Launch::prepare_as_planned(const prepare::Owner& owner, Mounts when) {
  constexpr std::size_t kMany = 16;
  whole_plan_ = std::make_shared<const MountPlan>(std::move(std::get<MountPlan>(spec_.mounts)));
  spec_.mounts = MountSet{};
  prepared_ = prepare::begin_as_planned(identity_, owner);
  if (when == Mounts::MayFollow && whole_plan_->size() >= kMany && !identity_.rootless() &&
      spec_.restart.kind == RestartPolicy::Kind::No && !follows_names(*whole_plan_)) {
    container::explained({Stage::Launch, "launch container", subject()},
                         [&] { std::tie(follow_, follow_theirs_) = launcher::make_channel(); });
    return;
  }
  prepare::MountSource source{identity_};
  PreparedMountsAccess::State& state = *PreparedMountsAccess::state(prepared_);
  state.mounts.reserve(whole_plan_->size());
  for (const ResolvedMount& mount : *whole_plan_) {
    const launcher::DetachResult made = prepare::make_as_planned(source, mount);
    state.mounts.emplace_back(made.fd);
    state.ids.push_back(made.id);
  }
}

/// Makes mounts while the container's first process attaches those that were sent before.
void Launch::make_following(int socket) {
  constexpr std::size_t kAtOnce = 50;
  prepare::MountSource source{identity_};
  launcher::FollowingMounts frame;
  mounts_->mounts.reserve(plan().size());
  std::vector<int> descriptors;
  const auto send_made = [&] {
    const std::size_t size = sizeof(launcher::Message) + descriptors.size() * sizeof(std::uint64_t);
    frame.message.kind = launcher::MessageKind::Descriptors;
    const int result = launcher::send(socket, std::as_bytes(std::span{&frame, 1}).first(size), descriptors, deadline_);
    descriptors.clear();
    return result;
  };
  int result = 0;
  for (const ResolvedMount& mount : plan()) {
    if (mount.left_out) {
      continue;
    }
    const launcher::DetachResult made = prepare::make_as_planned(source, mount);
    mounts_->mounts.emplace_back(made.fd);
    frame.ids[descriptors.size()] = made.id;
    descriptors.push_back(made.fd);
    if (descriptors.size() == kAtOnce && (result = send_made()) != 0) {
      break;
    }
  }
  result = result == 0 && !descriptors.empty() ? send_made() : result;
  if (result != 0 && result != EPIPE && result != ETIMEDOUT) {  // whoever waits for the answer hears of those
    throw kernel::CallError{"send the mounts", result};
  }
}

void Launch::send_following(int channel) {
  follow_theirs_.reset();
  try {
    container::explained({Stage::Launch, "launch container", subject()}, [&] { make_following(follow_.get()); });
  } catch (...) {
    follow_.reset();  // there are no more: the process ends, and with the answer everything of it is gone
    (void)launcher::receive(channel, deadline_);
    throw;
  }
  follow_.reset();
}

kernel::FileDescriptor Launch::send(const launcher::Request& request) {
  timeline_.end("describe");
  kernel::FileDescriptor channel = connection_->request(request, deadline_);
  begun_ = true;
  if (follow_) {
    send_following(channel.get());
  } else if (mounts_ != nullptr) {
    kernel::close_all(mounts_->mounts);
  }
  timeline_.end("send");
  done_with_ = {};  // this process has nothing else to do now
  return channel;
}

}  // namespace dunnage::launch
