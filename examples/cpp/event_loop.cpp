// SPDX-License-Identifier: Apache-2.0

// Containers in a program with an event loop of its own: one thread, one epoll, signals as a descriptor, and nothing
// that waits. Ends, output and logs of any number of containers are descriptors that become readable. A loop of GLib,
// Qt or libuv is given the same descriptors (g_unix_fd_add, QSocketNotifier, uv_poll_t).

#include "example.hpp"

#include <dunnage/dunnage.hpp>

#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

using example::check;
using example::say;

namespace {

/// Calls what belongs to a descriptor whenever it can be read.
class Loop {
 public:
  Loop() : epoll_{epoll_create1(EPOLL_CLOEXEC)} {
    if (epoll_ < 0) throw std::system_error{errno, std::generic_category(), "epoll_create1"};
  }
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop() { close(epoll_); }

  void watch(int fd, std::function<void()> action) {
    epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) {
      throw std::system_error{errno, std::generic_category(), "epoll_ctl"};
    }
    actions_[fd] = std::move(action);
  }

  /// Before the descriptor is closed, and that is before its container's handle goes.
  void forget(int fd) {
    epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr);
    actions_.erase(fd);
  }

  void run_until_idle() {
    while (!actions_.empty()) {
      epoll_event event{};
      const int count = epoll_wait(epoll_, &event, 1, -1);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) throw std::system_error{errno, std::generic_category(), "epoll_wait"};
      const auto action = actions_.at(event.data.fd);  // a copy: it may forget itself
      action();
    }
  }

 private:
  int epoll_;
  std::map<int, std::function<void()>> actions_;
};

/// A container whose output and end are events.
class Job {
 public:
  Job(Loop& loop, std::string script)
      : container_{
            dunnage::Container::launch({.argv = {"sh", "-c", std::move(script)}, .out = dunnage::Stdio::pipe()})} {
    loop.watch(container_.stdout_fd(), [this, &loop] {
      std::array<char, 256> buffer{};
      const ssize_t count = read(container_.stdout_fd(), buffer.data(), buffer.size());
      if (count > 0) output_.append(buffer.data(), static_cast<std::size_t>(count));
      if (count == 0) loop.forget(container_.stdout_fd());
    });
    loop.watch(container_.exit_fd(), [this, &loop] {
      loop.forget(container_.exit_fd());  // it stays readable
      status_ = container_.wait();        // does not wait any more
    });
  }
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;

  [[nodiscard]] const dunnage::Container& container() const { return container_; }
  [[nodiscard]] const std::string& output() const { return output_; }
  [[nodiscard]] const std::optional<dunnage::ExitStatus>& status() const { return status_; }

 private:
  dunnage::Container container_;
  std::string output_;
  std::optional<dunnage::ExitStatus> status_;
};

void outputs_and_ends() {
  say("One thread waits for the output and the end of ten containers");
  Loop loop;
  std::vector<std::unique_ptr<Job>> jobs;
  for (int number = 0; number < 10; ++number) {
    jobs.push_back(
        std::make_unique<Job>(loop, "echo job " + std::to_string(number) + "; exit " + std::to_string(number)));
  }
  loop.run_until_idle();
  bool good = true;
  for (int number = 0; number < 10; ++number) {
    const Job& job = *jobs[static_cast<std::size_t>(number)];
    good = good && job.output() == "job " + std::to_string(number) + "\n" && job.status()->exit_code() == number;
  }
  check(good, "each has its own output and its own end");
}

// stop() waits; a loop asks, and kills when the grace that it measures itself is over.
void stopping() {
  say("A signal to this program, as a descriptor, stops a container without waiting for it");
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGUSR1);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  const int signal = signalfd(-1, &signals, SFD_CLOEXEC);
  const int grace = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
  {
    Loop loop;
    Job job{loop, "trap '' TERM; echo ready; while :; do sleep 1; done"};  // it does not listen
    loop.watch(signal, [&] {
      signalfd_siginfo information{};
      if (read(signal, &information, sizeof information) < 0) return;  // taken; else it would be delivered later
      loop.forget(signal);
      job.container().request_stop();
      const itimerspec time{.it_interval = {}, .it_value = {.tv_sec = 0, .tv_nsec = 200'000'000}};
      timerfd_settime(grace, 0, &time, nullptr);
      loop.watch(grace, [&] {
        loop.forget(grace);
        if (!job.status()) job.container().kill();
      });
    });
    raise(SIGUSR1);
    loop.run_until_idle();
    check(job.status()->signal() == SIGKILL, "it was asked, and killed when its grace was over");
  }
  close(grace);
  close(signal);
  sigprocmask(SIG_UNBLOCK, &signals, nullptr);
}

void logs(const std::filesystem::path& directory) {
  say("The log of a container is followed by its descriptor, too");
  const auto containers = dunnage::ContainerStore::open(directory / "store");
  const auto container = dunnage::Container::launch({.argv = {"sh", "-c", "for n in one two three; do echo $n; done"},
                                                     .out = dunnage::Stdio::log(),
                                                     .name = "counter",
                                                     .remove_on_exit = false,
                                                     .store = containers.root()});
  Loop loop;
  auto log = containers.read_log("counter", {.follow = true});
  std::string text;
  const auto read_on = [&] {
    while (const auto entry = log.next()) text += entry->data;
    return !log.ended();
  };
  if (read_on()) {
    loop.watch(log.fd(), [&] {
      if (!read_on()) loop.forget(log.fd());
    });
  }
  loop.run_until_idle();
  check(text == "one\ntwo\nthree\n", "all of it has been read, and the end was heard of");
}

int run(const std::filesystem::path& directory) {
  outputs_and_ends();
  stopping();
  logs(directory);
  say("No thread was needed for any of it.");
  return 0;
}

}  // namespace

int main(int argc, char** argv) { return example::show_in_directory(argc, argv, run); }
