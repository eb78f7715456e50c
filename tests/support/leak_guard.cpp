// SPDX-License-Identifier: Apache-2.0
#include "support/leak_guard.hpp"

#include <dunnage/container.hpp>

#include "support/catch.hpp"
#include "support/host.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <exception>
#include <filesystem>
#include <map>
#include <sstream>
#include <string>
#include <system_error>
#include <thread>

namespace dunnage::test {

namespace {

namespace fs = std::filesystem;

std::string open_descriptors() {
  std::map<int, std::string> found;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator{"/proc/self/fd", ignored}) {
    found.emplace(std::stoi(entry.path().filename().string()), fs::read_symlink(entry.path(), ignored).string());
  }
  std::string lines;
  for (const auto& [number, target] : found) {
    // The one that was open for reading the directory is gone by now.
    if (::fcntl(number, F_GETFD) == -1) continue;
    lines += std::to_string(number) + " -> " + target + "\n";
  }
  return lines;
}

std::string child_processes() {
  std::map<int, std::string> found;
  std::error_code ignored;
  for (const auto& task : fs::directory_iterator{"/proc/self/task", ignored}) {
    std::istringstream children{file_text(task.path() / "children")};
    for (int pid = 0; children >> pid;) found.emplace(pid, file_text("/proc/" + std::to_string(pid) + "/comm"));
  }
  std::string lines;
  for (const auto& [pid, name] : found) {
    lines += std::to_string(pid) + " (" + name.substr(0, name.find('\n')) + ")\n";
  }
  return lines;
}

}  // namespace

ProcessSnapshot ProcessSnapshot::take() {
  drop_ready_roots();  // the next launch's, not a leak
  return {
      .descriptors = open_descriptors(), .mounts = file_text("/proc/self/mountinfo"), .children = child_processes()};
}

LeakGuard::LeakGuard(const std::function<void()>& warm_up) {
  if (warm_up) warm_up();
  before_ = ProcessSnapshot::take();
}

LeakGuard::~LeakGuard() {
  if (!checked_ && std::uncaught_exceptions() == 0) check();
}

void LeakGuard::check() {
  using namespace std::chrono_literals;
  checked_ = true;
  // A process that has been reported dead may need a moment to be gone, and so may what it held.
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  ProcessSnapshot now = ProcessSnapshot::take();
  while (now != before_ && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(10ms);
    now = ProcessSnapshot::take();
  }
  CHECK(now.descriptors == before_.descriptors);
  CHECK(now.mounts == before_.mounts);
  CHECK(now.children == before_.children);
}

}  // namespace dunnage::test
