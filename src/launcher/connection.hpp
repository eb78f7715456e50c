// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The running launcher of this process and identity.

#include "kernel/file_descriptor.hpp"
#include "launcher/detach.hpp"
#include "launcher/identity.hpp"
#include "launcher/protocol.hpp"
#include "launcher/socket.hpp"
#include "launcher/spawn.hpp"

#include <sys/types.h>

#include <atomic>
#include <cstddef>
#include <exception>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

namespace dunnage::launcher {

/// A request as it goes over the wire.
struct Request {
  std::vector<std::byte> payload;  ///< LaunchPayload and what it points to
  std::vector<int> descriptors;    ///< not owned
};

/// Thread safety: all members may be called from any thread.
class Connection {
 public:
  /// The launcher for this identity, started if there is none, or if this is a forked copy of the process that started
  /// it, or if it died. It is not waited for: what is to be prepared here is prepared while it gets ready. Throws:
  /// LaunchError.
  [[nodiscard]] static std::shared_ptr<Connection> get(const Identity& identity);

  ~Connection() = default;  ///< the launcher ends when it sees its socket close
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Until the launcher serves; everything that asks it for something begins with this. Throws: LaunchError, again
  /// and again, if it could not get ready.
  void await_readiness() const;

  /// Sends a request; answers with our end of its channel. Throws: LaunchError(launcher_lost, timed_out).
  [[nodiscard]] kernel::FileDescriptor request(const Request& request, Deadline deadline) const;

  /// Sends a request for work on trees (work.hpp); answers with our end of its channel. Throws: as request().
  [[nodiscard]] kernel::FileDescriptor work(const Request& request, Deadline deadline) const;

  /// Has the broker make a detached mount. Only for identities with a user namespace.
  /// \param path texts with a NUL between them; \param targets what DetachKind::Mask covers
  /// A failure whose step is Step::None says that the broker did not answer.
  [[nodiscard]] DetachResult detach(const DetachRequest& request, const std::string& path, Deadline deadline,
                                    std::span<const int> targets = {}) const;
  /// Has the broker delete a tree whose files belong to ids of the user namespace. \return 0 or errno
  [[nodiscard]] int remove_tree(int directory, const std::string& name, Deadline deadline) const;

  /// Has this many network namespaces made ahead from now on, and waits until they are. Throws: LaunchError.
  void keep_ready(unsigned count, Deadline deadline) const;

  [[nodiscard]] const Identity& identity() const noexcept { return identity_; }
  /// Whether it serves what comes next. One that has lost its broker does not, and its containers go on.
  [[nodiscard]] bool alive() const noexcept;
  /// Whether it has said that it cannot serve; another one would say the same.
  [[nodiscard]] bool has_refused() const noexcept { return refused_; }
  /// To be called when it has closed a channel without a word. If it is dying, the next get() shall not find it.
  void notice_silence() const noexcept;
  /// Process id of the launcher.
  [[nodiscard]] pid_t pid() const noexcept { return process_.pid; }

 private:
  explicit Connection(const Identity& identity);
  [[nodiscard]] kernel::FileDescriptor ask(MessageKind kind, const Request& request, Deadline deadline) const;
  void start();
  void await_answer() const;
  [[noreturn]] void give_up(const std::string& call, int number) const;
  [[nodiscard]] DetachResult ask_broker(const DetachRequest& request, const std::string& path, Deadline deadline,
                                        std::span<const int> targets) const;
  [[nodiscard]] bool has_closed(int patience) const noexcept;

  Identity identity_;
  pid_t owner_;
  SpawnedProcess process_;
  kernel::FileDescriptor socket_;
  kernel::FileDescriptor broker_;
  mutable std::atomic<bool> lost_{false};
  mutable std::atomic<bool> serves_{false};
  mutable std::atomic<bool> refused_{false};
  mutable std::mutex readiness_;
  mutable std::exception_ptr start_failure_;  ///< guarded by readiness_
};

/// The launcher that works as the root of this user's containers. Throws: as Connection::get().
[[nodiscard]] std::shared_ptr<Connection> connection_of_containers();

/// Sends the parts of a request: first to `socket`, with the channel; what does not fit follows on the channel itself.
/// \return 0 or errno
[[nodiscard]] int send_request(int socket, MessageKind kind, const Request& request, int channel_theirs,
                               int channel_ours, Deadline deadline);

}  // namespace dunnage::launcher
