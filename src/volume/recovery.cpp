// SPDX-License-Identifier: Apache-2.0
#include "volume/recovery.hpp"

#include "kernel/call_error.hpp"
#include "kernel/open_beneath.hpp"
#include "volume/index_bytes.hpp"
#include "volume/index_file.hpp"
#include "volume/limit_mark.hpp"
#include "volume/limited_data.hpp"
#include "volume/metadata_change.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <memory>
#include <tuple>

namespace dunnage::volume {
namespace {

struct Birth {
  std::optional<statx_timestamp> time;  ///< not every file system knows it
  std::uint64_t inode = 0;
  statx_timestamp modified{};
};

Birth birth_of(int fd) {
  struct statx status {};
  if (::statx(fd, "", AT_EMPTY_PATH, STATX_BTIME | STATX_INO | STATX_MTIME, &status) != 0) {
    throw kernel::CallError{"stat", errno};
  }
  return {.time = (status.stx_mask & STATX_BTIME) != 0 ? std::optional{status.stx_btime} : std::nullopt,
          .inode = status.stx_ino,
          .modified = status.stx_mtime};
}

bool is_before(const Birth& one, const Birth& other) {
  const auto key = [](const statx_timestamp& time) { return std::tuple{time.tv_sec, time.tv_nsec}; };
  return one.time && other.time && key(*one.time) < key(*other.time);
}

/// The bytes of the list, and the birth of the log beside it, which was made before any volume was looked at.
struct OldIndex {
  std::unique_ptr<char[]> bytes;
  std::string_view text;
  Birth begun;
};

std::optional<OldIndex> read_old_index(const Layout& layout) {
  const auto directory =
      kernel::open_beneath(layout.root.get(), launcher::kVolumeIndex, O_PATH | O_DIRECTORY | O_NOFOLLOW);
  const auto list = directory ? open_index_file(directory.get(), kIndexFile, O_RDONLY) : kernel::FileDescriptor{};
  const auto log = directory ? open_index_file(directory.get(), kLogFile, O_RDONLY) : kernel::FileDescriptor{};
  struct stat status {};
  if (!list || !log || ::fstat(list.get(), &status) != 0 || status.st_size <= 0 ||
      static_cast<std::uint64_t>(status.st_size) > kMaxIndexBytes) {
    return std::nullopt;
  }
  const auto size = static_cast<std::size_t>(status.st_size);
  OldIndex index{.bytes = std::make_unique_for_overwrite<char[]>(size), .text = {}, .begun = birth_of(log.get())};
  if (!read_exactly(list.get(), index.bytes.get(), size)) {
    return std::nullopt;
  }
  index.text = {index.bytes.get(), size};
  return index;
}

/// Whether the metadata was changed after the index was begun.
bool is_changed_since(int volume_directory, const Birth& begun) {
  const auto lock = kernel::open_beneath(volume_directory, kMetadataLockName, O_PATH | O_NOFOLLOW);
  if (!lock) {
    return errno != ENOENT;
  }
  Birth changed = birth_of(lock.get());
  changed.time = changed.modified;
  return !is_before(changed, begun);
}

}  // namespace

std::optional<Recovered> recover_from_index(const Layout& layout, const std::string& name, int volume_directory) {
  const auto index = read_old_index(layout);
  const Birth born = birth_of(volume_directory);
  if (!index || !is_before(born, index->begun) || is_changed_since(volume_directory, index->begun)) {
    return std::nullopt;
  }
  const auto place = read_index_place(index->text);
  const auto volumes = place ? read_index(index->text, *place) : std::nullopt;
  if (!volumes || place->volumes != birth_of(layout.volumes.get()).inode) {
    return std::nullopt;
  }
  const auto found =
      std::find_if(volumes->begin(), volumes->end(), [&](const IndexedVolume& volume) { return volume.name == name; });
  if (found == volumes->end() || found->inode != born.inode) {
    return std::nullopt;
  }
  Recovered recovered{.info = {}, .source = "its labels, creation time and owner are from the index of the store"};
  found->write_to(recovered.info);
  return recovered;
}

Recovered default_metadata(const std::string& name, int volume_directory) {
  using std::chrono::system_clock;
  const Birth born = birth_of(volume_directory);
  const statx_timestamp time = born.time.value_or(born.modified);
  Recovered recovered{.info = {},
                      .source =
                          "its labels are lost, and so are options of its driver, its owner and that it was "
                          "anonymous, if it had any of these; its creation time is that of its directory"};
  recovered.info.name = name;
  recovered.info.limit_way = limit_way_of(volume_directory);  // it lies beside the metadata
  if (recovered.info.limit_way != LimitWay::None) {
    recovered.info.limit = found_limit(volume_directory, recovered.info.limit_way);
  }
  recovered.info.created_at = system_clock::time_point{std::chrono::duration_cast<system_clock::duration>(
      std::chrono::seconds{time.tv_sec} + std::chrono::nanoseconds{time.tv_nsec})};
  return recovered;
}

}  // namespace dunnage::volume
