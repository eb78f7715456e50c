// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What processes and threads have asked of a store at once, what they were answered, and when: the history that
/// linearizable.hpp judges.

#include <array>
#include <atomic>
#include <cstdint>

namespace dunnage::test {

inline constexpr int kSlots = 2;

/// On one object: two names, between which things can move. What is called so has a value; 0 is nothing. It may also
/// have a container, which has one name, and uses what is in one of the slots.
struct Call {
  enum class Kind : std::uint8_t {
    Create,
    GetOrCreate,
    Put,
    Set,
    Remove,
    Rename,
    Look,
    Use,
    Unuse,
    MayUse,  ///< if there is anything
    // of the container, from here on
    Launch,
    Start,  ///< it takes programs from now on
    End,    ///< it takes none any more
    Stop,
    Execute,
    Erase,  ///< the container that has ended
    Find,   ///< the container; less than 0: it has ended
  };
  enum class Answer : std::uint8_t {
    None,
    Done,
    Exists,
    Missing,
    InUse,
    NotRunning,
    GaveUp,  ///< others held its lock for too long, as they may where everybody waits for a processor; nothing happened
  };

  Kind kind{};
  Answer answer{};
  std::uint8_t slot = 0;
  std::uint16_t object = 0;
  int value = 0;  ///< what was given; of a use, which one it is
  int seen = 0;   ///< what was found
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

/// In memory that forked processes share. Each call has a place of its own.
class CallHistory {
 public:
  /// Of all processes; a number nobody else gets.
  [[nodiscard]] std::uint64_t tick() noexcept { return ++ticks_; }
  /// \return nothing when it is full
  [[nodiscard]] Call* add() noexcept {
    const std::size_t at = count_++;
    return at < calls_.size() ? &calls_[at] : nullptr;
  }
  [[nodiscard]] std::size_t size() const noexcept { return count_ < calls_.size() ? count_.load() : calls_.size(); }
  [[nodiscard]] bool is_full() const noexcept { return count_ >= calls_.size(); }
  [[nodiscard]] const Call& operator[](std::size_t at) const noexcept { return calls_[at]; }

  std::atomic<int> waiting{0};  ///< threads that are ready to begin

 private:
  std::atomic<std::uint64_t> ticks_{0};
  std::atomic<std::size_t> count_{0};
  std::array<Call, 8192> calls_{};
};

}  // namespace dunnage::test
