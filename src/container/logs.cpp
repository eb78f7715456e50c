// SPDX-License-Identifier: Apache-2.0
#include "container/logs.hpp"

#include "kernel/call_error.hpp"
#include "launcher/log_format.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

namespace dunnage::container {
namespace {

using launcher::LogHeader;

constexpr std::size_t kChunk = std::size_t{256} << 10U;

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

}  // namespace dunnage::container
