// SPDX-License-Identifier: Apache-2.0
#include "container/record.hpp"

#include <dunnage/error.hpp>

#include "container/changes.hpp"
#include "container/config.hpp"
#include "container/control.hpp"
#include "container/failure.hpp"
#include "container/logs.hpp"
#include "container/record_lock.hpp"
#include "container/record_parts.hpp"
#include "container/removal.hpp"
#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "kernel/open_beneath.hpp"
#include "kernel/remove_tree.hpp"
#include "model/volume_name.hpp"
#include "volume/trash.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>
#include <exception>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace dunnage::container {
namespace {

constexpr auto kShortPatience = std::chrono::milliseconds{100};  ///< with who may just be launching under that name
constexpr int kAttempts = 16;  ///< somebody else may take and give up a name as often as we try

kernel::FileDescriptor new_file(int directory, const char* name) {
  kernel::FileDescriptor file = kernel::create_file(directory, name, kFileMode);
  if (!file) {
    throw kernel::CallError{"create file", EEXIST};
  }
  return file;
}

/// A record in the making, out of everybody's sight until it is whole.
class Unfinished {
 public:
  Unfinished(int containers, const std::string& id, const std::string& config)
      : containers_{containers}, name_{std::string{kUnfinished} + id} {
    if (!kernel::make_directory(containers_, name_, S_IRWXU)) {
      throw kernel::CallError{"mkdir", EEXIST};
    }
    try {
      fill(config);
    } catch (...) {
      (void)kernel::remove_tree(containers_, name_);  // the first failure is the one to report
      throw;
    }
  }
  Unfinished(const Unfinished&) = delete;
  Unfinished& operator=(const Unfinished&) = delete;
  ~Unfinished() {
    if (!published_) {
      (void)kernel::remove_tree(containers_, name_);  // a later sweep tries again
    }
  }

  /// \return false if the name is taken
  bool publish(const std::string& name) {
    const int number = kernel::rename_exclusively(containers_, name_, containers_, name);
    if (number != 0 && number != EEXIST) {
      throw kernel::CallError{"rename", number};
    }
    published_ = number == 0;
    return published_;
  }

  /// Takes the name from the record that has it, which stands aside from now on.
  void take_place(const std::string& name) {
    if (const int number = kernel::exchange(containers_, name_, containers_, name); number != 0) {
      throw kernel::CallError{"rename", number};
    }
    published_ = true;
  }

  kernel::FileDescriptor directory;
  kernel::FileDescriptor log;
  kernel::FileDescriptor control;

 private:
  void fill(const std::string& config) {
    directory = open_directory(containers_, name_);
    if (!directory) {
      throw kernel::CallError{"open record", ENOENT};
    }
    const kernel::FileDescriptor file = new_file(directory.get(), kConfigName);
    kernel::write_all(file.get(), config);
    (void)new_file(directory.get(), kLockName);
    log = new_file(directory.get(), kLogName);
    set_append(log);
    control = listen_control(directory.get());
  }

  int containers_;
  std::string name_;
  bool published_ = false;
};

/// Whether the name is free now: the container that had it has ended, and its launcher was killed before it could
/// remove the record as it had been told.
bool clear_finished(const volume::Layout& layout, int containers, const std::string& name) {
  const kernel::FileDescriptor directory = open_directory(containers, name);
  if (!directory) {
    return true;
  }
  try {
    // one that may stay is looked at only, and needs no lock
    if (!read_config(directory.get()).remove_on_exit) {
      return false;
    }
    const RecordLock lock{directory.get()};
    const Contact found = contact(directory.get(), std::chrono::steady_clock::now() + kShortPatience);
    if (found.listener != Listener::Nobody) {
      return false;
    }
    const Config config = read_config(directory.get());
    remove_volumes(layout, config.anonymous_volumes);
    remove_changes(layout, config.id);
    take_away(layout, containers, name, directory.get());
    return true;
  } catch (const std::invalid_argument&) {
    return false;  // it cannot be read; removing it is for its owner to decide
  } catch (const kernel::CallError& error) {
    if (error.code() == std::errc::no_such_file_or_directory) {
      return !kernel::is_at(containers, name, directory.get());  // somebody else removed it meanwhile
    }
    throw;
  }
}

}  // namespace

kernel::FileDescriptor duplicate(int fd) {
  kernel::FileDescriptor copy{::fcntl(fd, F_DUPFD_CLOEXEC, 3)};
  if (!copy) {
    throw kernel::CallError{"duplicate descriptor", errno};
  }
  return copy;
}

kernel::FileDescriptor open_directory(int containers, const std::string& name) {
  kernel::FileDescriptor directory = kernel::open_beneath(containers, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!directory && errno != ENOENT) {
    throw kernel::CallError{"open record", errno};
  }
  return directory;
}

