// SPDX-License-Identifier: Apache-2.0
#include "image/changes.hpp"

#include "kernel/boot_id.hpp"
#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "kernel/lock.hpp"
#include "kernel/open_beneath.hpp"
#include "volume/limit_choice.hpp"
#include "volume/trash.hpp"

#include <nlohmann/json.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <ctime>
#include <optional>
#include <thread>
#include <utility>

namespace dunnage::image {
namespace {

constexpr const char* kLock = "lock";
constexpr const char* kKept = "kept";
constexpr mode_t kFileMode = S_IRUSR | S_IWUSR;
constexpr std::size_t kMostLockBytes = 4096;
constexpr auto kPatienceWithSweep = std::chrono::seconds{5};  ///< with a sweep that looks at it

kernel::FileDescriptor open_place(int changes, const std::string& id) {
  kernel::FileDescriptor place = kernel::open_beneath(changes, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!place && errno != ENOENT) {
    throw kernel::CallError{"open changes", errno};
  }
  return place;
}

/// Empty if the directory was deleted since it was opened.
kernel::FileDescriptor open_lock(int place) {
  kernel::FileDescriptor lock =
      kernel::open_beneath(place, kLock, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, kFileMode);
  if (!lock && errno != ENOENT) {
    throw kernel::CallError{"open lock", errno};
  }
  return lock;
}

std::string encode(const ChangesOwner& owner, const ChangesOptions& options) {
  nlohmann::ordered_json json{{"Image", owner.image_id},
                              {"Container", owner.container_name},
                              {"Boot", options.upper && options.is_volatile ? kernel::boot_id() : std::string{}}};
  if (options.limit) {
    json["Limit"] = volume::held_size(options.limit->size);
  }
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

/// Locks a place nobody has and nobody wants. Empty if there is none of that name, or none such.
kernel::FileDescriptor lock_abandoned(int changes, const std::string& id) {
  const kernel::FileDescriptor place = open_place(changes, id);
  if (!place || are_changes_kept(place.get())) {
    return {};
  }
  kernel::FileDescriptor lock = open_lock(place.get());
  if (!lock || !kernel::try_lock(lock.get(), kernel::LockKind::Exclusive)) {
    return {};
  }
  if (!kernel::is_at(changes, id, place.get()) || kernel::exists_at(place.get(), kKept)) {
    kernel::unlock(lock.get());  // a forked copy of this process may have a copy of the descriptor
    return {};
  }
  return lock;
}

bool is_used(int place) {
  if (are_changes_kept(place)) {
    return true;
  }
  const kernel::FileDescriptor lock = kernel::open_beneath(place, kLock, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
  return lock && kernel::is_locked_by_another(lock.get(), kernel::LockKind::Exclusive);
}

}  // namespace

/// What cannot be read is of no image: its maker was killed before it said.
ChangesWord changes_word_of(int place, const std::string& container_id) {
  std::string buffer;
  const auto text = kernel::read_small_file(place, kLock, buffer, kMostLockBytes).text;
  const auto json = nlohmann::json::parse(text, nullptr, false);
  const auto take = [&](const char* key, std::string& value) {
    if (const auto found = json.is_object() ? json.find(key) : json.end(); found != json.end() && found->is_string()) {
      value = found->get<std::string>();
    }
  };
  constexpr std::size_t kShortId = 12;
  ChangesWord word;
  take("Image", word.image);
  take("Container", word.container);
  take("Boot", word.boot);
  if (const auto found = json.is_object() ? json.find("Limit") : json.end();
      found != json.end() && found->is_number_unsigned()) {
    word.limit = found->get<std::uint64_t>();
  }
  if (word.container.empty()) {
    word.container = container_id.substr(0, kShortId);
  }
  return word;
}

/// A mark that says for how long is that of a restart whose process was killed.
bool are_changes_kept(int place) {
  constexpr std::time_t kLongestRestart = 3600;
  struct stat status {};
  return ::fstatat(place, kKept, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
         (status.st_size == 0 || std::time(nullptr) - status.st_mtime < kLongestRestart);
}

std::string changes_path(const std::string& container_id) { return "changes/" + container_id; }
std::string ahead_path(const std::string& name) { return "ahead/" + name; }

Changes Changes::open(int changes, const ChangesOwner& owner, const ChangesOptions& options) {
  Changes place;
  place.lock_place(changes, owner.container_id);
  place.identify(owner, options);
  if (options.upper && options.limit) {
    place.limited_ = open_limited_changes(owner.container_name, place.directory_.get(), *options.limit);
  }
  if (options.upper) {
    place.make_upper();
  }
  return place;
}

Changes Changes::make_ahead(int ahead, const std::string& name, const std::string& image_id) {
  Changes place;
  place.lock_place(ahead, name);
  place.write_word({.container_id = {}, .container_name = {}, .image_id = image_id}, {.is_volatile = true});
  place.make_upper();
  return place;
}

void Changes::adopt(int ahead, const std::string& name, int changes, const ChangesOwner& owner) const {
  if (!owner.container_name.empty()) {
    write_word(owner, {.is_volatile = true});
  }
  if (::renameat2(ahead, name.c_str(), changes, owner.container_id.c_str(), RENAME_NOREPLACE) != 0) {
    throw kernel::CallError{"rename", errno};
  }
}

void Changes::write_word(const ChangesOwner& owner, const ChangesOptions& options) const {
  const std::string word = encode(owner, options);
  if (::ftruncate(lock_.get(), 0) != 0 || ::lseek(lock_.get(), 0, SEEK_SET) != 0) {
    throw kernel::CallError{"truncate", errno};
  }
  kernel::write_all(lock_.get(), word);
}

void Changes::make_upper() {
  const int top = limited_.top ? limited_.top.get() : directory_.get();
  (void)kernel::make_directory(top, "upper", S_IRWXU);
  (void)kernel::make_directory(top, "work", S_IRWXU);
  fresh_ = !kernel::exists_at(top, "work/work");  // the kernel makes it when it mounts
}

/// The first start writes it; whoever was killed meanwhile has not started anything.
void Changes::identify(const ChangesOwner& owner, const ChangesOptions& options) const {
  const ChangesWord word = changes_word_of(directory_.get(), owner.container_id);
  if (word.image.empty()) {
    write_word(owner, options);
  } else if (!word.boot.empty() && word.boot != kernel::boot_id()) {
    throw kernel::CallError{"use changes that were not synced when the machine went down", EIO};
  }
}

void Changes::lock_place(int changes, const std::string& id) {
  const auto deadline = std::chrono::steady_clock::now() + kPatienceWithSweep;
  for (;;) {
    (void)kernel::make_directory(changes, id, S_IRWXU);
    directory_ = open_place(changes, id);
    lock_ = directory_ ? open_lock(directory_.get()) : kernel::FileDescriptor{};
    if (lock_ && kernel::try_lock(lock_.get(), kernel::LockKind::Exclusive)) {
      if (kernel::is_at(changes, id, directory_.get())) {
        return;
      }
    } else if (lock_ && std::chrono::steady_clock::now() > deadline) {
      throw kernel::CallError{"lock changes", EBUSY};
    } else {
      std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
  }
}

void Changes::keep(bool kept) const {
  const int place = directory_.get();
  if (::unlinkat(place, kKept, 0) != 0 && errno != ENOENT) {
    throw kernel::CallError{"unlink", errno};
  }
  if (kept) {
    (void)kernel::create_file(place, kKept, kFileMode);
  }
}

void hold_changes(int changes, const std::string& container_id) {
  const kernel::FileDescriptor place = open_place(changes, container_id);
  const kernel::FileDescriptor mark =
      place ? kernel::create_file(place.get(), kKept, kFileMode) : kernel::FileDescriptor{};
  if (mark) {
    kernel::write_all(mark.get(), "restart\n");
  }
}

void remove_changes(int changes, const std::string& container_id, int trash) {
  if (const auto trashed = volume::move_to_trash(changes, container_id, trash)) {
    volume::delete_from_trash(trash, *trashed);
  }
}

bool remove_abandoned_changes(int changes, const std::string& container_id, int trash) {
  const kernel::FileDescriptor lock = lock_abandoned(changes, container_id);
  if (lock) {
    remove_changes(changes, container_id, trash);
    kernel::unlock(lock.get());
  }
  return static_cast<bool>(lock);
}

OpenedUpper open_upper(int changes, const ChangesOwner& owner) {
  OpenedUpper opened;
  const kernel::FileDescriptor place = open_place(changes, owner.container_id);
  if (place) {
    opened.limited = find_limited_changes(owner.container_name, place.get());
    const int top = opened.limited.top ? opened.limited.top.get() : place.get();
    opened.upper = kernel::open_beneath(top, "upper", O_PATH | O_DIRECTORY | O_NOFOLLOW);
    if (!opened.upper && errno != ENOENT) {
      throw kernel::CallError{"open changes", errno};
    }
  }
  return opened;
}

void sweep_changes(int changes, int trash) {
  for (const std::string& id : kernel::names_in(changes)) {
    try {
      (void)remove_abandoned_changes(changes, id, trash);
    } catch (const kernel::CallError&) {
      // a later sweep tries again
    }
  }
}

std::vector<std::string> users_of(int changes, std::string_view image_id) {
  std::vector<std::string> names;
  for (const std::string& id : kernel::names_in(changes)) {
    const kernel::FileDescriptor place = open_place(changes, id);
    if (!place) {
      continue;
    }
    ChangesWord word = changes_word_of(place.get(), id);
    if (word.image == image_id && is_used(place.get())) {
      names.push_back(std::move(word.container));
    }
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

}  // namespace dunnage::image
