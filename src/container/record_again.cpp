// SPDX-License-Identifier: Apache-2.0
// Records that are there already: of a container that is started again, or that was let go of.

#include "container/config.hpp"
#include "container/control.hpp"
#include "container/logs.hpp"
#include "container/record.hpp"
#include "container/record_lock.hpp"
#include "container/record_parts.hpp"
#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "kernel/open_beneath.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <utility>

namespace dunnage::container {
namespace {

/// What a crash cut off would be in the way of what comes after it.
kernel::FileDescriptor open_log_again(int directory) {
  kernel::FileDescriptor log =
      kernel::open_beneath(directory, kLogName, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, kFileMode);
  if (!log) {
    throw kernel::CallError{"open log", errno};
  }
  kernel::require_regular(log.get(), "open log");
  const auto whole = static_cast<off_t>(whole_size(duplicate(log.get())));
  if (::lseek(log.get(), 0, SEEK_END) != whole && ::ftruncate(log.get(), whole) != 0) {
    throw kernel::CallError{"truncate log", errno};
  }
  set_append(log);
  return log;
}

kernel::FileDescriptor replace_control(int directory) {
  const std::string fresh = std::string{kControlName} + ".new";
  (void)::unlinkat(directory, fresh.c_str(), 0);  // of a process that was killed; usually there is none
  kernel::FileDescriptor control = listen_control(directory, fresh);
  if (::renameat(directory, fresh.c_str(), directory, kControlName) != 0) {
    throw kernel::CallError{"rename", errno};
  }
  return control;
}

/// Whether the record belongs to a container of that id, as far as can be told.
bool belongs_to(int directory, const std::string& id) {
  try {
    return read_config(directory).id == id;
  } catch (const std::invalid_argument&) {
    return true;
  }
}

std::optional<std::chrono::system_clock::time_point> created_at(int directory) {
  try {
    return read_config(directory).created_at;
  } catch (const std::invalid_argument&) {
    return std::nullopt;
  }
}

}  // namespace

Record reopen_record(const volume::Layout& layout, const Config& config) {
  const Deed deed{Stage::Launch, "launch container", config.name};
  (void)checked_config(deed, config);
  std::optional<Record> record = explained(deed, [&]() -> std::optional<Record> {
    kernel::FileDescriptor containers = open_containers(layout);
    kernel::FileDescriptor directory = open_directory(containers.get(), config.name);
    if (!directory) {
      return std::nullopt;
    }
    const RecordLock lock{directory.get()};
    if (!kernel::is_at(containers.get(), config.name, directory.get())) {
      return std::nullopt;
    }
    const Contact found = contact(directory.get(), std::chrono::steady_clock::now() + kPatience);
    if (found.listener != Listener::Nobody || !belongs_to(directory.get(), config.id)) {
      throw exists_failure(deed);
    }
    Config again = config;
    again.created_at = created_at(directory.get()).value_or(config.created_at);
    kernel::FileDescriptor log = open_log_again(directory.get());
    kernel::replace_file(directory.get(), kConfigName, encode_config(again), kFileMode);
    kernel::FileDescriptor control = replace_control(directory.get());
    return make_record(layout, std::move(containers), std::move(directory), std::move(log), std::move(control));
  });
  return record ? std::move(*record) : create_record(layout, config);
}

namespace {

/// Replaces the config of a record that is still that container's.
template <typename Change>
void change_config(const volume::Layout& layout, const std::string& name, const std::string& id, Change change) {
  try {
    const kernel::FileDescriptor containers = open_containers(layout);
    const kernel::FileDescriptor directory = open_directory(containers.get(), name);
    if (!directory) {
      return;
    }
    const RecordLock lock{directory.get()};
    Config config = read_config(directory.get());
    if (config.id == id) {
      change(config);
      kernel::replace_file(directory.get(), kConfigName, encode_config(config), kFileMode);
    }
  } catch (const std::invalid_argument&) {
    // nobody can start a container again whose record is damaged
  } catch (const kernel::CallError& error) {
    if (error.code() != std::errc::no_such_file_or_directory) {
      throw;
    }
  }
}

}  // namespace

void mark_detached(const volume::Layout& layout, const std::string& name, const std::string& id) {
  change_config(layout, name, id, [](Config& config) { config.detached = true; });
}

void mark_resources(const volume::Layout& layout, const std::string& name, const std::string& id,
                    const Resources& resources) {
  change_config(layout, name, id, [&](Config& config) { config.resources = resources; });
}

std::optional<Resources> resources_of(const volume::Layout& layout, const std::string& name, const std::string& id) {
  const kernel::FileDescriptor containers = open_containers(layout);
  const kernel::FileDescriptor directory = open_directory(containers.get(), name);
  if (!directory) {
    return std::nullopt;
  }
  try {
    const Config config = read_config(directory.get());
    return config.id == id ? std::optional{config.resources} : std::nullopt;
  } catch (const std::invalid_argument&) {
    return std::nullopt;
  }
}

}  // namespace dunnage::container
