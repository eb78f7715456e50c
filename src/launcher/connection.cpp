// SPDX-License-Identifier: Apache-2.0
#include "launcher/connection.hpp"

#include <dunnage/error.hpp>

#include "kernel/call_error.hpp"
#include "kernel/per_process.hpp"
#include "launcher/id_maps.hpp"
#include "launcher/program_image.hpp"

#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
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

using namespace std::chrono_literals;

constexpr auto kStartTimeout = 60s;
constexpr auto kEndTimeout = 10s;

LaunchError start_error(const std::string& cause, int number, std::string remedy) {
  return LaunchError{
      {.stage = Stage::Launch,
       .operation = "start the launcher",
       .subject = {},
       .detail = {},
       .cause = cause,
       .code = number == EPIPE ? make_error_code(errc::launcher_lost) : std::error_code{number, std::system_category()},
       .remedy = std::move(remedy)}};
}

/// The steps the launcher takes before it serves.
const char* words_of_start(Step step) {
  switch (step) {
    case Step::SetLimits:
      return "set resource limits";
    case Step::StartBroker:
      return "start broker";
    case Step::BindDevices:
      return "keep /proc, /sys and devices in sight";
    case Step::OpenEvents:
      return "wait for signals and ends of processes";
    default:
      return "park the mount namespace";
  }
}

std::string start_remedy(const std::string& call, int number, bool rootless) {
  if (call == "clone3" && rootless && (number == EPERM || number == ENOSPC || number == EUSERS)) {
    return "allow user namespaces (kernel.unprivileged_userns_clone, user.max_user_namespaces, AppArmor's "
           "apparmor_restrict_unprivileged_userns), see dunnage::support()";
  }
  if (call == "newuidmap" || call == "newgidmap") {
    if (::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1) {
      return "start this program without no_new_privs (NoNewPrivileges= of its service), with which newuidmap and "
             "newgidmap gain nothing";
    }
    return "check /etc/subuid and /etc/subgid, and that newuidmap and newgidmap are set-user-ID root";
  }
  if (number == EMFILE || number == ENFILE) {
    return "close descriptors or raise the limit (ulimit -n)";
  }
  if (call == words_of_start(Step::ParkNamespace) && number == EINVAL) {
    return "if this program runs in a root changed by chroot(2), have it changed by pivot_root(2) in a mount "
           "namespace; "
           "see dunnage::support() else";
  }
  if (number == ENOSYS || number == EPERM) {
    return "allow the calls for processes, namespaces and mounts in the filter of system calls this program runs under "
           "(Docker's denies pivot_root even with --cap-add SYS_ADMIN), or use Linux 5.12 or newer; in a "
           "container of a user namespace nothing of /proc and /sys may be hidden; see dunnage::support()";
  }
  return "see dunnage::support() for what this machine allows";
}

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
    entry.reset();
    entry = std::shared_ptr<Connection>{new Connection{identity}};
  }
  return entry;
}

Connection::Connection(const Identity& identity) : identity_{identity}, owner_{::getpid()} {
  try {
    start();
  } catch (const kernel::CallError& error) {
    give_up(error.call(), error.code().value());
  }
}

void Connection::give_up(const std::string& call, int number) const {
  if (process_.process) {
    (void)::syscall(SYS_pidfd_send_signal, process_.process.get(), SIGKILL, nullptr, 0);
    (void)wait_for_end(process_, kEndTimeout);
  }
  throw start_error(call, number, start_remedy(call, number, identity_.rootless()));
}

void Connection::await_readiness() const {
  if (serves_) {
    return;
  }
  const std::scoped_lock lock{readiness_};
  if (start_failure_ != nullptr) {
    std::rethrow_exception(start_failure_);
  }
  if (serves_) {
    return;
  }
  try {
    await_answer();
    serves_ = true;
  } catch (const kernel::CallError& error) {
    lost_ = true;
    refused_ = error.code().value() != EPIPE;  // that one has ended without a word, as who is killed does
    try {
      give_up(error.call(), error.code().value());
    } catch (const LaunchError&) {
      start_failure_ = std::current_exception();
      throw;
    }
  }
}

void Connection::start() {
  auto [ours, theirs] = make_channel();
  const kernel::FileDescriptor host{static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0))};
  if (!host) {
    throw kernel::CallError{"pidfd_open", errno};
  }
  const kernel::FileDescriptor image = open_program_image();
  Spawn request;
  request.program = image.get();
  request.argv = {"dunnage-launcher"};
  request.descriptors = {theirs.get(), host.get()};
  request.namespaces = CLONE_NEWPID | (identity_.rootless() ? CLONE_NEWUSER : 0U);
  process_ = spawn_orphan(request);
  struct {
    Message message;
    Configuration configuration;
  } frame;
  frame.message.kind = MessageKind::Configure;
  frame.message.payload_size = sizeof(Configuration);
  frame.configuration.rootless = identity_.rootless() ? 1 : 0;
  frame.configuration.single_id = identity_.privilege == Privilege::Single ? 1 : 0;
  const Deadline deadline = std::chrono::steady_clock::now() + kStartTimeout;
  socket_ = std::move(ours);
  int result = 0;
  if (identity_.rootless()) {
    write_id_maps(process_.pid, identity_);
    auto [broker_ours, broker_theirs] = make_channel();
    const int descriptor = broker_theirs.get();
    result = send(socket_.get(), std::as_bytes(std::span{&frame, 1}), {&descriptor, 1}, deadline);
    broker_ = std::move(broker_ours);
  } else {
    result = send(socket_.get(), std::as_bytes(std::span{&frame, 1}), {}, deadline);
  }
  if (result != 0) {
    throw kernel::CallError{"configure", result};
  }
}

void Connection::await_answer() const {
  const auto answer = receive(socket_.get(), std::chrono::steady_clock::now() + kStartTimeout);
  if (!answer) {
    throw kernel::CallError{"await answer", ETIMEDOUT};
  }
  if (answer->message.kind != MessageKind::Answer) {
    throw kernel::CallError{"await answer", EPIPE};
  }
  const Failure& failure = answer->message.failure;
  if (failure.error != 0) {
    throw kernel::CallError{words_of_start(failure.step), failure.error};
  }
}

bool Connection::alive() const noexcept {
  if (owner_ != ::getpid() || lost_) {
    return false;
  }
  return !has_closed(0);
}

/// A launcher that is killed closes its sockets, one after the other, a moment before its end shows in the pidfd.
bool Connection::has_closed(int patience) const noexcept {
  std::array<pollfd, 2> items{pollfd{process_.process.get(), POLLIN, 0}, pollfd{socket_.get(), POLLRDHUP, 0}};
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
    if (launch) {
      Message unread;
      unread.kind = MessageKind::Unread;
      (void)send(ours.get(), unread, {}, deadline);
    }
    const int result = send_request(socket_.get(), kind, request, theirs.get(), ours.get(), deadline);
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

/// The broker cannot say that it could not send: an answer with a descriptor is lost while too many are under way. What
/// changes something is not asked for again: it may have been done.
DetachResult Connection::detach(const DetachRequest& request, const std::string& path, Deadline deadline,
                                std::span<const int> targets) const {
  constexpr int kAttempts = 4;
  for (int attempt = 1;; ++attempt) {
    DetachResult result = ask_broker(request, path, deadline, targets);
    const bool silent = result.failure.step == Step::None && result.failure.error == EPIPE;
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
