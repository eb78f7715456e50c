// SPDX-License-Identifier: Apache-2.0
#include "volume/exchange_note.hpp"

#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "kernel/open_beneath.hpp"
#include "kernel/subvolume.hpp"
#include "volume/directory.hpp"
#include "volume/metadata.hpp"
#include "volume/private_directory.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cerrno>
#include <utility>

namespace dunnage::volume {
namespace {

std::optional<ExchangeNote> note_of(std::string_view text) {
  if (checksum_fault(text)) {
    return std::nullopt;
  }
  const auto json = nlohmann::json::parse(fmt::format("{{{}", without_checksum(text)), nullptr, false);
  if (!json.is_object()) {
    return std::nullopt;
  }
  ExchangeNote note;
  try {
    note.volume = json.at("volume").get<std::string>();
    note.snapshot = json.at("snapshot").get<std::string>();
    note.volume_inode = json.at("volume_inode").get<std::uint64_t>();
    note.prepared = json.at("prepared").get<std::uint64_t>();
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
  return note;
}

}  // namespace

void write_exchange_note(int stage, const char* name, const ExchangeNote& note) {
  const nlohmann::ordered_json json{{"volume", note.volume},
                                    {"snapshot", note.snapshot},
                                    {"volume_inode", note.volume_inode},
                                    {"prepared", note.prepared}};
  kernel::write_new_file(stage, name, with_checksum(json.dump().substr(1) + "\n"), kPrivateFile);
}

std::optional<ExchangeNote> read_exchange_note(int stage, const char* name) {
  constexpr std::size_t kLimit = 4096;
  std::string buffer;
  const auto [text, number] = kernel::read_small_file(stage, name, buffer, kLimit);
  if (number == ENOENT) {
    return std::nullopt;
  }
  if (number != 0) {
    throw kernel::CallError{"read the note of an exchange", number};
  }
  return note_of(text);
}

NotedVolume find_volume(const Layout& layout, const ExchangeNote& note) {
  auto volume = open_volume_directory(layout, note.volume);
  if (volume && kernel::identity_of_directory(volume.get()) == note.volume_inode) {
    return {note.volume, std::move(volume)};
  }
  for (const kernel::DirectoryEntry& entry : kernel::entries_in(layout.volumes.get())) {
    if (entry.inode == note.volume_inode) {
      return {entry.name, open_volume_directory(layout, entry.name)};
    }
  }
  return {};
}

std::uint64_t identity_at(int directory, const char* name) {
  const auto entry =
      kernel::open_beneath(directory, name, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0, kernel::Crossing::Allowed);
  if (!entry) {
    if (errno == ENOENT) {
      return 0;
    }
    throw kernel::CallError{"open directory", errno};
  }
  return kernel::identity_of_directory(entry.get());
}

}  // namespace dunnage::volume
