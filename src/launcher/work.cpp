// SPDX-License-Identifier: Apache-2.0
#include "launcher/work.hpp"

#include <dunnage/error.hpp>

#include "kernel/call_error.hpp"
#include "launcher/stop_signal.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <utility>

namespace dunnage::launcher {
namespace {

constexpr std::size_t kMostMessage = sizeof(Message) + kInlinePayload;
/// How long a worker that was ended may take to be gone; a disk that hangs shall not hang its host.
constexpr auto kEndPatience = std::chrono::seconds{5};

enum class Event { Message, End, Stop, Late };

/// The talk with one worker. Whoever leaves it early ends the worker.
class Conversation {
 public:
  Conversation(kernel::FileDescriptor channel, const Watch& watch)
      : channel_{std::move(channel)},
        stop_{watch.stop},
        deadline_{watch.deadline.value_or(kNever)},
        buffer_(kMostMessage) {}
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;
  ~Conversation() {
    (void)::shutdown(channel_.get(), SHUT_WR);
    const auto deadline = std::chrono::steady_clock::now() + kEndPatience;
    try {
      while (next(deadline, false) == Event::Message) {
      }
    } catch (const kernel::CallError&) {  // then nobody waits for the worker's end
    }
  }

  [[nodiscard]] Event next() { return next(deadline_, true); }
  /// What came with the event Message.
  [[nodiscard]] const Message& message() const noexcept { return message_; }
  [[nodiscard]] std::span<const std::byte> payload() const noexcept { return payload_; }
  /// Whether the other end was closed before it had read everything.
  [[nodiscard]] bool unread() const noexcept { return unread_; }
  /// Empty if none came with it.
  [[nodiscard]] kernel::FileDescriptor& descriptor() noexcept { return descriptor_; }

 private:
  Event next(Deadline deadline, bool stoppable) {
    for (;;) {
      const ssize_t size = receive();
      if (size >= 0) {
        return take(static_cast<std::size_t>(size));
      }
      if (errno == EAGAIN) {
        const Event event = wait(deadline, stoppable);
        if (event != Event::Message) {
          return event;
        }
      } else if (errno == ECONNRESET) {
        unread_ = true;
      } else if (errno != EINTR) {
        throw kernel::CallError{"recv", errno};
      }
    }
  }

