// SPDX-License-Identifier: Apache-2.0
#include "volume/rollback_note.hpp"

#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "kernel/open_beneath.hpp"
#include "kernel/subvolume.hpp"
#include "volume/metadata.hpp"
#include "volume/private_directory.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cerrno>

namespace dunnage::volume {
namespace {

std::optional<RollbackNote> note_of(std::string_view text) {
  if (checksum_fault(text)) {
    return std::nullopt;
  }
  const auto json = nlohmann::json::parse(fmt::format("{{{}", without_checksum(text)), nullptr, false);
  if (!json.is_object()) {
    return std::nullopt;
  }
  RollbackNote note;
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

void write_rollback_note(int stage, const RollbackNote& note) {
  const nlohmann::ordered_json json{{"volume", note.volume},
                                    {"snapshot", note.snapshot},
                                    {"volume_inode", note.volume_inode},
                                    {"prepared", note.prepared}};
  kernel::write_new_file(stage, kRollbackName, with_checksum(json.dump().substr(1) + "\n"), kPrivateFile);
}

std::optional<RollbackNote> read_rollback_note(int stage) {
  constexpr std::size_t kLimit = 4096;
  std::string buffer;
  const auto [text, number] = kernel::read_small_file(stage, kRollbackName, buffer, kLimit);
  if (number == ENOENT) {
    return std::nullopt;
  }
  if (number != 0) {
    throw kernel::CallError{"read the note of a rollback", number};
  }
  return note_of(text);
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
