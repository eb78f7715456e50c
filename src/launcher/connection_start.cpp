// SPDX-License-Identifier: Apache-2.0
// Starting the launcher, and waiting until it serves.

#include "launcher/connection.hpp"

#include <dunnage/error.hpp>

#include "kernel/call_error.hpp"
#include "launcher/id_maps.hpp"
#include "launcher/program_image.hpp"

#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <exception>
#include <mutex>
#include <span>
#include <string>
#include <system_error>
#include <utility>

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
    case Step::SetKeyring:
      return "join a new session keyring";
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

}  // namespace

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
    const int descriptors[] = {broker_theirs.get(), broker_ours.get()};
    result = send(socket_.get(), std::as_bytes(std::span{&frame, 1}), descriptors, deadline);
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

}  // namespace dunnage::launcher
