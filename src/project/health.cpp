// SPDX-License-Identifier: Apache-2.0
#include "project/health.hpp"

#include <dunnage/error.hpp>

#include <fmt/format.h>

#include <poll.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace dunnage::project {
namespace {

using std::chrono::nanoseconds;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kMostOutput = 512;  ///< of a check, in an error
constexpr auto kSlice = std::chrono::milliseconds{100};

LaunchError failed(const std::string& container, std::string cause, std::error_code code, std::string remedy) {
  return LaunchError{{.stage = Stage::Run,
                      .operation = "wait for container",
                      .subject = container,
                      .detail = {},
                      .cause = std::move(cause),
                      .code = code,
                      .remedy = std::move(remedy)}};
}

bool is_over(const Watch& watch) {
  return watch.stop.stop_requested() || (watch.deadline && Clock::now() >= *watch.deadline);
}

LaunchError given_up(const std::string& container, const Watch& watch) {
  const errc code = watch.stop.stop_requested() ? errc::cancelled : errc::timed_out;
  return failed(container, "the wait was ended", make_error_code(code), "wait again");
}

LaunchError ended(const std::string& container, const std::optional<ExitStatus>& exit) {
  return failed(container, exit ? fmt::format("it {}", exit->to_string()) : std::string{"it does not run"},
                make_error_code(errc::not_running), "see its log");
}

nanoseconds or_default(nanoseconds value, nanoseconds fallback) { return value.count() > 0 ? value : fallback; }

/// Docker's defaults, where the check says nothing.
struct Times {
  nanoseconds interval, timeout, start_period, start_interval;
  unsigned retries;

  explicit Times(const Healthcheck& check)
      : interval{or_default(check.interval, std::chrono::seconds{30})},
        timeout{or_default(check.timeout, std::chrono::seconds{30})},
        start_period{check.start_period},
        start_interval{or_default(check.start_interval, std::chrono::seconds{5})},
        retries{check.retries == 0 ? 3 : check.retries} {}
};

std::vector<std::string> arguments_of(const Healthcheck& check) {
  if (check.test.front() == "CMD-SHELL") {
    return {"/bin/sh", "-c", check.test.size() > 1 ? check.test[1] : std::string{}};
  }
  const bool marked = check.test.front() == "CMD";
  return {check.test.begin() + (marked ? 1 : 0), check.test.end()};
}

/// The end of the check's output, for who wonders.
std::string read_output(int fd) {
  std::string text;
  std::array<char, 4096> buffer{};
  pollfd readable{.fd = fd, .events = POLLIN, .revents = 0};
  while (::poll(&readable, 1, 0) > 0) {
    const ssize_t count = ::read(fd, buffer.data(), buffer.size());
    if (count <= 0) {
      break;
    }
    text.append(buffer.data(), static_cast<std::size_t>(count));
    text.erase(0, text.size() - std::min(text.size(), kMostOutput));
  }
  text.erase(text.find_last_not_of("\n ") + 1);
  return text;
}

/// One run of a check. \return what was wrong; nothing if it is healthy
std::optional<std::string> probe(const Container& container, const Healthcheck& check, nanoseconds timeout,
                                 const Watch& watch) {
  ExecSpec spec{.argv = arguments_of(check)};
  spec.out = Stdio::pipe();
  spec.err = Stdio::null();
  try {
    const Process process = container.exec(std::move(spec));
    const auto deadline = Clock::now() + timeout;
    std::string output;
    for (;;) {
      const auto status = process.wait_for(kSlice);
      output += read_output(process.stdout_fd());
      output.erase(0, output.size() - std::min(output.size(), kMostOutput));
      if (status) {
        return status->success() ? std::nullopt
                                 : std::optional{fmt::format("its check {}{}{}", status->to_string(),
                                                             output.empty() ? "" : ": ", output)};
      }
      if (Clock::now() >= deadline || is_over(watch)) {
        return "its check took too long";
      }
    }
  } catch (const LaunchError& error) {
    return error.what();
  }
}

/// \return false if the container ended, or the watch is over, before the time
bool sleep_beside(const Container& container, Clock::time_point until, const Watch& watch) {
  while (Clock::now() < until) {
    if (is_over(watch)) {
      return false;
    }
    const auto rest = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
    if (container.wait_for(std::min<std::chrono::milliseconds>(rest, kSlice))) {
      return false;
    }
  }
  return true;
}

/// A handle, while it runs. Throws: LaunchError(not_running) with how it ended.
Container checked(const ContainerStore& store, const std::string& name) {
  try {
    return store.get(name);
  } catch (const LaunchError& error) {
    if (error.code() != errc::not_running) {
      throw;
    }
  }
  throw ended(name, store.inspect(name).exit);
}

}  // namespace

void await_healthy(const ContainerStore& store, const std::string& name, const Healthcheck& check, const Watch& watch) {
  constexpr auto kFirst = std::chrono::milliseconds{100};
  const Container container = checked(store, name);
  const Times times{check};
  const auto begin = Clock::now();
  nanoseconds pause = kFirst;
  unsigned failures = 0;
  for (;;) {
    const auto fault = probe(container, check, times.timeout, watch);
    if (!fault) {
      return;
    }
    const nanoseconds age = Clock::now() - begin;
    const bool starting = age < times.start_period;
    const nanoseconds usual = starting ? std::min(times.start_interval, times.interval) : times.interval;
    if (!starting && age >= times.interval && ++failures >= times.retries) {
      throw failed(name, fmt::format("it is unhealthy: {}", *fault), std::make_error_code(std::errc::io_error),
                   "see its log, or give its health check more time");
    }
    if (!sleep_beside(container, Clock::now() + std::chrono::duration_cast<Clock::duration>(std::min(pause, usual)),
                      watch)) {
      if (is_over(watch)) {
        throw given_up(name, watch);
      }
      throw ended(name, container.wait());
    }
    pause *= 2;
  }
}

void await_completed(const ContainerStore& store, const std::string& name, const Watch& watch) {
  std::optional<ExitStatus> exit;
  try {
    const Container container = store.get(name);
    while (!exit) {
      if (is_over(watch)) {
        throw given_up(name, watch);
      }
      exit = container.wait_for(kSlice);
    }
  } catch (const LaunchError& error) {
    if (error.code() != errc::not_running) {
      throw;
    }
    exit = store.inspect(name).exit;
  }
  if (!exit || !exit->success()) {
    throw failed(name, fmt::format("it was to complete, and {}", exit ? exit->to_string() : "never ran"),
                 std::make_error_code(std::errc::io_error), "see its log");
  }
}

}  // namespace dunnage::project
