// SPDX-License-Identifier: Apache-2.0

// docker run -v /host/logs:/app/logs backend-app
//
// A back-end writes its logs to /app/logs. A bind mount makes that directory one of the host's, so the logs are seen on
// the host at once, and they stay when the container crashes.
//
//     logs_bind_mount [HOST_DIRECTORY]

#include "example.hpp"

#include <dunnage/dunnage.hpp>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iterator>
#include <thread>

using namespace std::chrono_literals;
using example::check;
using example::say;

namespace {

// The back-end: tells how many lines it finds, then logs one request after the other until it is stopped.
constexpr auto kBackend = R"(
  if [ -f /app/logs/today.log ]; then echo "back-end: I find $(wc -l < /app/logs/today.log) lines of mine"; fi
  request=0
  while :; do
    request=$((request + 1))
    echo "$(date +%T) served request $request" >> /app/logs/today.log
    sleep 0.05
  done
)";

long lines_in(const std::filesystem::path& file) {
  std::ifstream in{file};
  return std::count(std::istreambuf_iterator<char>{in}, {}, '\n');
}

void wait_for_lines(const std::filesystem::path& file, long count) {
  for (const auto deadline = std::chrono::steady_clock::now() + 20s; lines_in(file) < count;) {
    if (std::chrono::steady_clock::now() > deadline) throw std::runtime_error{"the back-end does not log"};
    std::this_thread::sleep_for(20ms);
  }
}

dunnage::Container launch_backend(const std::filesystem::path& host_logs) {
  dunnage::MountSet mounts;
  mounts.add(dunnage::BindMount{host_logs, "/app/logs"});
  return dunnage::Container::launch({.argv = {"sh", "-c", kBackend}, .mounts = mounts});
}

int run(const std::filesystem::path& host_logs) {
  const auto today = host_logs / "today.log";
  say("launching the back-end with " + host_logs.string() + " at /app/logs");
  auto backend = launch_backend(host_logs);
  wait_for_lines(today, 5);
  check(true, "the host reads the back-end's log while it is being written");

  say("the back-end crashes: SIGKILL");
  backend.kill(SIGKILL);
  const auto status = backend.wait();
  check(status.signal() == SIGKILL, "the container is gone: " + status.to_string());
  const long left = lines_in(today);
  check(left >= 5, "its log is still on the host, " + std::to_string(left) + " lines");

  say("launching it again");
  auto successor = launch_backend(host_logs);
  wait_for_lines(today, left + 5);
  check(lines_in(today) >= left + 5, "the new container goes on in the same file");
  successor.kill(SIGKILL);
  (void)successor.wait();
  say("The logs have outlived the container, in a directory of the host.");
  return 0;
}

}  // namespace

int main(int argc, char** argv) { return example::show_in_directory(argc, argv, run); }
