// SPDX-License-Identifier: Apache-2.0
#include <dunnage/container.hpp>

#include "container/running.hpp"
#include "container/state.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <utility>

namespace dunnage {

Process::State::~State() {
  if (run != nullptr) {
    run->kill_and_wait(container::kEndTimeout);
  }
}

Process::Process(std::shared_ptr<State> state) noexcept : state_{std::move(state)} {}
Process::Process(Process&&) noexcept = default;
Process& Process::operator=(Process&&) noexcept = default;
Process::~Process() = default;

ExitStatus Process::wait() const { return state_->run->wait(); }

std::optional<ExitStatus> Process::wait_for(std::chrono::milliseconds timeout) const {
  return state_->run->wait_until(launcher::deadline_after(timeout));
}

void Process::kill(int signal) const { state_->run->signal(signal, "signal program"); }

int Process::exit_fd() const noexcept { return state_->run->channel(); }
int Process::stdin_fd() const noexcept { return state_->run->streams().in.get(); }
int Process::stdout_fd() const noexcept { return state_->run->streams().out.get(); }
int Process::stderr_fd() const noexcept { return state_->run->streams().err.get(); }
int Process::terminal_fd() const noexcept { return state_->run->streams().terminal.get(); }
void Process::close_stdin() { state_->run->streams().in.reset(); }

}  // namespace dunnage
