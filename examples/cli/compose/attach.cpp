// SPDX-License-Identifier: Apache-2.0
#include "attach.hpp"

#include "steps_printer.hpp"

#include <dunnage/error.hpp>

#include <poll.h>

#include <exception>
#include <iostream>
#include <map>
#include <stop_token>
#include <thread>

namespace cli {
namespace {

constexpr int kInterrupted = 130;

/// Prints logs in a thread of its own, until what it follows has ended.
class Follower {
 public:
  Follower(const Session& session, const Attached& attached, LogPrinter& printer)
      : thread_{[this, &session, &attached, &printer] {
          try {
            dunnage::project_logs(session.containers(), attached.containers,
                                  [&](const dunnage::ProjectLogLine& line) { printer.print(line); },
                                  {.follow = true, .since = attached.since, .stop = stop_.get_token()});
          } catch (const std::exception& error) {
            complain(error.what());
          }
        }} {}
  Follower(const Follower&) = delete;
  Follower& operator=(const Follower&) = delete;
  ~Follower() {
    stop_.request_stop();
    thread_.join();
  }
  void finish() {
    thread_.join();
    thread_ = std::thread{[] {}};
  }

 private:
  std::stop_source stop_;
  std::thread thread_;
};

/// Handles on those that run; those that have ended by now are told.
std::map<std::string, dunnage::Container> running(const dunnage::ContainerStore& store,
                                                  const std::vector<std::string>& names, LogPrinter& printer) {
  std::map<std::string, dunnage::Container> handles;
  for (const auto& name : names) {
    try {
      handles.emplace(name, store.get(name));
    } catch (const dunnage::LaunchError& error) {
      if (error.code() == dunnage::errc::not_running) {
        const auto exit = store.inspect(name).exit;
        printer.print_end(name, exit ? exit->code() : 0);
      }
    }
  }
  return handles;
}

void kill_all(const std::map<std::string, dunnage::Container>& handles) {
  for (const auto& entry : handles) {
    try {
      entry.second.kill();
    } catch (const dunnage::LaunchError&) {  // it has just ended
    }
  }
}

/// Stops in a thread of its own, so that a second signal is heard.
class Stopping {
 public:
  void begin(const dunnage::Project& project, const dunnage::DownOptions& down) {
    thread_ = std::thread{[&project, &down] {
      try {
        StepsPrinter printer;
        dunnage::ApplyOptions options;
        options.event = [&printer](const dunnage::ApplyEvent& event) { printer.show(event); };
        project.plan_down(down).apply(options);
      } catch (const std::exception& error) {
        complain(error.what());
      }
    }};
  }
  ~Stopping() {
    if (thread_.joinable()) thread_.join();
  }

 private:
  std::thread thread_;
};

}  // namespace

int attach(const dunnage::Project& project, const Session& session, const Attached& attached,
           const dunnage::DownOptions& down, Signals& signals) {
  const auto store = session.containers();
  LogPrinter printer{project.name(), attached.containers, attached.style};
  Follower follower{session, attached, printer};
  auto handles = running(store, attached.containers, printer);
  Stopping stopping;
  int interruptions = 0;
  while (!handles.empty()) {
    std::vector<pollfd> interests{{.fd = signals.fd(), .events = POLLIN, .revents = 0}};
    for (const auto& entry : handles) {
      interests.push_back({.fd = entry.second.exit_fd(), .events = POLLIN, .revents = 0});
    }
    (void)poll(interests.data(), interests.size(), -1);
    if (interests.front().revents != 0 && signals.next()) {
      if (++interruptions == 1) {
        std::cerr << "Gracefully stopping... (press Ctrl+C again to force)" << std::endl;
        stopping.begin(project, down);
      } else {
        kill_all(handles);
      }
    }
    std::size_t index = 0;
    for (auto entry = handles.begin(); entry != handles.end();) {
      if (interests[++index].revents == 0) {
        ++entry;
        continue;
      }
      printer.print_end(entry->first, entry->second.wait().code());
      entry = handles.erase(entry);
    }
  }
  follower.finish();
  return interruptions > 0 ? kInterrupted : 0;
}

}  // namespace cli
