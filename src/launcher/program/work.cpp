// SPDX-License-Identifier: Apache-2.0
#include "launcher/program/work.hpp"

#include "launcher/program/request.hpp"

#include "kernel/clone.hpp"
#include "launcher/program/confine.hpp"
#include "launcher/program/fork.hpp"

#include <linux/prctl.h>
#include <poll.h>

namespace dunnage::launcher {
namespace {

constexpr int kBetweenReports = 250;  ///< milliseconds
constexpr uint32_t kMostTexts = kInlinePayload;

Worker self;
char texts[kMostTexts];
int few_descriptors[kDescriptorsPerMessage + 3];

/// Those that did not fit into the request follow on the channel. 0 or -errno.
long receive_rest(uint32_t expected) noexcept {
  if (expected <= self.descriptor_count) {
    return 0;
  }
  if (expected > kMostDescriptors) {
    return -EINVAL;
  }
  auto* all = static_cast<int*>(map_memory(expected * sizeof(int)));
  if (all == nullptr) {
    return -ENOMEM;
  }
  __builtin_memcpy(all, self.descriptors, self.descriptor_count * sizeof(int));
  self.descriptors = all;
  while (self.descriptor_count < expected) {
    Message message;
    Descriptors more;
    const long size = receive_message(self.channel, &message, sizeof message, more, 0);
    if (size == -EINTR) {
      continue;
    }
    if (size < static_cast<long>(sizeof message) || message.kind != MessageKind::Descriptors || more.count == 0) {
      return size < 0 ? size : -EBADMSG;
    }
    for (uint32_t index = 0; index < more.count && self.descriptor_count < expected; ++index) {
      all[self.descriptor_count++] = more.values[index];
    }
  }
  return 0;
}

struct Frame {
  Message message;
  WorkReport report;
  char path[kMostPath];
};

size_t fill_frame(Frame& frame, MessageKind kind) noexcept {
  frame.message = Message{};
  frame.message.kind = kind;
  frame.report = WorkReport{};
  frame.report.entries = self.entries.load(std::memory_order_relaxed);
  frame.report.bytes = self.bytes.load(std::memory_order_relaxed);
  frame.report.total = self.total.load(std::memory_order_relaxed);
  frame.report.cloned = self.cloned.load(std::memory_order_relaxed);
  if (kind == MessageKind::Answer && has_failed(self)) {
    frame.message.failure = self.failure;
    frame.report.path_size = static_cast<uint32_t>(text_size(self.path));
    __builtin_memcpy(frame.path, self.path, frame.report.path_size);
  }
  frame.message.payload_size = static_cast<uint32_t>(sizeof frame.report) + frame.report.path_size;
  return sizeof frame.message + frame.message.payload_size;
}

/// Waits for room in the channel, and until few enough descriptors are on their way.
long send_patiently(const void* data, size_t size, int descriptor = -1) noexcept {
  long result = -EAGAIN;
  while ((result = send_message(self.channel, data, size, descriptor)) == -EAGAIN || result == -ETOOMANYREFS) {
    pollfd item{self.channel, POLLOUT, 0};
    const timespec moment{0, 1'000'000};
    const bool crowded = result == -ETOOMANYREFS;
    (void)raw_syscall(__NR_ppoll, as_argument(&item), crowded ? 0 : 1, crowded ? as_argument(&moment) : 0, 0, 8);
  }
  return result;
}

[[noreturn]] void answer() noexcept {
  static Frame frame;
  (void)send_patiently(&frame, fill_frame(frame, MessageKind::Answer));
  exit_process(0);
}

/// A host that is gone, or that has heard enough, is told nothing. What shall not stay has a moment to be gone; a disk
/// that hangs has no more.
[[noreturn]] void give_up() noexcept {
  constexpr int kMoments = 2'000;
  fail_work(self, Step::StartWork, -ECANCELED, "");
  for (int count = 0; self.held.load() != 0 && count < kMoments; ++count) {
    const timespec moment{0, 1'000'000};
    (void)raw_syscall(__NR_ppoll, 0, 0, as_argument(&moment), 0, 8);
  }
  exit_process(0);
}

/// Until the work has ended, or nobody waits for it.
[[noreturn]] void supervise() noexcept {
  static Frame frame;
  uint64_t reported = 0;
  for (;;) {
    pollfd items[2] = {{self.channel, POLLIN | POLLRDHUP, 0}, {self.wake, POLLIN, 0}};
    const timespec patience{0, kBetweenReports * 1'000'000L};
    const long count = raw_syscall(__NR_ppoll, as_argument(items), 2, as_argument(&patience), 0, 8);
    if (count > 0 && items[0].revents != 0) {
      give_up();
    }
    if (self.ended.load(std::memory_order_acquire) != 0) {
      answer();
    }
    const uint64_t now = self.entries.load(std::memory_order_relaxed) + self.bytes.load(std::memory_order_relaxed);
    if (count == 0 && now != reported) {
      reported = now;
      (void)send_message(self.channel, &frame, fill_frame(frame, MessageKind::Progress), -1);
    }
  }
}

void wake_supervisor() noexcept {
  self.ended.store(1, std::memory_order_release);
  const uint64_t one = 1;
  (void)write_bytes(self.wake, &one, sizeof one);
}

/// To the trees of the request, and in each to what it is there for.
void confine() noexcept {
  switch (self.request.kind) {
    case WorkKind::Look:
    case WorkKind::Examine:
    case WorkKind::Changes:
    case WorkKind::Pack:
    case WorkKind::Compare:
    case WorkKind::Reveal:
      confine_to(self.descriptors, self.descriptor_count, Use::Reading, Use::Reading);
      break;
    case WorkKind::Copy:
      confine_to(self.descriptors, self.descriptor_count, Use::Reading, Use::Writing);
      break;
    default:
      confine_to(self.descriptors, self.descriptor_count, Use::Both, Use::Both);
      break;
  }
}

void run_work(void* /*argument*/) noexcept {
  confine();
  switch (self.request.kind) {
    case WorkKind::Own:
      run_own(self);
      break;
    case WorkKind::Copy:
      run_copy(self);
      break;
    case WorkKind::Look:
      run_look(self);
      break;
    case WorkKind::Move:
      run_move(self);
      break;
    case WorkKind::Changes:
      run_changes(self);
      break;
    case WorkKind::Spill:
      run_spill(self);
      break;
    case WorkKind::Examine:
      run_examine(self);
      break;
    case WorkKind::Pack:
      run_pack(self);
      break;
    case WorkKind::Compare:
      run_compare(self);
      break;
    case WorkKind::Reveal:
      run_reveal(self);
      break;
    case WorkKind::Amend:
      run_amend(self);
      break;
    default:
      fail_work(self, Step::StartWork, -EBADMSG, "");
      break;
  }
  wake_supervisor();
  for (;;) {
    (void)raw_syscall(__NR_exit, 0);
  }
}

[[noreturn]] void run_worker(const Message& message, const uint8_t* payload, const Descriptors& descriptors) noexcept {
  (void)raw_syscall(__NR_prctl, PR_SET_NAME, as_argument("dunnage-work"), 0, 0, 0);
  (void)raw_syscall(__NR_umask, 0);
  close_all_but(descriptors.values, descriptors.count);
  self.channel = descriptors.values[0];
  self.descriptor_count = descriptors.count - 1;
  __builtin_memcpy(few_descriptors, descriptors.values + 1, self.descriptor_count * sizeof(int));
  self.descriptors = few_descriptors;
  self.wake = static_cast<int>(raw_syscall(__NR_eventfd2, 0, O_CLOEXEC));
  long result = self.wake;
  if (message.payload_size < sizeof self.request) {
    result = -EBADMSG;
  } else {
    __builtin_memcpy(&self.request, payload, sizeof self.request);
    self.text_size = message.payload_size - static_cast<uint32_t>(sizeof self.request);
    __builtin_memcpy(texts, payload + sizeof self.request, self.text_size);
    self.texts = texts;
    result = self.text_size > 0 && texts[self.text_size - 1] != '\0' ? -EBADMSG : result;
  }
  result = result < 0 ? result : receive_rest(message.descriptor_count);
  result = result < 0 ? result : start_thread(run_work, nullptr);
  if (result < 0) {
    fail_work(self, Step::StartWork, result, "");
    answer();
  }
  supervise();
}

}  // namespace

void start_work(const Message& message, const uint8_t* payload, Descriptors& descriptors) noexcept {
  if (descriptors.count == 0) {
    return;
  }
  take_unread(descriptors.values[0]);
  const long worker = fork_process();
  if (worker == 0) {
    run_worker(message, payload, descriptors);
  }
  if (worker < 0) {
    Frame refusal{};
    refusal.message.kind = MessageKind::Answer;
    refusal.message.failure.step = Step::StartWork;
    refusal.message.failure.error = static_cast<int32_t>(-worker);
    refusal.message.payload_size = sizeof refusal.report;
    (void)send_message(descriptors.values[0], &refusal, sizeof refusal.message + sizeof refusal.report, -1);
  }
  descriptors.close_all();
}

void fail_work(Worker& worker, Step step, long result, const char* path) noexcept {
  uint32_t none = 0;
  if (!worker.failed.compare_exchange_strong(none, 1)) {
    return;
  }
  worker.failure.step = step;
  worker.failure.error = static_cast<int32_t>(-result);
  const size_t size = text_size(path) < kMostPath ? text_size(path) : kMostPath - 1;
  __builtin_memcpy(worker.path, path, size);
  worker.path[size] = '\0';
}

const char* text_at(const Worker& worker, uint32_t index) noexcept {
  const char* text = text_at(worker.texts, worker.text_size, index);
  return text == nullptr ? "" : text;
}

long tell(Worker& /*worker*/, const void* first, size_t first_size, const void* second, size_t second_size,
          int descriptor) noexcept {
  static char frame[sizeof(Message) + kInlinePayload];
  if (sizeof(Message) + first_size + second_size > sizeof frame) {
    return -EMSGSIZE;
  }
  Message message;
  message.kind = MessageKind::Found;
  message.payload_size = static_cast<uint32_t>(first_size + second_size);
  __builtin_memcpy(frame, &message, sizeof message);
  __builtin_memcpy(frame + sizeof message, first, first_size);
  __builtin_memcpy(frame + sizeof message + first_size, second, second_size);
  const long result = send_patiently(frame, sizeof message + first_size + second_size, descriptor);
  return result < 0 ? result : 0;
}

long start_thread(void (*function)(void*), void* argument) noexcept {
  constexpr size_t kThreadStack = 256U << 10U;
  void* stack = map_memory(kThreadStack);
  if (stack == nullptr) {
    return -ENOMEM;
  }
  clone_args arguments{};
  arguments.flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;
  arguments.stack = reinterpret_cast<uint64_t>(stack);
  arguments.stack_size = kThreadStack;
  const long result = kernel::clone_onto_stack(&arguments, function, argument);
  return result < 0 ? result : 0;
}

}  // namespace dunnage::launcher
