// SPDX-License-Identifier: Apache-2.0
#include "container/running.hpp"

#include <dunnage/error.hpp>

#include "container/failure.hpp"
#include "container/mount_events.hpp"
#include "container/signal.hpp"
#include "kernel/call_error.hpp"
#include "kernel/files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace dunnage::container {
namespace {

using launcher::Deadline;
using launcher::Message;
using launcher::MessageKind;
using launcher::Received;

constexpr auto kAnswerTimeout = std::chrono::seconds{60};

LaunchError run_error(const std::string& operation, const std::string& subject, std::error_code code,
                      std::string remedy) {
  return LaunchError{{.stage = Stage::Run,
                      .operation = operation,
                      .subject = subject,
                      .detail = {},
                      .cause = {},
                      .code = code,
                      .remedy = std::move(remedy)}};
}

ExitStatus status_of(const Message& message, int channel) {
  if (message.kind != MessageKind::Exited) {
    return ExitStatus::signaled(SIGKILL, true);
  }
  const ExitStatus status =
      message.exit_signal != 0 ? ExitStatus::signaled(message.exit_signal) : ExitStatus::exited(message.exit_code);
  if (message.failure.error == 0 || message.payload_size == 0) {
    return status.with_oom_killed(message.oom_killed != 0);
  }
  try {
    return status.with_cause(cause_of_stop(message.failure, launcher::peek_words(channel, message)));
  } catch (const std::invalid_argument&) {
    return status.with_cause("the source of a mount was lost");  // said by another version of the library
  }
}

}  // namespace

Running::Running(std::string subject, kernel::FileDescriptor channel, kernel::FileDescriptor process, Streams streams,
                 std::shared_ptr<launcher::Connection> launcher)
    : subject_{std::move(subject)},
      owner_{::getpid()},
      channel_{std::move(channel)},
      process_{std::move(process)},
      streams_{std::move(streams)},
      launcher_{std::move(launcher)} {}

Running::~Running() {
  if (!is_ours()) {
    for (const auto& reader : streams_.readers) {
      reader->abandon();
    }
  }
}

bool Running::is_ours() const noexcept { return owner_ == ::getpid(); }

void Running::require_ours(const std::string& operation) const {
  if (!is_ours()) {
    throw run_error(operation, subject_, errc::wrong_process,
                    "use it in the process that made it; a forked copy launches its own");
  }
}

std::optional<ExitStatus> Running::wait_until(Deadline deadline) const {
  require_ours("wait for container");
  const auto received = launcher::receive(channel_.get(), deadline, launcher::Take::Peek);
  if (!received) {
    return std::nullopt;
  }
  return status_of(received->message, channel_.get());
}

ExitStatus Running::wait() const {
  const auto status = wait_until(launcher::kNever);
  if (!status) {  // poll(2) gives up for want of memory alone
    throw call_failure({Stage::Run, "wait for container", subject_}, kernel::CallError{"poll", ENOMEM});
  }
  return *status;
}

Received Running::ask(Message message, std::span<const std::byte> payload, const std::string& operation) const {
  require_ours(operation);
  const Deadline deadline = std::chrono::steady_clock::now() + kAnswerTimeout;
  const Deed deed{Stage::Run, operation, subject_};
  auto [ours, theirs] = explained(deed, [] { return launcher::make_channel(); });
  message.payload_size = static_cast<std::uint32_t>(payload.size());
  std::vector<std::byte> frame(sizeof message);
  std::memcpy(frame.data(), &message, sizeof message);
  frame.insert(frame.end(), payload.begin(), payload.end());
  const int reply = theirs.get();
  const int sent = launcher::send(channel_.get(), frame, {&reply, 1}, deadline);
  theirs.reset();
  if (sent != 0 && sent != EPIPE && sent != ETIMEDOUT) {
    throw call_failure(deed, kernel::CallError{"send the request", sent});
  }
  auto answer = sent == ETIMEDOUT ? std::nullopt
                : sent == 0       ? launcher::receive(ours.get(), deadline)
                                  : std::optional<Received>{Received{}};
  if (!answer) {
    throw run_error(operation, subject_, errc::timed_out, "try again; the machine is very busy");
  }
  if (sent == 0 && answer->message.kind != MessageKind::Answer && is_dropped(*this)) {
    throw run_error(operation, subject_, {EMFILE, std::system_category()},
                    "raise the number of descriptors a process may have (ulimit -n)");
  }
  if (answer->message.kind != MessageKind::Answer || answer->message.failure.error == ESRCH) {
    throw run_error(operation, subject_, errc::not_running, "launch it again");
  }
  return std::move(*answer);
}

Received Running::command(MessageKind kind, int number, const std::string& operation) const {
  Message message;
  message.kind = kind;
  message.number = number;
  Received answer = ask(message, {}, operation);
  if (const int error = answer.message.failure.error; error != 0) {
    throw run_error(operation, subject_, {error, std::system_category()}, "try again");
  }
  return answer;
}

void Running::signal(int number, const std::string& operation) const {
  if (!is_signal(number)) {
    throw LaunchError{{.stage = Stage::Run,
                       .operation = operation,
                       .subject = subject_,
                       .detail = {},
                       .cause = std::to_string(number) + " is no signal",
                       .code = errc::invalid_argument,
                       .remedy = "give a number from 1 to 64, or a name to parse_signal()"}};
  }
  (void)command(MessageKind::Signal, number, operation);
}

int Running::pid() const {
  if (!process_) {
    return 0;
  }
  return pid_of(process_.get());
}

void Running::kill_and_wait(std::chrono::milliseconds limit) const noexcept {
  if (!is_ours()) {
    return;
  }
  try {
    const Deadline deadline = std::chrono::steady_clock::now() + limit;
    Message message;
    message.kind = MessageKind::Signal;
    message.number = SIGKILL;
    (void)launcher::send(channel_.get(), message, {}, deadline);
    (void)launcher::wait_readable(channel_.get(), deadline);
  } catch (const std::exception&) {
    // closing the channel, which comes next, kills it as well
  }
}

bool is_dropped(const Running& run) {
  constexpr auto kPatience = std::chrono::seconds{2};  // an end closes both channels, one after the other
  return !run.wait_until(std::chrono::steady_clock::now() + kPatience);
}

int pid_of(int pidfd) {
  std::string content;
  const std::string path = "/proc/self/fdinfo/" + std::to_string(pidfd);
  constexpr std::size_t kMost = 4096;
  const kernel::FileDescriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  content.resize(kMost);
  const ssize_t size = file ? ::read(file.get(), content.data(), content.size()) : -1;
  content.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  constexpr std::string_view kField = "\nPid:\t";
  const std::size_t position = content.find(kField);
  int pid = 0;
  if (position != std::string::npos) {
    const char* begin = content.data() + position + kField.size();
    (void)std::from_chars(begin, content.data() + content.size(), pid);
  }
  return pid > 0 ? pid : 0;
}

}  // namespace dunnage::container
