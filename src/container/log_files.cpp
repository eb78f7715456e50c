// SPDX-License-Identifier: Apache-2.0
#include "container/log_files.hpp"

#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "kernel/open_beneath.hpp"

#include <fcntl.h>

#include <cerrno>
#include <chrono>
#include <thread>
#include <utility>

namespace dunnage::container {
namespace {

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

}  // namespace

LogFiles open_log_files(int record) {
  constexpr int kAttempts = 64;
  LogFiles files;
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

std::optional<LogFile> next_log_file(int record, const LogFiles& files) {
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

}  // namespace dunnage::container
