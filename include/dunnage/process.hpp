// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What the programs in a container read and write, and how they end.

#include <dunnage/export.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace dunnage {

/// Where one of a program's standard streams goes. A value; files are opened at launch. A directory is refused
/// (invalid_argument).
///
/// inherit(), file() and descriptor() give the program the descriptor with all that its file allows: it may open the
/// file anew through /proc/self/fd, for writing too, as far as its own user and capabilities may. Give a program that
/// is not trusted pipe() or callback() instead of a file that it must not change.
class DUNNAGE_API Stdio {
 public:
  /// Receives bytes as they come, in a thread the library starts for the container (all signals blocked) and joins
  /// when the container's handle goes. It must not throw; an exception ends the delivery and the bytes are dropped.
  using Callback = std::function<void(std::string_view)>;

  enum class Kind { Inherit, Null, File, Descriptor, Pipe, Callback, Log };

  [[nodiscard]] static Stdio inherit();  ///< that of this process
  [[nodiscard]] static Stdio null();     ///< reads end at once, writes vanish
  /// For input, read from the start; for output, created (0644) and appended to.
  [[nodiscard]] static Stdio file(std::filesystem::path path);
  /// A descriptor of the caller's, duplicated at launch; it stays the caller's.
  [[nodiscard]] static Stdio descriptor(int fd);
  /// A pipe whose other end the container's handle gives out: stdin_fd(), stdout_fd(), stderr_fd().
  [[nodiscard]] static Stdio pipe();
  /// Output only.
  [[nodiscard]] static Stdio callback(Callback function);
  /// Output only: the log of the container's record, read by ContainerStore::logs().
  [[nodiscard]] static Stdio log();

  [[nodiscard]] Kind kind() const noexcept { return kind_; }
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
  [[nodiscard]] int fd() const noexcept { return fd_; }
  [[nodiscard]] const Callback& function() const noexcept { return callback_; }

 private:
  explicit Stdio(Kind kind) : kind_{kind} {}
  Kind kind_;
  int fd_ = -1;
  std::filesystem::path path_;
  Callback callback_;
};

/// How a program ended. Not an error: a program that exits with 1 did what it was told.
class DUNNAGE_API ExitStatus {
 public:
  [[nodiscard]] static ExitStatus exited(int code) noexcept { return ExitStatus{code, 0, false}; }
  [[nodiscard]] static ExitStatus signaled(int signal, bool launcher_lost = false) noexcept {
    return ExitStatus{0, signal, launcher_lost};
  }

  [[nodiscard]] bool success() const noexcept { return signal_ == 0 && code_ == 0; }
  [[nodiscard]] bool exited() const noexcept { return signal_ == 0; }
  [[nodiscard]] bool signaled() const noexcept { return signal_ != 0; }
  [[nodiscard]] int exit_code() const noexcept { return code_; }  ///< 0…255; 0 if it was signaled
  [[nodiscard]] int signal() const noexcept { return signal_; }   ///< 0 if it exited
  /// As a shell and Docker put it in one number: the exit code, or 128 + the signal.
  [[nodiscard]] int code() const noexcept { return signal_ == 0 ? code_ : 128 + signal_; }
  /// The helper process that owned the container was killed, and the container with it.
  [[nodiscard]] bool launcher_lost() const noexcept { return launcher_lost_; }

  /// Memory had run out under the limit of the container, and the kernel killed a process of it: its first one, or
  /// another, which may show in an exit code only. Of a container; never of an exec().
  [[nodiscard]] bool oom_killed() const noexcept { return oom_killed_; }
  [[nodiscard]] ExitStatus with_oom_killed(bool killed) const {
    ExitStatus result = *this;
    result.oom_killed_ = killed;
    return result;
  }

  /// Why it was stopped, if the launcher did that for LossPolicy::Stop: which mount lost its source, and how. Empty
  /// else.
  [[nodiscard]] const std::string& cause() const noexcept { return cause_; }
  [[nodiscard]] ExitStatus with_cause(std::string cause) const {
    ExitStatus result = *this;
    result.cause_ = std::move(cause);
    return result;
  }

  /// "exited with 0", "killed by SIGKILL", "killed by SIGKILL (out of memory)"; the cause behind it.
  [[nodiscard]] std::string to_string() const;
  friend bool operator==(const ExitStatus&, const ExitStatus&) = default;

 private:
  ExitStatus(int code, int signal, bool lost) noexcept : code_{code}, signal_{signal}, launcher_lost_{lost} {}
  int code_;
  int signal_;
  bool launcher_lost_;
  bool oom_killed_ = false;
  std::string cause_;
};

/// "SIGTERM", "TERM", "15" to 15. Throws: LaunchError(invalid_argument) with the nearest name.
[[nodiscard]] DUNNAGE_API int parse_signal(std::string_view text);
[[nodiscard]] DUNNAGE_API std::string signal_name(int signal);

}  // namespace dunnage
