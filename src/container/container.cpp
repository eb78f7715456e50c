// SPDX-License-Identifier: Apache-2.0
#include <dunnage/container.hpp>
#include <dunnage/error.hpp>

#include "container/failure.hpp"
#include "container/record.hpp"
#include "container/running.hpp"
#include "container/specification.hpp"
#include "container/state.hpp"
#include "container/status.hpp"
#include "volume/volume_store_access.hpp"

#include <chrono>
#include <csignal>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace dunnage {
namespace {

using launcher::Deadline;
using launcher::MessageKind;

}  // namespace

Container::State::~State() {
  if (const auto last = run(); owned && last != nullptr) {
    last->kill_and_wait(container::kEndTimeout);
  }
}

Container::Container(std::shared_ptr<State> state) noexcept : state_{std::move(state)} {}
Container::Container(Container&&) noexcept = default;
Container& Container::operator=(Container&&) noexcept = default;
Container::~Container() = default;

const std::string& Container::id() const noexcept { return state_->id; }
const std::string& Container::name() const noexcept { return state_->name; }
LaunchTimings Container::timings() const { return state_->run()->timings(); }
MountPlan Container::plan() const { return *container::present_storage(*state_).plan; }

int Container::pid() const {
  const auto run = state_->run();
  if (run->wait_until(Deadline{})) {
    return 0;
  }
  try {
    // a restarted program has another id than the one the handle began with
    const auto answer = run->command(MessageKind::Query, 0, "ask container");
    return answer.descriptors.empty() ? 0 : container::pid_of(answer.descriptors.front().get());
  } catch (const LaunchError& error) {
    if (error.code() == errc::not_running) {
      return 0;
    }
    throw;
  }
}

ContainerStatus Container::status() const {
  const auto run = state_->run();
  if (const auto ended = run->wait_until(Deadline{})) {
    return ended->launcher_lost() ? ContainerStatus::Dead : ContainerStatus::Exited;
  }
  try {
    return container::status_of(run->command(MessageKind::Query, 0, "ask container").message.state);
  } catch (const LaunchError& error) {
    if (error.code() != errc::not_running) {
      throw;
    }
  }
  return run->wait().launcher_lost() ? ContainerStatus::Dead : ContainerStatus::Exited;
}

ExitStatus Container::wait() const { return state_->run()->wait(); }

std::optional<ExitStatus> Container::wait_for(std::chrono::milliseconds timeout) const {
  return state_->run()->wait_until(launcher::deadline_after(timeout));
}

int Container::exit_fd() const noexcept { return state_->run()->channel(); }

void Container::request_stop() const {
  const auto run = state_->run();
  if (run->wait_until(Deadline{})) {
    return;
  }
  try {
    (void)run->command(MessageKind::EndRestart, 0, "stop container");
    (void)run->command(MessageKind::Signal, state_->stop_signal, "stop container");
  } catch (const LaunchError& error) {
    if (error.code() != errc::not_running) {  // it was faster
      throw;
    }
  }
}

ExitStatus Container::stop(std::chrono::milliseconds grace) const {
  const auto run = state_->run();
  request_stop();
  if (const auto ended = run->wait_until(launcher::deadline_after(grace))) {
    return *ended;
  }
  try {
    run->signal(SIGKILL, "stop container");
  } catch (const LaunchError& error) {
    if (error.code() != errc::not_running) {
      throw;
    }
  }
  return run->wait();
}

void Container::kill(int signal) const {
  const auto run = state_->run();
  if (run->wait_until(Deadline{})) {
    throw LaunchError{{.stage = Stage::Run,
                       .operation = "signal container",
                       .subject = run->subject(),
                       .detail = {},
                       .cause = {},
                       .code = errc::not_running,
                       .remedy = "launch it again"}};
  }
  run->signal(signal, "signal container");
}

void Container::pause() const { (void)state_->run()->command(MessageKind::Pause, 0, "pause container"); }
void Container::resume() const { (void)state_->run()->command(MessageKind::Resume, 0, "resume container"); }

void Container::detach() {
  const auto run = state_->run();
  run->require_ours("detach container");
  if (!state_->recorded) {
    throw LaunchError{{.stage = Stage::Run,
                       .operation = "detach container",
                       .subject = run->subject(),
                       .detail = {},
                       .cause = "it has no record, so nobody could find it",
                       .code = errc::invalid_argument,
                       .remedy = "launch it with a name, or with record"}};
  }
  container::explained({Stage::Run, "detach container", run->subject()}, [&] {
    container::mark_detached(VolumeStoreAccess::layout(VolumeStore::open(state_->store)), state_->name, state_->id);
  });
  (void)run->command(MessageKind::Detach, 0, "detach container");
  state_->owned = false;
}

int Container::stdin_fd() const noexcept { return state_->run()->streams().in.get(); }
int Container::stdout_fd() const noexcept { return state_->run()->streams().out.get(); }
int Container::stderr_fd() const noexcept { return state_->run()->streams().err.get(); }
int Container::terminal_fd() const noexcept { return state_->run()->streams().terminal.get(); }
void Container::close_stdin() { state_->run()->streams().in.reset(); }

}  // namespace dunnage
