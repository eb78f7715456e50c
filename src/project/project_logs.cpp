// SPDX-License-Identifier: Apache-2.0
// The logs of several containers, line by line.

#include <dunnage/project_plan.hpp>

#include "kernel/quiet_thread.hpp"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>

namespace dunnage {
namespace {

constexpr std::size_t kLongestLine = std::size_t{1} << 20U;  ///< what is longer comes in parts
constexpr std::size_t kMostWaiting = 64;                     ///< lines of one container that nobody has taken yet

/// Pieces become lines.
class LineMaker {
 public:
  using Sink = std::function<void(ProjectLogLine)>;
  LineMaker(std::string container, Sink sink) : container_{std::move(container)}, sink_{std::move(sink)} {}

  void add(const LogEntry& entry) {
    Part& part = parts_.at(entry.stream == LogEntry::Stream::Out ? 0 : 1);
    std::string_view rest = entry.data;
    while (!rest.empty()) {
      if (part.text.empty()) {
        part.time = entry.time;
      }
      const auto end = rest.find('\n');
      const std::size_t room = kLongestLine - part.text.size();
      const std::size_t size = std::min(end == std::string_view::npos ? rest.size() : end, room);
      part.text.append(rest.substr(0, size));
      const bool whole = end == size;
      rest.remove_prefix(size + (whole ? 1 : 0));
      if (whole || part.text.size() == kLongestLine) {
        give(entry.stream, part);
      }
    }
  }
  void finish() {
    for (const auto stream : {LogEntry::Stream::Out, LogEntry::Stream::Err}) {
      Part& part = parts_.at(stream == LogEntry::Stream::Out ? 0 : 1);
      if (!part.text.empty()) {
        give(stream, part);
      }
    }
  }

 private:
  struct Part {
    std::string text;
    std::chrono::system_clock::time_point time;
  };
  void give(LogEntry::Stream stream, Part& part) {
    sink_({.container = container_, .stream = stream, .time = part.time, .text = std::move(part.text)});
    part.text.clear();
  }

  std::string container_;
  Sink sink_;
  std::array<Part, 2> parts_;
};

/// The reader who was stopped because nobody takes lines any more.
struct Abandoned {};

/// A reader for each container, and one who takes lines: as they come, or the oldest of all first.
class Merger {
 public:
  Merger(const ContainerStore& store, const std::vector<std::string>& containers, const LogOptions& options)
      : store_{store}, containers_{containers}, options_{options}, queues_(containers.size()) {}

  void run(const std::function<void(const ProjectLogLine&)>& sink) {
    std::vector<std::thread> threads;
    std::exception_ptr failure;
    try {
      for (std::size_t index = 0; index < containers_.size(); ++index) {
        threads.push_back(kernel::start_quiet_thread([this, index] { read(index); }));
      }
      while (auto line = next()) {
        sink(*line);
      }
    } catch (...) {
      failure = std::current_exception();
    }
    abandon();
    for (std::thread& thread : threads) {
      thread.join();
    }
    if (!failure) {
      failure = failure_;
    }
    if (failure) {
      std::rethrow_exception(failure);
    }
  }

 private:
  struct Queue {
    std::deque<ProjectLogLine> lines;
    bool ended = false;
  };

  void read(std::size_t index) {
    std::exception_ptr failure;
    try {
      LogOptions options = options_;
      options.stop = stop_.get_token();
      const std::stop_callback passed_on{options_.stop, [this] { stop_.request_stop(); }};
      LineMaker maker{containers_[index], [this, index](ProjectLogLine line) { put(index, std::move(line)); }};
      store_.logs(
          containers_[index], [&](const LogEntry& entry) { maker.add(entry); }, options);
      maker.finish();
    } catch (const Abandoned&) {
    } catch (...) {
      failure = std::current_exception();
    }
    const std::scoped_lock lock{mutex_};
    queues_[index].ended = true;
    if (failure && !failure_) {
      failure_ = failure;
    }
    changed_.notify_all();
  }

  void put(std::size_t index, ProjectLogLine line) {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [&] { return abandoned_ || queues_[index].lines.size() < kMostWaiting; });
    if (abandoned_) {
      throw Abandoned{};
    }
    queues_[index].lines.push_back(std::move(line));
    changed_.notify_all();
  }

  /// Nothing when all have ended.
  std::optional<ProjectLogLine> next() {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [this] { return may_choose(); });
    Queue* oldest = nullptr;
    for (Queue& queue : queues_) {
      if (!queue.lines.empty() && (oldest == nullptr || queue.lines.front().time < oldest->lines.front().time)) {
        oldest = &queue;
      }
    }
    if (oldest == nullptr) {
      return std::nullopt;
    }
    ProjectLogLine line = std::move(oldest->lines.front());
    oldest->lines.pop_front();
    changed_.notify_all();
    return line;
  }

  /// Who follows cannot wait for what somebody silent may say; else every reader has a say first.
  [[nodiscard]] bool may_choose() const {
    const auto has_line = [](const Queue& queue) { return !queue.lines.empty(); };
    const auto has_said = [](const Queue& queue) { return queue.ended || !queue.lines.empty(); };
    return (options_.follow && std::any_of(queues_.begin(), queues_.end(), has_line)) ||
           std::all_of(queues_.begin(), queues_.end(), has_said);
  }

  void abandon() {
    stop_.request_stop();
    const std::scoped_lock lock{mutex_};
    abandoned_ = true;
    changed_.notify_all();
  }

  const ContainerStore& store_;
  const std::vector<std::string>& containers_;
  const LogOptions& options_;
  std::vector<Queue> queues_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool abandoned_ = false;
  std::exception_ptr failure_;
  std::stop_source stop_;
};

}  // namespace

void project_logs(const ContainerStore& store, const std::vector<std::string>& containers,
                  const std::function<void(const ProjectLogLine&)>& sink, const LogOptions& options) {
  Merger{store, containers, options}.run(sink);
}

}  // namespace dunnage
