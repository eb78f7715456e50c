// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A worker: a fork of the launcher that does one piece of work and ends. Its first thread watches the channel, so that
/// the worker ends the instant nobody wants its work any more, whatever the others are doing, but for names that are
/// there for a moment; they do it.

#include "launcher/program/transfer.hpp"
#include "launcher/work_protocol.hpp"

#include <atomic>
#include <new>

namespace dunnage::launcher {

inline constexpr uint32_t kMostPath = 4096;

/// What the threads of a worker share.
struct Worker {
  int channel = -1;
  int wake = -1;  ///< an eventfd: the work is done, or has failed
  int* descriptors = nullptr;
  uint32_t descriptor_count = 0;
  WorkRequest request{};
  const char* texts = nullptr;
  uint32_t text_size = 0;
  std::atomic<uint64_t> entries{0};
  std::atomic<uint64_t> bytes{0};
  std::atomic<uint64_t> total{0};
  std::atomic<uint64_t> cloned{0};
  std::atomic<uint32_t> failed{0};
  std::atomic<uint32_t> ended{0};  ///< what `wake` tells, also to a supervisor that cannot wait for it
  std::atomic<uint32_t> held{0};   ///< names that shall not stay, for which the end of the worker waits
  Failure failure{};               ///< the first one; written by whoever made `failed` true
  char path[kMostPath] = {};
};

/// Forks a worker for a request. Takes the descriptors, of which the first is the channel.
void start_work(const Message& message, const uint8_t* payload, Descriptors& descriptors) noexcept;

/// Notes what failed, if nothing has failed yet, and ends the work. `result` is -errno.
void fail_work(Worker& worker, Step step, long result, const char* path) noexcept;
[[nodiscard]] inline bool has_failed(const Worker& worker) noexcept {
  return worker.failed.load(std::memory_order_relaxed) != 0;
}

/// Text number `index` of those that follow the request; empty if it is not there.
const char* text_at(const Worker& worker, uint32_t index) noexcept;

/// Tells the host of something, in two parts; waits until it has room for it. 0 or -errno.
long tell(Worker& worker, const void* first, size_t first_size, const void* second, size_t second_size,
          int descriptor = -1) noexcept;

/// Starts a thread, which ends with the worker at the latest. 0 or -errno.
long start_thread(void (*function)(void*), void* argument) noexcept;

/// Runs a Job, which is too large for a stack. \param descriptors  how many it needs at least
template <typename Job>
void run_large(Worker& worker, uint32_t descriptors) noexcept {
  auto* memory = map_memory(sizeof(Job));
  if (memory == nullptr || worker.descriptor_count < descriptors) {
    fail_work(worker, Step::StartWork, memory == nullptr ? -ENOMEM : -EBADMSG, "");
    return;
  }
  (new (memory) Job{worker})->run();
}

/// What has ended a walk: one of its bounds, or what it failed in.
[[nodiscard]] inline Step step_of_walk(long result, Step step) noexcept {
  return result == -ELOOP ? Step::BoundDepth : result == -E2BIG ? Step::BoundEntries : step;
}

void run_own(Worker& worker) noexcept;
void run_copy(Worker& worker) noexcept;
void run_look(Worker& worker) noexcept;
void run_move(Worker& worker) noexcept;
void run_changes(Worker& worker) noexcept;
void run_pack(Worker& worker) noexcept;
void run_spill(Worker& worker) noexcept;
void run_examine(Worker& worker) noexcept;
void run_compare(Worker& worker) noexcept;
void run_reveal(Worker& worker) noexcept;
void run_amend(Worker& worker) noexcept;

}  // namespace dunnage::launcher
