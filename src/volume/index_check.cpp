// SPDX-License-Identifier: Apache-2.0
#include "volume/index_check.hpp"

#include "kernel/files.hpp"
#include "kernel/open_beneath.hpp"
#include "launcher/volume_log.hpp"
#include "volume/index_bytes.hpp"
#include "volume/index_file.hpp"
#include "volume/index_log.hpp"
#include "volume/reading.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dunnage::volume {
namespace {

StoreFault fault_of(const Layout& layout, const char* file, std::string problem) {
  return {{.part = StoreFinding::Part::Index,
           .name = launcher::kVolumeIndex,
           .path = *file == '\0' ? layout.path / launcher::kVolumeIndex : layout.path / launcher::kVolumeIndex / file,
           .problem = std::move(problem),
           .remedy = "repair() removes it, and the next listing makes a new one; it only saves time",
           .repairable = true},
          [&layout] {
            put_index_away(layout);
            return std::string{"it has been removed; the next listing makes a new one"};
          }};
}

/// What is not a file of the index is none to whoever lists.
std::optional<std::string> fault_of_file(int directory, const char* name) {
  const auto entry = look_at(directory, name);
  if (!entry || open_index_file(directory, name, O_RDONLY)) {
    return std::nullopt;
  }
  return entry->is_file() ? "it is not this user's alone" : fmt::format("it is {}, not a file", kind_of(entry->status));
}

struct List {
  std::unique_ptr<char[]> bytes;
  std::string_view text;
};

std::optional<List> read_list(int file) {
  struct stat status {};
  if (::fstat(file, &status) != 0 || status.st_size <= 0 ||
      static_cast<std::uint64_t>(status.st_size) > kMaxIndexBytes) {
    return std::nullopt;
  }
  const auto size = static_cast<std::size_t>(status.st_size);
  List list{.bytes = std::make_unique_for_overwrite<char[]>(size), .text = {}};
  if (!read_exactly(file, list.bytes.get(), size)) {
    return std::nullopt;
  }
  list.text = {list.bytes.get(), size};
  return list;
}

bool says_the_same(const Layout& layout, VolumeReader& reader, const IndexedVolume& indexed) {
  VolumeInfo listed;
  indexed.write_to(listed);
  const auto directory = look_at(layout.volumes.get(), listed.name);
  if (!directory || directory->status.st_ino != indexed.inode) {
    return true;  // moved by hand, which the times of the directory tell whoever lists
  }
  const Reading reading = reader.read(listed.name);
  return !reading.volume || *reading.volume == listed;
}

/// The names are read before the log: a change that came in between is in the log, if that still is the log.
StoreFaults compare(const Layout& layout, int directory, const std::vector<IndexedVolume>& volumes) {
  VolumeReader reader{layout};
  std::vector<std::string> differing;
  for (const IndexedVolume& volume : volumes) {
    if (!says_the_same(layout, reader, volume)) {
      differing.emplace_back(volume.name);
    }
  }
  const auto file = open_index_file(directory, kLogFile, O_RDONLY);
  const auto log = file ? read_log_file(file.get()) : std::nullopt;
  if (differing.empty() || !log || !kernel::is_at(layout.root.get(), launcher::kVolumeIndex, directory)) {
    return {};
  }
  const auto wrong = std::find_if(differing.begin(), differing.end(), [&](const std::string& name) {
    return !std::binary_search(log->names.begin(), log->names.end(), name, std::less<>{});
  });
  if (wrong == differing.end()) {
    return {};
  }
  StoreFaults faults;
  faults.push_back(fault_of(
      layout, kIndexFile,
      fmt::format("what it says of volume \"{}\" is not what the volume's metadata says, so listings are wrong",
                  *wrong)));
  return faults;
}

/// Whoever made it so long puts the index away next.
bool is_too_long(int log) {
  struct stat status {};
  return ::fstat(log, &status) != 0 || static_cast<std::uint64_t>(status.st_size) > launcher::kMostVolumeLogBytes;
}

StoreFaults faults_in(const Layout& layout, int directory) {
  StoreFaults faults;
  for (const char* name : {kIndexFile, kLogFile}) {
    if (auto problem = fault_of_file(directory, name)) {
      faults.push_back(fault_of(layout, name, std::move(*problem)));
      return faults;
    }
  }
  const auto file = open_index_file(directory, kIndexFile, O_RDONLY);
  const auto log = open_index_file(directory, kLogFile, O_RDONLY);
  if (!file || !log) {
    return faults;  // in the making, or about to be made again
  }
  const auto list = read_list(file.get());
  const auto place = list ? read_index_place(list->text) : std::nullopt;
  const auto volumes = place ? read_index(list->text, *place) : std::nullopt;
  if (!volumes) {
    faults.push_back(fault_of(layout, kIndexFile, "it is damaged: its checksum or its form is wrong"));
  } else if (!is_too_long(log.get()) && !read_log_file(log.get())) {
    faults.push_back(fault_of(layout, kLogFile, "it is damaged: the checksum of an entry is wrong"));
  } else if (index_place(layout, file.get()) == place) {
    return compare(layout, directory, *volumes);
  }
  return faults;
}

}  // namespace

StoreFaults faults_of_index(const Layout& layout) {
  const auto entry = look_at(layout.root.get(), launcher::kVolumeIndex);
  if (!entry) {
    return {};
  }
  StoreFaults faults;
  const PrivacyFault privacy = privacy_fault(entry->status);
  if (!privacy.problem.empty()) {
    faults.push_back(fault_of(layout, "", privacy.problem));
    return faults;
  }
  const auto directory =
      kernel::open_beneath(layout.root.get(), launcher::kVolumeIndex, O_PATH | O_DIRECTORY | O_NOFOLLOW);
  if (!directory) {
    return faults;  // put away at this moment
  }
  faults = faults_in(layout, directory.get());
  // whoever puts an index away deletes it file by file
  return kernel::is_at(layout.root.get(), launcher::kVolumeIndex, directory.get()) ? std::move(faults) : StoreFaults{};
}

}  // namespace dunnage::volume
