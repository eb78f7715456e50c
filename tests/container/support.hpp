// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What the tests of containers share: a place to work in, programs run to their end with what they wrote, and the
/// mounts a container sees.

#include <dunnage/dunnage.hpp>

#include "support/catch.hpp"
#include "support/error_code.hpp"
#include "support/leak_guard.hpp"
#include "support/requires.hpp"
#include "support/temporary_directory.hpp"

#include <chrono>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage::test {

using namespace std::chrono_literals;

constexpr auto kPatience = 20s;  ///< for what takes a moment; only a failing test waits that long

/// A directory with a store, and the promise that nothing of the test stays behind: no descriptor, no mount, no child.
class Ground {
 public:
  /// The launchers for root and for `users` are there before the guard looks; they stay for the life of the process.
  explicit Ground(std::initializer_list<const char*> users = {});

  [[nodiscard]] const TemporaryDirectory& directory() const noexcept { return directory_; }
  [[nodiscard]] std::filesystem::path path(std::string_view relative) const { return directory_.path() / relative; }
  [[nodiscard]] std::filesystem::path store_path() const { return path("store"); }
  [[nodiscard]] VolumeStore volumes() const { return VolumeStore::open(store_path()); }
  [[nodiscard]] ContainerStore containers() const { return ContainerStore::open(store_path()); }
  /// A program of the host's root file system, silent, with this store.
  [[nodiscard]] LaunchSpec program(std::vector<std::string> argv, MountSet mounts = {}) const;
  /// The same for `sh -c`.
  [[nodiscard]] LaunchSpec shell(std::string script, MountSet mounts = {}) const;

 private:
  TemporaryDirectory directory_;
  LeakGuard guard_;
};

/// Who launches containers here.
enum class Launcher { Root, Range, Single };
[[nodiscard]] Launcher who();
/// false, and the test is skipped, for a user who has one id only: other users of a container need more.
[[nodiscard]] bool requires_many_ids();

/// What a program wrote and how it ended.
struct Outcome {
  std::string out;
  std::string err;
  ExitStatus status = ExitStatus::exited(0);
};

/// Launches, waits, and returns when all output has been delivered.
[[nodiscard]] Outcome outcome_of(LaunchSpec spec);
/// Runs a further program in a container.
[[nodiscard]] Outcome outcome_of(const Container& container, ExecSpec spec);
/// What a script prints in the container.
[[nodiscard]] std::string shown(const Container& container, const std::string& script);
/// The output of a program that has to succeed.
[[nodiscard]] std::string output_of(LaunchSpec spec);

/// A script without an end.
inline constexpr auto kSleep = "while :; do sleep 0.02; done";

/// Collects what a callback is given.
class Collector {
 public:
  [[nodiscard]] Stdio stdio();
  [[nodiscard]] std::string text() const;
  /// Waits until the text holds `part`.
  [[nodiscard]] bool wait_for(std::string_view part) const;

 private:
  mutable std::mutex mutex_;
  std::string text_;
};

[[nodiscard]] std::vector<std::string> lines_of(std::string_view text);
/// The value of "Name:\tvalue" in a text such as /proc/self/status.
[[nodiscard]] std::string field_of(std::string_view text, std::string_view name);

/// Asks until it is so, or patience ends.
[[nodiscard]] bool eventually(const std::function<bool()>& so);

/// what() of the error `work` throws; empty if it throws none.
[[nodiscard]] std::string message_of(const std::function<void()>& work);

/// A line of mountinfo (proc_pid_mountinfo(5)).
struct MountLine {
  std::string root;
  std::string target;
  std::set<std::string> options;      ///< of the mount: ro or rw, nosuid, ...
  std::set<std::string> propagation;  ///< "shared", "master", ... without their numbers
  std::string type;
  std::set<std::string> super_options;
};

[[nodiscard]] std::vector<MountLine> parse_mountinfo(std::string_view text);
/// The mount on top at exactly this place. FAILs the test if there is none.
[[nodiscard]] MountLine mount_at(const std::vector<MountLine>& mounts, std::string_view target);
/// The attributes a container sees for a mount of the plan: {"ro", "nosuid", "nodev", "noexec"} and the like.
[[nodiscard]] std::set<std::string> attributes_of(const MountLine& line);
[[nodiscard]] std::set<std::string> attributes_of(const ResolvedMount& mount);

}  // namespace dunnage::test
