// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The life of a slot: received, started, running, ended, perhaps started again.

#include "launcher/program/slot.hpp"

namespace dunnage::launcher {

/// What an event of the loop is about.
enum class Role : uint32_t {
  Socket = 1,
  Host,
  Signals,
  Channel,
  Status,
  Control,
  Connection,
  LogOut,
  LogErr,
  Terminal,
  Names
};

/// Everything of this launcher; one object.
struct Launcher {
  Slots slots;
  int epoll = -1;
  int own_process = -1;  ///< pidfd of this process
  bool host_gone = false;
  bool any_restarting = false;
  int broker = -1;            ///< where it is asked; without the host that is done for sources that are followed only
  int names = -1;             ///< inotify, of all sources that are followed (named_source.hpp)
  uint32_t given_up = 0;      ///< looks nobody waits for any more, whose processes have not ended
  bool any_stopping = false;  ///< a container that has lost a source, and has some time left
  uint32_t entering = 0;      ///< how many execs enter their containers from outside (enter.hpp)
};

Launcher& launcher() noexcept;

/// 4 bits role, 28 bits generation, 32 bits index: an event of a slot that was given back is recognised.
inline uint64_t event_data(Role role, uint32_t index, uint32_t generation) noexcept {
  return static_cast<uint64_t>(role) << 60U | static_cast<uint64_t>(generation & 0x0fffffffU) << 32U | index;
}

/// The child's end of the status socket closed (it executes, or failed), or a terminal came through it.
void on_status(Slot& slot) noexcept;
/// Its child executes or has failed; nothing more is to come from it.
void settle_status(Slot& slot) noexcept;
void on_exit(Slot& slot, int wait_status) noexcept;
/// The one that enters a container for an exec, or the program's process itself, has ended, and nobody has waited for
/// it yet: from here on the slot is the program's, or given back.
void on_entered(Slot& slot) noexcept;
/// The slot whose exec is entering its container by that process, or for it; null if there is none.
Slot* find_entered(int pid) noexcept;
/// Its host let go of it.
void on_channel_closed(Slot& slot) noexcept;
void on_log(Slot& slot, unsigned stream) noexcept;
void kill_all_with_host() noexcept;

/// The slot's present state as a message of that kind.
Message describe(const Slot& slot, MessageKind kind) noexcept;
/// Tells who watches the mounts of the container of a change, in its words.
/// \param why  there was none
void report_change(const Slot& slot, const char* words, const Failure& why = {}) noexcept;
/// \param words  what follows the message, as many bytes as that says; null: nothing
void notify_connections(const Slot& slot, const Message& message, const char* words = nullptr) noexcept;
/// The message and its words as one, in the buffer of messages. \return its size
size_t frame_message(const Message& message, const char* words) noexcept;
void close_connections(const Slot& slot) noexcept;
void accept_connection(Slot& slot) noexcept;
/// Something can be read from a connection of another process.
void on_connection(uint32_t index, uint32_t generation) noexcept;

/// As its handle has it done: also ends a pause.
void send_signal(Slot& slot, int signal) noexcept;

/// Reads and obeys what came over a channel or a connection. False when the other end is gone.
bool obey(Slot& slot, int socket) noexcept;

}  // namespace dunnage::launcher
