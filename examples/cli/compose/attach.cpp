// SPDX-License-Identifier: Apache-2.0
#include "attach.hpp"

#include "running.hpp"
#include "steps_printer.hpp"

#include <dunnage/error.hpp>

#include <poll.h>

#include <algorithm>
#include <exception>
#include <iostream>
#include <map>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>

namespace cli {
namespace {

constexpr int kInterrupted = 130;

/// Prints logs in a thread of its own, until what it follows has ended.
class Follower {
 public:
  Follower(const Session& session, const Attached& attached, LogPrinter& printer)
      : thread_{[this, &session, &attached, &printer] {
          try {
            dunnage::project_logs(session.containers(), attached.shown,
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
    if (thread_.joinable()) return;  // it does so already
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

/// What the ends of containers lead to.
class Ends {
 public:
  Ends(const Attached& attached, LogPrinter& printer) : attached_{attached}, printer_{printer} {}

  /// \return whether the others are to be stopped now
  bool add(const std::string& container, int code) {
    if (contains(attached_.shown, container)) printer_.print_end(container, code);
    const bool counts = attached_.on_exit == OnExit::Stop || (attached_.on_exit == OnExit::StopIfFailed && code != 0);
    const bool first = counts && !aborting_;
    aborting_ = aborting_ || counts;
    if (attached_.code_from.empty() ? first : !code_ && contains(attached_.code_from, container)) code_ = code;
    return first;
  }
  [[nodiscard]] int code() const { return code_.value_or(0); }

 private:
  static bool contains(const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  }

  const Attached& attached_;
  LogPrinter& printer_;
  bool aborting_ = false;
  std::optional<int> code_{};
};

/// Containers in the foreground.
class Watching {
 public:
  Watching(const dunnage::Project& project, const Attached& attached, const dunnage::DownOptions& down,
           LogPrinter& printer)
      : project_{project}, down_{down}, ends_{attached, printer} {}

  void begin(const dunnage::ContainerStore& store, const std::vector<std::string>& names) {
    for (const auto& name : names) {
      try {
        if (auto container = running(store, name)) {
          handles_.emplace(name, std::move(*container));
        } else {
          end(name, exit_code_of(store, name));
        }
      } catch (const dunnage::LaunchError&) {  // it is gone
      }
    }
  }

  [[nodiscard]] int watch(Signals& signals) {
    while (!handles_.empty()) {
      std::vector<pollfd> interests{{.fd = signals.fd(), .events = POLLIN, .revents = 0}};
      for (const auto& entry : handles_) {
        interests.push_back({.fd = entry.second.exit_fd(), .events = POLLIN, .revents = 0});
      }
      (void)poll(interests.data(), interests.size(), -1);
      if (interests.front().revents != 0 && signals.next()) interrupt();
      take_ends(interests);
    }
    return interruptions_ > 0 ? kInterrupted : ends_.code();
  }

 private:
  void interrupt() {
    if (++interruptions_ == 1) {
      std::cerr << "Gracefully stopping... (press Ctrl+C again to force)" << std::endl;
      stopping_.begin(project_, down_);
    } else {
      kill_all(handles_);
    }
  }

  void end(const std::string& name, int code) {
    if (!ends_.add(name, code) || interruptions_ > 0) return;
    std::cerr << "Aborting on container exit..." << std::endl;
    stopping_.begin(project_, down_);
  }

  void take_ends(const std::vector<pollfd>& interests) {
    std::size_t index = 0;
    for (auto entry = handles_.begin(); entry != handles_.end();) {
      if (interests[++index].revents == 0) {
        ++entry;
        continue;
      }
      const std::string name = entry->first;
      const int code = entry->second.wait().code();
      entry = handles_.erase(entry);
      end(name, code);
    }
  }

  const dunnage::Project& project_;
  const dunnage::DownOptions& down_;
  Ends ends_;
  std::map<std::string, dunnage::Container> handles_{};
  Stopping stopping_{};
  int interruptions_ = 0;
};

}  // namespace

int attach(const dunnage::Project& project, const Session& session, const Attached& attached,
           const dunnage::DownOptions& down, Signals& signals) {
  LogPrinter printer{project.name(), attached.shown, attached.style};
  Follower follower{session, attached, printer};
  int code = 0;
  {
    Watching watching{project, attached, down, printer};
    watching.begin(session.containers(), attached.containers);
    code = watching.watch(signals);
  }
  follower.finish();
  return code;
}

}  // namespace cli