void set_append(const kernel::FileDescriptor& log) {
  if (::fcntl(log.get(), F_SETFL, O_APPEND) != 0) {
    throw kernel::CallError{"open log", errno};
  }
}

LaunchError exists_failure(const Deed& deed) {
  return failure(deed, {}, errc::container_exists, "remove it with ContainerStore::remove(), or choose another name");
}

std::string checked_config(const Deed& deed, const Config& config) {
  if (!model::is_valid_volume_name(config.name)) {
    throw failure(deed, "not a name for a container", errc::invalid_argument,
                  "use 1 to 128 letters, digits, \"_\", \".\" or \"-\", a letter or digit first");
  }
  std::string text = encode_config(config);
  if (text.size() > kMostConfigBytes) {
    throw failure(deed, "its arguments, environment and labels are too long", errc::invalid_argument,
                  "pass large data in a file");
  }
  return text;
}

Record make_record(const volume::Layout& layout, kernel::FileDescriptor containers, kernel::FileDescriptor directory,
                   kernel::FileDescriptor log, kernel::FileDescriptor control) {
  return {.directory = std::move(directory),
          .containers = std::move(containers),
          .trash = layout.open_trash(),
          .volumes = duplicate(layout.volumes.get()),
          .log = std::move(log),
          .control = std::move(control)};
}

kernel::FileDescriptor open_containers(const volume::Layout& layout) {
  kernel::FileDescriptor containers =
      kernel::open_beneath(layout.root.get(), "containers", O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!containers) {
    throw kernel::CallError{"open directory", errno};
  }
  return containers;
}

Record create_record(const volume::Layout& layout, const Config& config) {
  const Deed deed{Stage::Launch, "launch container", config.name};
  const std::string text = checked_config(deed, config);
  return explained(deed, [&] {
    kernel::FileDescriptor containers = open_containers(layout);
    if (kernel::exists_at(containers.get(), config.name) && !clear_finished(layout, containers.get(), config.name)) {
      throw exists_failure(deed);
    }
    Unfinished record{containers.get(), config.id, text};
    for (int attempt = 1; !record.publish(config.name); ++attempt) {
      if (attempt == kAttempts || !clear_finished(layout, containers.get(), config.name)) {
        throw exists_failure(deed);
      }
    }
    try {
      return make_record(layout, duplicate(containers.get()), std::move(record.directory), std::move(record.log),
                         std::move(record.control));
    } catch (...) {
      discard_record(layout, config.name);
      throw;
    }
  });
}

Record create_record_in_place(const volume::Layout& layout, const Config& config) {
  const Deed deed{Stage::Launch, "launch container", config.name};
  const std::string text = checked_config(deed, config);
  auto record = explained(deed, [&]() -> std::optional<Record> {
    kernel::FileDescriptor containers = open_containers(layout);
    const kernel::FileDescriptor former = open_directory(containers.get(), config.name);
    if (!former) {
      return std::nullopt;
    }
    const RecordLock lock{former.get()};
    if (!kernel::is_at(containers.get(), config.name, former.get())) {
      return std::nullopt;
    }
    if (contact(former.get(), std::chrono::steady_clock::now() + kPatience).listener != Listener::Nobody) {
      throw exists_failure(deed);
    }
    Unfinished fresh{containers.get(), config.id, text};
    Record parts = make_record(layout, duplicate(containers.get()), std::move(fresh.directory), std::move(fresh.log),
                               std::move(fresh.control));
    fresh.take_place(config.name);
    return parts;
  });
  return record ? std::move(*record) : create_record(layout, config);
}

void discard_record(const volume::Layout& layout, const std::string& name) noexcept {
  try {
    const kernel::FileDescriptor containers = open_containers(layout);
    const kernel::FileDescriptor directory = open_directory(containers.get(), name);
    if (directory) {
      const RecordLock lock{directory.get()};
      take_away(layout, containers.get(), name, directory.get());
    }
  } catch (const std::exception&) {
    // the failure that brought us here is the one to report; what stays is listed as dead and can be removed
  }
}

void sweep_unfinished(const volume::Layout& layout, int containers) {
  constexpr std::time_t kOld = 600;
  const std::time_t now = std::time(nullptr);
  for (const std::string& name : kernel::names_in(containers)) {
    struct stat status {};
    if (!name.starts_with(kUnfinished) || ::fstatat(containers, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 ||
        now - status.st_mtime < kOld) {
      continue;
    }
    remove_replaced_record(layout, name.substr(kUnfinished.size()), false);
  }
}

}  // namespace dunnage::container
