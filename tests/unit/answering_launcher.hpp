// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A launcher to those who ask at the socket of a record.

#include "unit/container_support.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <utility>
#include <vector>

namespace dunnage::test {

/// Answers whoever connects, until it is closed; `state` may change.
class AnsweringLauncher {
 public:
  explicit AnsweringLauncher(container::Record record) : record_{std::move(record)} {
    process_.reset(static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0)));
    thread_ = std::thread{[this] { run(); }};
  }
  AnsweringLauncher(const AnsweringLauncher&) = delete;
  AnsweringLauncher& operator=(const AnsweringLauncher&) = delete;
  ~AnsweringLauncher() { close(); }

  void close() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
  }
  std::atomic<launcher::ContainerState> state{launcher::ContainerState::Running};
  std::atomic<int> signal{0};

 private:
  void run() {
    std::vector<kernel::FileDescriptor> connections;
    while (!stop_) {
      if (launcher::wait_readable(record_.control.get(),
                                  std::chrono::steady_clock::now() + std::chrono::milliseconds{2})) {
        connections.push_back(accept_and_greet(record_.control.get(), state, process_.get()));
      }
      for (const auto& connection : connections) {
        const auto received = launcher::receive(connection.get(), std::chrono::steady_clock::now());
        if (received && received->message.kind == launcher::MessageKind::Signal) {
          signal = received->message.number;
          stop_ = true;
        }
      }
    }
    launcher::Message end;
    end.kind = launcher::MessageKind::Exited;
    for (const auto& connection : connections) {
      (void)launcher::send(connection.get(), end, {}, std::chrono::steady_clock::now() + std::chrono::seconds{1});
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{20});  // a launcher tells the end first and closes then
    record_ = {};
  }

  container::Record record_;
  kernel::FileDescriptor process_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace dunnage::test
