// SPDX-License-Identifier: Apache-2.0
#include "support/host.hpp"

#include "support/leak_guard.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <cctype>
#include <fstream>
#include <iterator>
#include <sstream>
#include <system_error>
#include <thread>

namespace dunnage::test {

namespace fs = std::filesystem;

namespace {

std::string link_text(const fs::path& link) {
  std::error_code gone;
  return fs::read_symlink(link, gone).string();
}

std::string status_lines(std::string_view names) {
  std::istringstream wanted{std::string{names}};
  std::string found;
  for (std::string name; wanted >> name;) found += name + "=" + status_of(::getpid(), name) + " ";
  return found;
}

std::string namespaces() {
  std::string found;
  for (const char* name : {"cgroup", "ipc", "mnt", "net", "pid", "pid_for_children", "user", "uts"}) {
    found += link_text(fs::path{"/proc/self/ns"} / name) + " ";
  }
  return found;
}

std::string environment() {
  std::string found;
  for (char** entry = environ; *entry != nullptr; ++entry) found += std::string{*entry} + "\n";
  return found;
}

template <typename Condition>
std::vector<pid_t> processes_for_which(Condition&& condition) {
  std::vector<pid_t> found;
  for (const pid_t pid : all_processes()) {
    if (condition(fs::path{"/proc"} / std::to_string(pid))) found.push_back(pid);
  }
  return found;
}

}  // namespace

std::set<std::string> threads_of_this_process() {
  std::set<std::string> found;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator{"/proc/self/task", ignored}) {
    found.insert(entry.path().filename().string());
  }
  return found;
}

void run_first_thread() {
  long number = 0;
  std::thread{[&] { number = ::syscall(SYS_gettid); }}.join();
  (void)becomes_true([&] { return !threads_of_this_process().contains(std::to_string(number)); },
                     std::chrono::seconds{20});
}

std::string file_text(const fs::path& file) {
  std::ifstream stream{file, std::ios::binary};
  std::ostringstream text;
  text << stream.rdbuf();  // a process that ends while its file is read makes an iterator throw, and this stop
  return text.str();
}

std::string status_of(pid_t pid, std::string_view name) {
  std::ifstream lines{"/proc/" + std::to_string(pid) + "/status"};
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(std::string{name} + ":")) continue;
    const std::size_t value = line.find_first_not_of(" \t", name.size() + 1);
    return value == std::string::npos ? std::string{} : line.substr(value);
  }
  return {};
}

HostState volatile_host_state() {
  return {{"working directory", link_text("/proc/self/cwd")},
          {"root", link_text("/proc/self/root")},
          {"umask", status_lines("Umask")},
          {"signals", status_lines("SigIgn SigCgt")},
          {"credentials", status_lines("Uid Gid Groups CapInh CapPrm CapEff CapBnd CapAmb NoNewPrivs Seccomp")},
          {"namespaces", namespaces()}};
}

HostState host_state() {
  HostState state = volatile_host_state();
  const ProcessSnapshot snapshot = ProcessSnapshot::take();
  state["blocked signals"] = status_lines("SigBlk ShdPnd");
  state["threads"] = status_lines("Threads");
  state["limits"] = file_text("/proc/self/limits");
  state["environment"] = environment();
  state["control group"] = file_text("/proc/self/cgroup");
  state["mounts"] = snapshot.mounts;
  state["descriptors"] = snapshot.descriptors;
  state["children"] = snapshot.children;
  return state;
}

std::string difference(const HostState& before, const HostState& now) {
  std::string found;
  for (const auto& [name, text] : before) {
    const auto other = now.find(name);
    if (other != now.end() && other->second != text) found += name + ": " + text + " became " + other->second + "\n";
  }
  return found;
}

std::vector<pid_t> all_processes() {
  std::vector<pid_t> found;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator{"/proc", ignored}) {
    const std::string name = entry.path().filename().string();
    if (std::isdigit(static_cast<unsigned char>(name.front())) != 0) found.push_back(std::stoi(name));
  }
  return found;
}

std::vector<pid_t> launchers_of(pid_t host) {
  const std::string held = "\nPid:\t" + std::to_string(host) + "\n";
  return processes_for_which([&](const fs::path& process) {
    return file_text(process / "cmdline").starts_with("dunnage-launcher") &&
           file_text(process / "fdinfo/4").find(held) != std::string::npos;
  });
}

std::vector<pid_t> processes_with(const std::string& word) {
  return processes_for_which(
      [&](const fs::path& process) { return file_text(process / "cmdline").find(word) != std::string::npos; });
}

std::set<std::string> namespaces_of(const std::vector<pid_t>& processes) {
  std::set<std::string> found;
  for (const pid_t pid : processes) {
    for (const char* kind : {"pid", "mnt"}) {
      found.insert(link_text(fs::path{"/proc"} / std::to_string(pid) / "ns" / kind));
    }
  }
  found.erase("");
  return found;
}

std::vector<pid_t> processes_in(const std::set<std::string>& namespaces) {
  return processes_for_which([&](const fs::path& process) {
    return namespaces.contains(link_text(process / "ns/pid")) || namespaces.contains(link_text(process / "ns/mnt"));
  });
}

std::vector<pid_t> processes_that_mount(const std::string& text) {
  return processes_for_which(
      [&](const fs::path& process) { return file_text(process / "mountinfo").find(text) != std::string::npos; });
}

bool any_is_left(const std::vector<pid_t>& processes) {
  for (const pid_t pid : processes) {
    const std::string state = status_of(pid, "State");
    if (!state.empty() && state.front() != 'Z' && state.front() != 'X') return true;
  }
  return false;
}

bool becomes_true(const std::function<bool()>& condition, std::chrono::milliseconds time) {
  const auto deadline = std::chrono::steady_clock::now() + time;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
  return true;
}

}  // namespace dunnage::test
