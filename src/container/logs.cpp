// SPDX-License-Identifier: Apache-2.0
#include "container/logs.hpp"

#include "container/control.hpp"
#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "kernel/open_beneath.hpp"
#include "launcher/log_format.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <string_view>
#include <thread>
#include <utility>

namespace dunnage::container {
namespace {

using launcher::LogHeader;

constexpr std::size_t kChunk = std::size_t{256} << 10U;
constexpr auto kPause = std::chrono::milliseconds{50};

std::optional<LogFile> open_log(int record, const char* name) {
  kernel::FileDescriptor file = kernel::open_beneath(record, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
  if (file) {
    kernel::require_regular(file.get(), "open log");
    return LogFile{std::move(file)};
  }
  if (errno != ENOENT) {
    throw kernel::CallError{"open log", errno};
  }
  return std::nullopt;
}

/// The two files of a log, oldest first.
struct Files {
  std::optional<LogFile> older;
  std::optional<LogFile> current;
};

Files open_files(int record) {
  constexpr int kAttempts = 64;
  Files files;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    files.current = open_log(record, kLogName);
    files.older = open_log(record, kOlderLogName);
    const bool between = !files.current && files.older;  // the launcher is about to make the new file
    if (!between && (!files.current || kernel::is_at(record, kLogName, files.current->fd()))) {
      break;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{1});  // it was rotated under our hands
  }
  return files;
}

/// Decides which bytes reach the caller.
class Delivery {
 public:
  Delivery(const LogSink& sink, const LogOptions& options) : sink_{sink}, options_{options} {}

  [[nodiscard]] bool wants(const LogEntry& entry) const { return !options_.since || entry.time >= *options_.since; }
  [[nodiscard]] bool stopped() const { return options_.stop.stop_requested(); }
  void skip_lines(std::size_t count) noexcept { skip_ = count; }

  void all_of(LogFile& file) {
    while (!stopped()) {
      const auto entry = file.next();
      if (!entry) {
        return;
      }
      one(*entry);
    }
  }

 private:
  void one(LogEntry entry) {
    if (!wants(entry)) {
      return;
    }
    while (skip_ > 0 && !entry.data.empty()) {
      const std::size_t end = entry.data.find('\n');
      if (end == std::string_view::npos) {
        return;
      }
      entry.data.remove_prefix(end + 1);
      --skip_;
    }
    if (!entry.data.empty()) {
      sink_(entry);
    }
  }

