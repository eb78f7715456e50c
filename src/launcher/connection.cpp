// SPDX-License-Identifier: Apache-2.0
#include "launcher/connection.hpp"

#include <dunnage/error.hpp>

#include "kernel/call_error.hpp"
#include "kernel/per_process.hpp"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace dunnage::launcher {
namespace {

struct Registry {
  std::mutex mutex;
  std::map<Identity, std::shared_ptr<Connection>> connections;
};

constinit kernel::PerProcess<Registry> registry;

}  // namespace

std::shared_ptr<Connection> Connection::get(const Identity& identity) {
  Registry& known = registry.get();
  const std::scoped_lock lock{known.mutex};
  std::shared_ptr<Connection>& entry = known.connections[identity];
  if (entry == nullptr || !entry->alive()) {
    entry.reset();  // one whose broker is gone serves its containers as long as there are handles of them
    entry = std::shared_ptr<Connection>{new Connection{identity}};
  }
  return entry;
}

std::shared_ptr<Connection> connection_of_containers() { return Connection::get(identity_for(0, 0)); }

bool Connection::alive() const noexcept {
  if (owner_ != ::getpid() || lost_) {
    return false;
  }
  return !has_closed(0);
}

/// A launcher that is killed closes its sockets, one after the other, a moment before its end shows in the pidfd. One
/// that lives on without its broker is of no use for what comes next.
bool Connection::has_closed(int patience) const noexcept {
  std::array<pollfd, 3> items{
      pollfd{process_.process.get(), POLLIN, 0}, pollfd{socket_.get(), POLLRDHUP, 0},
      pollfd{broker_.get(), POLLRDHUP, 0}};  // root has none: poll(2) leaves out what is below 0
  return ::poll(items.data(), items.size(), patience) > 0;
}

void Connection::notice_silence() const noexcept {
  constexpr int kPatience = 2000;  // milliseconds; one that dies may have to wait for a processor
  lost_ = lost_ || has_closed(kPatience);
}

int send_request(int socket, MessageKind kind, const Request& request, int channel_theirs, int channel_ours,
                 Deadline deadline) {
  Message message;
  message.kind = kind;
  message.payload_size = static_cast<std::uint32_t>(request.payload.size());
  message.descriptor_count = static_cast<std::uint32_t>(request.descriptors.size());
  std::vector<int> descriptors{channel_theirs};
  std::vector<std::byte> frame(sizeof message);
  kernel::FileDescriptor memory;
  if (request.payload.size() > kInlinePayload) {
    memory.reset(static_cast<int>(::syscall(SYS_memfd_create, "dunnage-request", 1U)));
    if (!memory) {
      return errno;
    }
    std::size_t done = 0;
    while (done < request.payload.size()) {
      const ssize_t written = ::write(memory.get(), request.payload.data() + done, request.payload.size() - done);
      if (written <= 0) {
        return written < 0 ? errno : EIO;
      }
      done += static_cast<std::size_t>(written);
    }
    message.payload_in_memfd = 1;
    descriptors.push_back(memory.get());
  } else {
    frame.insert(frame.end(), request.payload.begin(), request.payload.end());
  }
  std::memcpy(frame.data(), &message, sizeof message);
  std::size_t sent = std::min<std::size_t>(request.descriptors.size(), kDescriptorsPerMessage);
  descriptors.insert(descriptors.end(), request.descriptors.begin(),
                     request.descriptors.begin() + static_cast<std::ptrdiff_t>(sent));
  int result = send(socket, frame, descriptors, deadline);
  while (result == 0 && sent < request.descriptors.size()) {
    const std::size_t count = std::min<std::size_t>(request.descriptors.size() - sent, kDescriptorsPerMessage);
    Message more;
    more.kind = MessageKind::Descriptors;
    result = send(channel_ours, more, {request.descriptors.data() + sent, count}, deadline);
    sent += count;
  }
  return result;
}

kernel::FileDescriptor Connection::request(const Request& request, Deadline deadline) const {
  return ask(MessageKind::Launch, request, deadline);
}

kernel::FileDescriptor Connection::work(const Request& request, Deadline deadline) const {
  return ask(MessageKind::Work, request, deadline);
}

kernel::FileDescriptor Connection::ask(MessageKind kind, const Request& request, Deadline deadline) const {
  const bool launch = kind == MessageKind::Launch;
  await_readiness();
  try {
    auto [ours, theirs] = make_channel();
    Message unread;
    unread.kind = MessageKind::Unread;
    int result = send(ours.get(), unread, {}, deadline);  // the launcher takes it before anything else of the channel
    if (result == 0) {
      result = send_request(socket_.get(), kind, request, theirs.get(), ours.get(), deadline);
    }
    if (result == 0) {
      return std::move(ours);
    }
    throw kernel::CallError{"send the request", result};
  } catch (const kernel::CallError& error) {
    const int number = error.code().value();
    lost_ = lost_ || number == EPIPE;
    throw LaunchError{{.stage = Stage::Launch,
                       .operation = launch ? "ask the launcher for a container" : "ask the launcher to work on files",
                       .subject = {},
                       .detail = {},
                       .cause = error.call(),
                       .code = number == EPIPE       ? make_error_code(errc::launcher_lost)
                               : number == ETIMEDOUT ? make_error_code(errc::timed_out)
                                                     : error.code(),
                       .remedy = number == EMFILE ? "close descriptors or raise the limit (ulimit -n)" : "try again"}};
  }
}

void Connection::keep_ready(unsigned count, Deadline deadline) const {
  await_readiness();
  int error = 0;
  try {
    auto [ours, theirs] = make_channel();
    Message message;
    message.kind = MessageKind::KeepReady;
    message.number = static_cast<std::int32_t>(count);
    const int channel = theirs.get();
    error = send(socket_.get(), std::as_bytes(std::span{&message, 1}), {&channel, 1}, deadline);
    theirs.reset();
    if (error == 0) {
      const auto answer = receive(ours.get(), deadline);
      error = !answer ? ETIMEDOUT : answer->message.kind != MessageKind::Answer ? EPIPE : answer->message.failure.error;
    }
  } catch (const kernel::CallError& failed) {
    error = failed.code().value();
  }
  if (error == 0) {
    return;
  }
  lost_ = lost_ || error == EPIPE;
  throw LaunchError{{.stage = Stage::Launch,
                     .operation = "make network namespaces ahead",
                     .subject = std::to_string(count),
                     .detail = {},
                     .cause = {},
                     .code = error == EPIPE       ? make_error_code(errc::launcher_lost)
                             : error == ETIMEDOUT ? make_error_code(errc::timed_out)
                                                  : std::error_code{error, std::system_category()},
                     .remedy = error == ENOSPC   ? "ask for fewer, or raise user.max_net_namespaces"
                               : error == EMFILE ? "ask for fewer, or raise the limit of descriptors (ulimit -n)"
                                                 : "try again, or ask for fewer"}};
}

}  // namespace dunnage::launcher