  ssize_t receive() {
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    iovec part{buffer_.data(), buffer_.size()};
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    descriptor_.reset();
    const ssize_t size = ::recvmsg(channel_.get(), &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (size >= 0 && (header.msg_flags & MSG_CTRUNC) != 0) {
      errno = EMFILE;  // the kernel could not give this process the descriptor
      return -1;
    }
    const cmsghdr* first = size < 0 ? nullptr : CMSG_FIRSTHDR(&header);
    if (first != nullptr && first->cmsg_type == SCM_RIGHTS && first->cmsg_len == CMSG_LEN(sizeof(int))) {
      int number = -1;
      std::memcpy(&number, CMSG_DATA(first), sizeof number);
      descriptor_.reset(number);
    }
    return size;
  }

  Event take(std::size_t size) {
    if (size < sizeof message_) {
      return Event::End;
    }
    std::memcpy(&message_, buffer_.data(), sizeof message_);
    payload_ = std::span{buffer_}.subspan(sizeof message_, size - sizeof message_);
    return Event::Message;
  }

  Event wait(Deadline deadline, bool stoppable) {
    std::array<pollfd, 2> items{pollfd{channel_.get(), POLLIN, 0},
                                pollfd{stoppable ? stop_.descriptor() : -1, POLLIN, 0}};
    timespec left{};
    const timespec* timeout = nullptr;
    if (deadline != kNever) {
      const auto rest = std::max(deadline - std::chrono::steady_clock::now(), Deadline::duration::zero());
      const auto count = std::chrono::duration_cast<std::chrono::nanoseconds>(rest).count();
      left = {static_cast<time_t>(count / 1'000'000'000), static_cast<long>(count % 1'000'000'000)};
      timeout = &left;
    }
    const int result = ::ppoll(items.data(), items.size(), timeout, nullptr);
    if (result < 0 && errno != EINTR) {
      throw kernel::CallError{"poll", errno};
    }
    return result == 0 ? Event::Late : result > 0 && items[1].revents != 0 ? Event::Stop : Event::Message;
  }

  kernel::FileDescriptor channel_;
  StopSignal stop_;
  Deadline deadline_;
  std::vector<std::byte> buffer_;
  bool unread_ = false;
  Message message_{};
  std::span<const std::byte> payload_{};
  kernel::FileDescriptor descriptor_;
};

WorkReport report_of(std::span<const std::byte> payload, std::string& path) {
  WorkReport report;
  if (payload.size() >= sizeof report) {
    std::memcpy(&report, payload.data(), sizeof report);
    const auto rest = payload.subspan(sizeof report);
    path.assign(reinterpret_cast<const char*>(rest.data()), std::min<std::size_t>(rest.size(), report.path_size));
  }
  return report;
}

Request request_of(const Work& work) {
  Request request;
  request.payload.resize(sizeof work.request + work.texts.size());
  if (request.payload.size() > kInlinePayload) {
    throw kernel::CallError{"send the request", E2BIG};
  }
  std::memcpy(request.payload.data(), &work.request, sizeof work.request);
  if (!work.texts.empty()) {
    std::memcpy(request.payload.data() + sizeof work.request, work.texts.data(), work.texts.size());
  }
  request.descriptors = work.descriptors;
  return request;
}

const char* words_of(Step step) {
  switch (step) {
    case Step::StartWork:
      return "start the work";
    case Step::ReadRecords:
      return "read the list";
    case Step::OpenEntry:
    case Step::OpenSource:
    case Step::OpenTarget:
      return "open";
    case Step::MoveEntry:
      return "move";
    case Step::ExamineEntry:
      return "look at";
    case Step::SetOwner:
      return "set the owner of";
    case Step::SetMode:
      return "set the mode of";
    case Step::SetAttribute:
      return "set an attribute of";
    case Step::SetTimes:
      return "set the times of";
    case Step::ReadDirectory:
      return "read the directory";
    case Step::ReadEntry:
      return "read";
    case Step::ReadAttributes:
      return "read the attributes of";
    case Step::MakeEntry:
      return "make";
    case Step::ReplaceEntry:
      return "replace";
    case Step::WriteEntry:
      return "write";
    case Step::LinkEntry:
      return "link";
    case Step::SyncFiles:
      return "write what was copied to the disk";
    case Step::BoundEntries:
      return "there are more entries than may be copied";
    case Step::BoundBytes:
      return "there is more content than may be copied";
    case Step::BoundDepth:
      return "directories are too deep at";
    case Step::IntoItself:
      return "copy a directory into itself:";
    default:
      return "work";
  }
}

}  // namespace

std::error_code WorkOutcome::code() const noexcept {
  switch (end) {
    case End::Done:
      return {};
    case End::Failed:
      return std::error_code{failure.error, std::system_category()};
    case End::Cancelled:
      return make_error_code(errc::cancelled);
    case End::TimedOut:
      return make_error_code(errc::timed_out);
    case End::Lost:
      break;
  }
  return make_error_code(errc::launcher_lost);
}

std::string WorkOutcome::cause() const {
  if (end != End::Failed) {
    return {};
  }
  return path.empty() ? words_of(failure.step) : fmt::format("{} \"{}\"", words_of(failure.step), path);
}

WorkOutcome run_work(const Connection& connection, const Work& work, const Watch& watch, const WorkSink& sink) {
  WorkOutcome outcome;
  if (watch.stop.stop_requested()) {
    outcome.end = WorkOutcome::End::Cancelled;
    return outcome;
  }
  Conversation talk{connection.work(request_of(work), watch.deadline.value_or(kNever)), watch};
  for (;;) {
    const Event event = talk.next();
    if (event != Event::Message) {
      outcome.end = event == Event::Stop   ? WorkOutcome::End::Cancelled
                    : event == Event::Late ? WorkOutcome::End::TimedOut
                                           : WorkOutcome::End::Lost;
      break;
    }
    if (talk.message().kind == MessageKind::Found) {
      if (sink) {
        sink(talk.payload(), talk.descriptor());
      }
      continue;
    }
    const WorkReport report = report_of(talk.payload(), outcome.path);
    outcome.entries = report.entries;
    outcome.bytes = report.bytes;
    outcome.cloned = report.cloned;
    if (talk.message().kind == MessageKind::Answer) {
      outcome.failure = talk.message().failure;
      outcome.end = outcome.failure.error == 0 ? WorkOutcome::End::Done : WorkOutcome::End::Failed;
      break;
    }
    if (watch.progress) {
      watch.progress({std::string{work.step}, std::string{work.subject}, work.in_bytes ? report.bytes : report.entries,
                      report.total});
    }
  }
  if (outcome.end == WorkOutcome::End::Lost) {
    connection.notice_silence();
    if (talk.unread() && connection.alive()) {  // it lives, and could not take the descriptors
      outcome.end = WorkOutcome::End::Failed;
      outcome.failure.step = Step::StartWork;
      outcome.failure.error = EMFILE;
    }
  }
  return outcome;
}

}  // namespace dunnage::launcher
