// SPDX-License-Identifier: Apache-2.0
#include "cgroup/usage.hpp"

#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "launcher/fields.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace dunnage::cgroup {
namespace {

using Number = std::optional<std::uint64_t>;
using Time = std::optional<std::chrono::nanoseconds>;

constexpr std::size_t kMostContent = std::size_t{1} << 20U;

Number count_of(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  return code == std::errc{} && (end == text.data() + text.size() || *end == '\n') ? Number{number} : std::nullopt;
}

class Files {
 public:
  explicit Files(int directory) : directory_{directory} {}

  /// Empty if there is no such file.
  std::string_view content(const char* file) {
    const auto [text, number] = kernel::read_small_file(directory_, file, buffer_, kMostContent);
    if (number == ENODEV) {
      throw kernel::CallError{"read", number};
    }
    return number == 0 ? text : std::string_view{};
  }

  Number number(const char* file) { return count_of(content(file)); }

  /// The number after a word at the beginning of a line.
  Number field(const char* file, std::string_view word) {
    for (const std::string_view line : launcher::fields_of(content(file), '\n')) {
      if (line.size() > word.size() && line.starts_with(word) && line[word.size()] == ' ') {
        return count_of(line.substr(word.size() + 1));
      }
    }
    return std::nullopt;
  }

  Time time(const char* file, std::string_view word, std::int64_t unit) {
    const Number count = field(file, word);
    return count ? Time{std::chrono::nanoseconds{static_cast<std::int64_t>(*count) * unit}} : std::nullopt;
  }

 private:
  int directory_;
  std::string buffer_;
};

template <typename Value>
void take(Value& known, const Value& found) {
  if (found) {
    known = found;
  }
}

/// Without a limit version 1 says the greatest number of pages.
Number limit_of(Number bytes) {
  const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  const std::uint64_t none = static_cast<std::uint64_t>(INT64_MAX) / page * page;
  return bytes && *bytes < none ? bytes : std::nullopt;
}

/// "8:0 rbytes=1 wbytes=2 ..." of each device.
void add_io(std::string_view text, ContainerStats& stats) {
  std::uint64_t read = 0;
  std::uint64_t written = 0;
  for (const std::string_view line : launcher::fields_of(text, '\n')) {
    for (const std::string_view word : launcher::fields_of(line, ' ')) {
      read += word.starts_with("rbytes=") ? count_of(word.substr(7)).value_or(0) : 0;
      written += word.starts_with("wbytes=") ? count_of(word.substr(7)).value_or(0) : 0;
    }
  }
  stats.io_read_bytes = read;
  stats.io_write_bytes = written;
}

/// "8:0 Read 1" of each device and kind.
void add_throttle_io(std::string_view text, ContainerStats& stats) {
  std::uint64_t read = 0;
  std::uint64_t written = 0;
  for (const std::string_view line : launcher::fields_of(text, '\n')) {
    const auto words = launcher::fields_of(line, ' ');
    if (words.size() == 3) {
      read += words[1] == "Read" ? count_of(words[2]).value_or(0) : 0;
      written += words[1] == "Write" ? count_of(words[2]).value_or(0) : 0;
    }
  }
  stats.io_read_bytes = read;
  stats.io_write_bytes = written;
}

void add_pids(Files& files, ContainerStats& stats) {
  take(stats.pids_current, files.number("pids.current"));
  take(stats.pids_limit, files.number("pids.max"));
}

void add_unified(int directory, Files& files, ContainerStats& stats) {
  constexpr std::int64_t kMicro = 1000;
  take(stats.memory_current, files.number("memory.current"));
  take(stats.memory_inactive_file, files.field("memory.stat", "inactive_file"));
  take(stats.memory_peak, files.number("memory.peak"));
  take(stats.memory_limit, files.number("memory.max"));
  take(stats.swap_current, files.number("memory.swap.current"));
  take(stats.swap_limit, files.number("memory.swap.max"));
  take(stats.oom_kills, files.field("memory.events", "oom_kill"));
  take(stats.cpu_user, files.time("cpu.stat", "user_usec", kMicro));
  take(stats.cpu_system, files.time("cpu.stat", "system_usec", kMicro));
  take(stats.cpu_periods, files.field("cpu.stat", "nr_periods"));
  take(stats.cpu_throttled_periods, files.field("cpu.stat", "nr_throttled"));
  take(stats.cpu_throttled_time, files.time("cpu.stat", "throttled_usec", kMicro));
  if (::faccessat(directory, "io.stat", F_OK, 0) == 0) {  // empty before there was any
    add_io(files.content("io.stat"), stats);
  }
}

void add_legacy(int directory, Files& files, ContainerStats& stats) {
  take(stats.memory_current, files.number("memory.usage_in_bytes"));
  take(stats.memory_inactive_file, files.field("memory.stat", "total_inactive_file"));
  take(stats.memory_peak, files.number("memory.max_usage_in_bytes"));
  take(stats.memory_limit, limit_of(files.number("memory.limit_in_bytes")));
  take(stats.swap_current, files.field("memory.stat", "total_swap"));
  if (const Number together = limit_of(files.number("memory.memsw.limit_in_bytes")); together && stats.memory_limit) {
    stats.swap_limit = *together - *stats.memory_limit;
  }
  take(stats.oom_kills, files.field("memory.oom_control", "oom_kill"));
  const auto nanoseconds = [&](const char* file) {
    const Number count = files.number(file);
    return count ? Time{std::chrono::nanoseconds{static_cast<std::int64_t>(*count)}} : std::nullopt;
  };
  take(stats.cpu_user, nanoseconds("cpuacct.usage_user"));
  take(stats.cpu_system, nanoseconds("cpuacct.usage_sys"));
  take(stats.cpu_periods, files.field("cpu.stat", "nr_periods"));
  take(stats.cpu_throttled_periods, files.field("cpu.stat", "nr_throttled"));
  take(stats.cpu_throttled_time, files.time("cpu.stat", "throttled_time", 1));
  if (::faccessat(directory, "blkio.throttle.io_service_bytes", F_OK, 0) == 0) {
    add_throttle_io(files.content("blkio.throttle.io_service_bytes"), stats);
  }
}

}  // namespace

void add_usage(int directory, ContainerStats& stats) {
  struct statfs status {};
  if (::fstatfs(directory, &status) != 0) {
    throw kernel::CallError{"fstatfs", errno};
  }
  Files files{directory};
  add_pids(files, stats);
  if (status.f_type == CGROUP2_SUPER_MAGIC) {
    add_unified(directory, files, stats);
  } else {
    add_legacy(directory, files, stats);
  }
}

}  // namespace dunnage::cgroup
