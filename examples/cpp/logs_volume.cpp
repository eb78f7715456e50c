// SPDX-License-Identifier: Apache-2.0

// docker volume create logs-volume
// docker run -v logs-volume:/app/logs backend-app
//
// The same back-end with a named volume: no path of the host is chosen, the library keeps the directory. The volume
// outlives every container that mounts it, and goes only when it is removed.
//
//     logs_volume [STORE]

#include "example.hpp"

#include <dunnage/dunnage.hpp>

#include <chrono>
#include <sstream>
#include <thread>

using namespace std::chrono_literals;
using example::check;
using example::say;

namespace {

constexpr auto kBackend = R"(
  request=0
  while :; do
    request=$((request + 1))
    echo "$(date +%T) served request $request" >> /app/logs/today.log
    sleep 0.05
  done
)";

dunnage::Container launch_backend(const dunnage::Volume& logs) {
  return dunnage::Container::launch({
      .argv = {"sh", "-c", kBackend},
      .mounts = dunnage::MountSet{logs.at("/app/logs")},
  });
}

// What a container sees is asked in a container: the volume's directory on the host is the library's own business.
long lines_in(const dunnage::Volume& logs) {
  std::string answer;
  {
    auto reader = dunnage::Container::launch({
        .argv = {"sh", "-c", "cat /app/logs/*.log 2> /dev/null | wc -l"},
        .mounts = dunnage::MountSet{logs.at("/app/logs", {.read_only = true})},
        .out = dunnage::Stdio::callback([&answer](std::string_view bytes) { answer += bytes; }),
    });
    (void)reader.wait();
  }  // the handle is gone: every byte has arrived
  return std::stol(answer);
}

void wait_for_lines(const dunnage::Volume& logs, long count) {
  for (const auto deadline = std::chrono::steady_clock::now() + 20s; lines_in(logs) < count;) {
    if (std::chrono::steady_clock::now() > deadline) throw std::runtime_error{"the back-end does not log"};
    std::this_thread::sleep_for(50ms);
  }
}

int run(dunnage::VolumeStore store) {
  say("creating the volume logs-volume in " + store.root().string());
  const auto logs = store.get_or_create("logs-volume", {.labels = {{"app", "backend"}}});

  say("launching the back-end with logs-volume at /app/logs");
  {
    auto backend = launch_backend(logs);
    wait_for_lines(logs, 5);
    check(store.users("logs-volume").size() == 1, "the store knows that a container uses the volume");
    say("the back-end crashes: SIGKILL, and the container is removed");
    backend.kill(SIGKILL);
    check(backend.wait().signal() == SIGKILL, "the container is gone");
  }
  const long left = lines_in(logs);
  check(left >= 5, "the volume still holds its log, " + std::to_string(left) + " lines");

  say("launching it again");
  {
    auto successor = launch_backend(logs);
    wait_for_lines(logs, left + 5);
    check(true, "the new container goes on in the same file");
  }  // a handle that goes takes its container with it

  store.remove("logs-volume");
  check(!store.find("logs-volume"), "a volume goes when it is removed, not before");
  say("The logs have outlived the container, in a volume.");
  return 0;
}

}  // namespace

int main(int argc, char** argv) { return example::show_in_store(argc, argv, run); }