  const LogSink& sink_;
  const LogOptions& options_;
  std::size_t skip_ = 0;
};

/// How many lines the files hold; one without an end counts.
std::size_t count_lines(Files& files, const Delivery& delivery) {
  std::size_t lines = 0;
  bool open_line = false;
  for (std::optional<LogFile>* file : {&files.older, &files.current}) {
    while (*file && !delivery.stopped()) {
      const auto entry = (*file)->next();
      if (!entry) {
        break;
      }
      if (delivery.wants(*entry) && !entry->data.empty()) {
        lines += static_cast<std::size_t>(std::count(entry->data.begin(), entry->data.end(), '\n'));
        open_line = entry->data.back() != '\n';
      }
    }
    if (*file) {
      (*file)->rewind();
    }
  }
  return lines + (open_line ? 1 : 0);
}

/// The file that follows `files.current`, if there is one. What was delivered is never taken for what follows: the
/// files of a record that is removed vanish one by one.
std::optional<LogFile> next_file(int record, const Files& files) {
  const auto is_older = [&](const std::optional<LogFile>& file) {
    return file && kernel::is_at(record, kOlderLogName, file->fd());
  };
  // rotated twice since we looked: `log.1` is not ours any more, and comes before `log`
  if (files.current && !is_older(files.current)) {
    std::optional<LogFile> older = is_older(files.older) ? std::nullopt : open_log(record, kOlderLogName);
    return older ? std::move(older) : open_log(record, kLogName);
  }
  std::optional<LogFile> next = open_log(record, kLogName);
  // rotated between the two looks: what comes after ours is `log.1` by now
  if (files.current && next && !is_older(files.current) && kernel::is_at(record, kLogName, next->fd())) {
    if (auto between = open_log(record, kOlderLogName)) {
      return between;
    }
  }
  return next;
}

/// Goes on from the end of what there was until the container has ended.
void follow(int record, Delivery& delivery, Files files, const kernel::FileDescriptor& socket) {
  std::optional<LogFile>& current = files.current;
  const auto deliver_rest = [&] {
    if (current) {
      current->look_again();
      delivery.all_of(*current);
    }
  };
  bool idle = false;
  bool ended = !socket;
  while (!delivery.stopped()) {
    const auto now = std::chrono::steady_clock::now();
    ended = ended || wait_for_end(socket.get(), idle ? now + kPause : now);
    const bool rotated = !current || !kernel::is_at(record, kLogName, current->fd());
    deliver_rest();
    idle = true;
    if (rotated) {
      if (auto next = next_file(record, files)) {
        deliver_rest();  // where the new file could not be made at once, the launcher went on with this one
        files.older = std::exchange(current, std::move(next));
        idle = false;
        continue;  // all of it is delivered before the end is taken for one
      }
    }
    if (ended) {
      return;
    }
  }
}

}  // namespace

LogFile::LogFile(kernel::FileDescriptor file) : file_{std::move(file)} { look_again(); }

void LogFile::look_again() {
  struct stat status {};
  if (::fstat(file_.get(), &status) != 0) {
    throw kernel::CallError{"stat log", errno};
  }
  end_ = static_cast<std::uint64_t>(status.st_size);
  buffer_.clear();  // its end may be part of an entry that the launcher took back
  buffer_position_ = position_;
}

void LogFile::rewind() noexcept { position_ = 0; }

/// `count` bytes at the position, or null if there are not so many.
const char* LogFile::bytes(std::size_t count) {
  if (end_ < position_ || end_ - position_ < count) {
    return nullptr;
  }
  const bool before = position_ < buffer_position_;
  if (before || position_ - buffer_position_ > buffer_.size()) {
    buffer_.clear();
    buffer_position_ = position_;
  }
  if (buffer_position_ + buffer_.size() - position_ < count) {
    buffer_.erase(0, position_ - buffer_position_);
    buffer_position_ = position_;
  }
  while (buffer_position_ + buffer_.size() - position_ < count) {
    const std::size_t had = buffer_.size();
    const auto wanted = std::min<std::uint64_t>(std::max(count, kChunk), end_ - position_);
    buffer_.resize(wanted);
    const ssize_t got =
        ::pread(file_.get(), buffer_.data() + had, wanted - had, static_cast<off_t>(buffer_position_ + had));
    const int number = errno;
    buffer_.resize(had + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got < 0 && number != EINTR) {
      throw kernel::CallError{"read log", number};
    }
    if (got == 0) {  // the launcher took back what the disk had no room for
      return nullptr;
    }
  }
  return buffer_.data() + (position_ - buffer_position_);
}

std::optional<LogEntry> LogFile::next() {
  LogHeader header;
  const char* begin = bytes(sizeof header);
  if (begin == nullptr) {
    return std::nullopt;
  }
  std::memcpy(&header, begin, sizeof header);
  if (header.size > launcher::kMostLogBytes) {
    return std::nullopt;
  }
  begin = bytes(sizeof header + header.size);
  if (begin == nullptr) {
    return std::nullopt;
  }
  position_ += sizeof header + header.size;
  using std::chrono::system_clock;
  return LogEntry{.stream = header.stream == 1 ? LogEntry::Stream::Err : LogEntry::Stream::Out,
                  .time = system_clock::time_point{std::chrono::duration_cast<system_clock::duration>(
                      std::chrono::nanoseconds{header.time})},
                  .data = {begin + sizeof header, header.size}};
}

std::uint64_t whole_size(kernel::FileDescriptor log) {
  LogFile file{std::move(log)};
  while (file.next()) {
  }
  return file.position();
}

void read_logs(int record_directory, const LogSink& sink, const LogOptions& options,
               const kernel::FileDescriptor& socket) {
  Files files = open_files(record_directory);
  Delivery delivery{sink, options};
  if (options.tail) {
    const std::size_t lines = count_lines(files, delivery);
    delivery.skip_lines(lines > *options.tail ? lines - *options.tail : 0);
  }
  for (std::optional<LogFile>* file : {&files.older, &files.current}) {
    if (*file) {
      delivery.all_of(**file);
    }
  }
  delivery.skip_lines(0);
  if (options.follow) {
    follow(record_directory, delivery, std::move(files), socket);
  }
}

}  // namespace dunnage::container
