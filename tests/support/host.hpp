// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What tests know about processes: of a host, all that a library could change; of the machine, who is left.

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage::test {

/// Everything about this process that an embedder may rely on, by name: "umask", "signals", "mounts", ...
using HostState = std::map<std::string, std::string>;

/// What can change and change back unseen; cheap enough to be looked at all the time.
[[nodiscard]] HostState volatile_host_state();
[[nodiscard]] HostState host_state();
/// The names and texts of what differs; empty if nothing does.
[[nodiscard]] std::string difference(const HostState& before, const HostState& now);

/// The threads of this process. One that was joined is among them for a moment yet.
[[nodiscard]] std::set<std::string> threads_of_this_process();
/// Runs a thread, and waits until nothing of it is left: with its first one a program catches a signal for the C
/// library.
void run_first_thread();

[[nodiscard]] std::string file_text(const std::filesystem::path& file);
/// The value of "Name:" in /proc/PID/status.
[[nodiscard]] std::string status_of(pid_t pid, std::string_view name);

/// Processes of the machine, zombies included.
[[nodiscard]] std::vector<pid_t> all_processes();
/// The launchers of this host, known by the pidfd of it that each holds. Needs root.
[[nodiscard]] std::vector<pid_t> launchers_of(pid_t host);
/// Those with this word in their arguments.
[[nodiscard]] std::vector<pid_t> processes_with(const std::string& word);
/// The pid and mount namespaces these processes are in, as "pid:[4026532]".
[[nodiscard]] std::set<std::string> namespaces_of(const std::vector<pid_t>& processes);
/// Only while these namespaces are there: the kernel gives their numbers to new ones.
[[nodiscard]] std::vector<pid_t> processes_in(const std::set<std::string>& namespaces);
/// Zombies are gone: orphans wait for the machine's init, which takes its time.
[[nodiscard]] bool any_is_left(const std::vector<pid_t>& processes);
/// Those that see a mount with this text in its line of mountinfo.
[[nodiscard]] std::vector<pid_t> processes_that_mount(const std::string& text);

/// Whether it becomes true in time.
[[nodiscard]] bool becomes_true(const std::function<bool()>& condition, std::chrono::milliseconds time);

}  // namespace dunnage::test
