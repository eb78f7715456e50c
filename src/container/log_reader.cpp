// SPDX-License-Identifier: Apache-2.0
#include <dunnage/container_store.hpp>

#include "container/control.hpp"
#include "container/failure.hpp"
#include "container/log_files.hpp"
#include "container/log_watch.hpp"
#include "container/lookup.hpp"
#include "container/store_state.hpp"
#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "launcher/stop_signal.hpp"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

namespace dunnage {
namespace {

using container::Deed;
using container::explained;

Deed deed_of(std::string_view name) { return {Stage::Store, "read the log of container", std::string{name}}; }

}  // namespace

struct LogReader::State {
  State(Deed what, LogOptions wanted, kernel::FileDescriptor directory, kernel::FileDescriptor connection)
      : deed{std::move(what)},
        options{std::move(wanted)},
        record{std::move(directory)},
        launcher{std::move(connection)} {
    if (options.follow) {
      watch.emplace(record.get(), launcher.get());  // before the files are looked at, so that nothing is missed
    }
    files = container::open_log_files(record.get());
    if (options.tail) {
      const std::size_t lines = count_lines();
      skip = lines > *options.tail ? lines - *options.tail : 0;
    }
  }

  [[nodiscard]] std::optional<LogEntry> next() {
    while (!ended) {
      if (options.stop.stop_requested()) {
        ended = true;
        break;
      }
      if (auto entry = next_of_file()) {
        return entry;
      }
      if (in_older) {
        in_older = false;
      } else if (!options.follow) {
        ended = true;
      } else if (!go_on()) {
        break;
      }
    }
    return std::nullopt;
  }

  /// A record without any was removed while it was opened, or somebody else has deleted them.
  [[nodiscard]] bool has_files() const noexcept { return files.older || files.current; }

  const Deed deed;
  const LogOptions options;
  const kernel::FileDescriptor record;
  const kernel::FileDescriptor launcher;  ///< a connection, for following; empty if the container has ended
  std::optional<container::LogWatch> watch;
  bool ended = false;

 private:
  /// What was seen before the rest of the present file was read.
  struct Look {
    bool ended = false;
    bool rotated = false;
  };

  [[nodiscard]] bool wants(const LogEntry& entry) const { return !options.since || entry.time >= *options.since; }

  /// The next entry of the present file that is asked for.
  [[nodiscard]] std::optional<LogEntry> next_of_file() {
    std::optional<container::LogFile>& file = in_older ? files.older : files.current;
    while (file && !options.stop.stop_requested()) {
      auto entry = file->next();
      if (!entry) {
        break;
      }
      if (wants(*entry) && skip_lines(*entry) && !entry->data.empty()) {
        return entry;
      }
    }
    return std::nullopt;
  }

  /// Takes away the lines that `tail` leaves out. False if there is nothing else in it.
  [[nodiscard]] bool skip_lines(LogEntry& entry) {
    while (skip > 0 && !entry.data.empty()) {
      const std::size_t end = entry.data.find('\n');
      if (end == std::string_view::npos) {
        return false;
      }
      entry.data.remove_prefix(end + 1);
      --skip;
    }
    return true;
  }

  /// How many lines the files hold; one without an end counts.
  [[nodiscard]] std::size_t count_lines() {
    std::size_t lines = 0;
    bool open_line = false;
    for (std::optional<container::LogFile>* file : {&files.older, &files.current}) {
      while (*file && !options.stop.stop_requested()) {
        const auto entry = (*file)->next();
        if (!entry) {
          break;
        }
        if (wants(*entry) && !entry->data.empty()) {
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

  /// At the end of the present file. False when there is nothing to do but to wait.
  [[nodiscard]] bool go_on() {
    skip = 0;  // what is written from now on is wanted whole
    if (following) {
      files.older = std::exchange(files.current, std::exchange(following, std::nullopt));
      look.reset();
      return true;
    }
    if (!look) {
      watch->reset();
      saw_end = saw_end || !launcher || container::wait_for_end(launcher.get(), std::chrono::steady_clock::now());
      look = Look{saw_end, !files.current || !kernel::is_at(record.get(), container::kLogName, files.current->fd())};
      read_rest();
      return true;
    }
    if (look->rotated && (following = container::next_log_file(record.get(), files))) {
      read_rest();  // where the new file could not be made at once, the launcher went on with this one
      return true;  // all of it is delivered before the end is taken for one
    }
    ended = look->ended;
    look.reset();
    return false;
  }

  void read_rest() {
    if (files.current) {
      files.current->look_again();
    }
  }

  container::LogFiles files;
  std::optional<container::LogFile> following;  ///< comes when `files.current` is read to its end
  std::optional<Look> look;
  bool in_older = true;
  bool saw_end = false;
  std::size_t skip = 0;  ///< lines
};

LogReader::LogReader(std::unique_ptr<State> state) noexcept : state_{std::move(state)} {}
LogReader::LogReader(LogReader&&) noexcept = default;
LogReader& LogReader::operator=(LogReader&&) noexcept = default;
LogReader::~LogReader() = default;

std::optional<LogEntry> LogReader::next() {
  return explained(state_->deed, [&] { return state_->next(); });
}
bool LogReader::ended() const noexcept { return state_->ended; }
int LogReader::fd() const noexcept { return state_->watch ? state_->watch->fd() : -1; }

LogReader ContainerStore::read_log(std::string_view name, const LogOptions& options) const {
  const Deed deed = deed_of(name);
  return explained(deed, [&] {
    container::Found record = container::get_record(deed, state_->containers().get(), name);
    container::Contact found;
    if (options.follow) {
      found = container::contact(record.directory.get(), std::chrono::steady_clock::now() + container::kPatience);
      if (found.listener == container::Listener::Silent && !found.socket) {
        throw container::silent_failure(deed);
      }
    }
    auto state =
        std::make_unique<LogReader::State>(deed, options, std::move(record.directory), std::move(found.socket));
    const kernel::FileDescriptor containers = state_->containers();
    if (!state->has_files() && !kernel::is_at(containers.get(), record.name, state->record.get())) {
      throw container::missing_failure(deed, container::record_names(containers.get()));
    }
    return LogReader{std::move(state)};
  });
}

void ContainerStore::logs(std::string_view name, const std::function<void(const LogEntry&)>& sink,
                          const LogOptions& options) const {
  LogReader log = read_log(name, options);
  explained(deed_of(name), [&] {
    const launcher::StopSignal stop{options.stop};
    for (;;) {
      while (const auto entry = log.next()) {
        sink(*entry);
      }
      if (log.ended()) {
        return;
      }
      std::array<pollfd, 2> wanted{{{log.fd(), POLLIN, 0}, {stop.descriptor(), POLLIN, 0}}};
      if (::poll(wanted.data(), wanted.size(), -1) < 0 && errno != EINTR) {
        throw kernel::CallError{"poll", errno};
      }
    }
  });
}

}  // namespace dunnage
