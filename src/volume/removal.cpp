// SPDX-License-Identifier: Apache-2.0
#include "volume/removal.hpp"

#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "volume/failure.hpp"
#include "volume/index.hpp"
#include "volume/kept_volume.hpp"
#include "volume/metadata.hpp"
#include "volume/trash.hpp"

#include <cerrno>
#include <optional>
#include <utility>

namespace dunnage::volume {
namespace {

constexpr const char* kRemoveVolume = "remove volume";

/// Whoever protects it holds its lock, so this is as it was acknowledged.
bool is_protected(int volume, const std::string& name) {
  std::string buffer;
  return says_protected(kernel::read_small_file(volume, kMetadataName, buffer, kMaxMetadataBytes).text, name);
}

std::optional<std::string> move_out(const Layout& layout, const std::string& name, int trash_fd,
                                    const std::string& name_there) {
  const VolumeChange change{layout, name};
  if (name_there.empty()) {
    return move_to_trash(layout.volumes.get(), name, trash_fd);
  }
  const int number = kernel::rename_exclusively(layout.volumes.get(), name, trash_fd, name_there);
  if (number != 0 && number != ENOENT) {
    throw kernel::CallError{"rename", number};
  }
  return number == 0 ? std::optional{name_there} : std::nullopt;
}

}  // namespace

std::string take_out(const Layout& layout, const std::string& name, int trash_fd, const std::string& name_there) {
  while (true) {
    const KeptVolume volume{layout, kRemoveVolume, name, KeptVolume::Beside::Nobody};
    if (is_protected(volume.directory(), name)) {
      throw protected_failure(kRemoveVolume, name);
    }
    if (auto trashed = move_out(layout, name, trash_fd, name_there)) {
      return std::move(*trashed);  // a copy may need memory that is not there
    }
  }
}

}  // namespace dunnage::volume
