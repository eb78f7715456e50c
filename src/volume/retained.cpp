// SPDX-License-Identifier: Apache-2.0
#include "volume/retained.hpp"

#include <dunnage/error.hpp>

#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "kernel/open_beneath.hpp"
#include "kernel/random_hex.hpp"
#include "model/volume_name.hpp"
#include "volume/failure.hpp"
#include "volume/index.hpp"
#include "volume/metadata.hpp"
#include "volume/metadata_change.hpp"
#include "volume/private_directory.hpp"
#include "volume/reading.hpp"
#include "volume/timestamp.hpp"
#include "volume/trash.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <utility>

namespace dunnage::volume {
namespace {

using Clock = std::chrono::system_clock;

constexpr const char* kRestoreVolume = "restore volume";
constexpr std::size_t kEntryIdDigits = 16;

std::int64_t nanoseconds(Clock::time_point time) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
}

/// Takes what is before the next point off the front.
std::optional<std::string_view> take_part(std::string_view& text) {
  const std::size_t end = text.find('.');
  if (end == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(end + 1);
  return part;
}

std::optional<Clock::time_point> time_of(std::optional<std::string_view> part) {
  std::int64_t number = 0;
  if (!part) {
    return std::nullopt;
  }
  const auto [end, code] = std::from_chars(part->data(), part->data() + part->size(), number);
  if (code != std::errc{} || end != part->data() + part->size() || number < 0) {
    return std::nullopt;
  }
  return Clock::time_point{std::chrono::duration_cast<Clock::duration>(std::chrono::nanoseconds{number})};
}

/// Somebody else restored or purged it.
VolumeError gone_failure(const TrashEntry& entry) {
  return VolumeError{{.stage = dunnage::Stage::Store,
                      .operation = kRestoreVolume,
                      .subject = entry.name,
                      .detail = "",
                      .cause = "it is not in the trash any more",
                      .code = errc::volume_missing,
                      .remedy = "look at what is there with trash().list() (volume trash ls)"}};
}

VolumeError taken_failure(const std::string& name) {
  return VolumeError{{.stage = dunnage::Stage::Store,
                      .operation = kRestoreVolume,
                      .subject = name,
                      .detail = "",
                      .cause = "",
                      .code = errc::volume_exists,
                      .remedy = "restore it under another name"}};
}

/// Its record names the volume, and has to name it as it will be called.
void rename_record(const Layout& layout, int directory, const TrashEntry& entry, const std::string& name,
                   const MetadataLock& lock) {
  std::string buffer;
  const auto [text, number] = kernel::read_small_file(directory, kMetadataName, buffer, kMaxMetadataBytes);
  if (number != 0 && number != ENOENT) {
    throw kernel::CallError{"read metadata", number};
  }
  VolumeInfo info;
  auto damage = decode_metadata(text, name, info);
  if (!damage) {
    return;
  }
  const std::string former = info.name;  // a restore that was killed may have given it another one already
  damage = decode_metadata(text, former, info);
  if (damage && entry.name == name) {
    return;  // it was damaged before, and is what it was
  }
  if (damage) {
    throw damaged_failure(layout, kRestoreVolume, entry.name,
                          {.volume = {}, .damage = std::move(*damage), .newer = is_newer_metadata(text)});
  }
  info.name = name;
  const auto changed = encode_changed_metadata(text, info);
  if (!changed) {
    throw kernel::CallError{"write metadata", EINVAL};
  }
  const NewMetadata metadata{layout, *changed};
  lock.note_change();
  metadata.put(directory);
}

}  // namespace

kernel::FileDescriptor open_retained(const Layout& layout) {
  return open_private(layout.root.get(), kRetainedName, layout.path / kRetainedName);
}

kernel::FileDescriptor make_retained(const Layout& layout) {
  auto retained = open_retained(layout);
  if (!retained) {
    (void)kernel::make_directory(layout.root.get(), kRetainedName, kPrivateDirectory);  // false: another was faster
    kernel::sync(layout.root.get());
    retained = open_retained(layout);
  }
  if (!retained) {
    throw kernel::CallError{"open directory", ENOENT};
  }
  return retained;
}

std::string retained_name(const TrashEntry& entry) {
  return fmt::format("{}.{}.{}.{}", entry.id, nanoseconds(entry.removed_at), nanoseconds(entry.kept_until), entry.name);
}

std::string retained_name(const std::string& volume, std::chrono::milliseconds keep) {
  const auto now = Clock::now();
  return retained_name(TrashEntry{
      .id = kernel::random_hex(kEntryIdDigits), .name = volume, .removed_at = now, .kept_until = now + bounded(keep)});
}

std::optional<TrashEntry> retained_entry(std::string_view name) {
  const auto id = take_part(name);
  const auto removed = time_of(take_part(name));
  const auto until = time_of(take_part(name));
  if (!id || id->empty() || !removed || !until || !model::is_valid_volume_name(std::string{name})) {
    return std::nullopt;
  }
  return TrashEntry{.id = std::string{*id}, .name = std::string{name}, .removed_at = *removed, .kept_until = *until};
}

std::vector<TrashEntry> retained_entries(int retained) {
  std::vector<TrashEntry> entries;
  for (const std::string& name : kernel::names_in(retained)) {
    if (auto entry = retained_entry(name)) {
      entries.push_back(std::move(*entry));
    }
  }
  std::sort(entries.begin(), entries.end(), [](const TrashEntry& one, const TrashEntry& other) {
    return std::tie(other.removed_at, one.id) < std::tie(one.removed_at, other.id);
  });
  return entries;
}

bool purge_retained(const Layout& layout, int retained, const std::string& name) {
  return throw_away(retained, name, layout.open_trash().get());
}

void sweep_retained(const Layout& layout) {
  const auto retained = open_retained(layout);
  if (!retained) {
    return;
  }
  const auto now = Clock::now();
  for (const TrashEntry& entry : retained_entries(retained.get())) {
    if (entry.kept_until <= now) {
      (void)purge_retained(layout, retained.get(), retained_name(entry));
    }
  }
}

void restore_retained(const Layout& layout, int retained, const TrashEntry& entry, const std::string& volume) {
  const std::string name = retained_name(entry);
  if (kernel::exists_at(layout.volumes.get(), volume)) {
    throw taken_failure(volume);
  }
  const auto directory = kernel::open_beneath(retained, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!directory) {
    throw errno == ENOENT ? gone_failure(entry) : call_failure(kRestoreVolume, entry.name, {"open directory", errno});
  }
  const MetadataLock lock{directory.get()};
  if (!kernel::is_at(retained, name, directory.get())) {
    throw gone_failure(entry);
  }
  rename_record(layout, directory.get(), entry, volume, lock);
  const VolumeChange change{layout, volume};
  const int number = kernel::rename_exclusively(retained, name, layout.volumes.get(), volume);
  if (number != 0) {
    throw number == EEXIST ? taken_failure(volume)
    : number == ENOENT     ? gone_failure(entry)
                           : call_failure(kRestoreVolume, entry.name, {"rename", number});
  }
  try {
    kernel::sync(layout.volumes.get());
    kernel::sync(retained);
  } catch (...) {
    (void)kernel::rename_exclusively(layout.volumes.get(), volume, retained, name);
    throw;
  }
}

}  // namespace dunnage::volume
