// SPDX-License-Identifier: Apache-2.0
#include "transfer/import.hpp"

#include "image/digest.hpp"
#include "image/input.hpp"
#include "image/unpack/tree_writer.hpp"
#include "launcher/connection.hpp"
#include "transfer/earlier_tree.hpp"
#include "transfer/tree_unpacking.hpp"
#include "volume/create.hpp"
#include "volume/replace_data.hpp"
#include "volume/take_back.hpp"
#include "volume/volume_access.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

namespace dunnage::transfer {
namespace {

ImageLimits limits_of(const ArchiveLimits& limits) {
  return {.bytes = limits.bytes,
          .file_bytes = limits.file_bytes,
          .entries = limits.entries,
          .ratio = limits.ratio,
          .depth = limits.depth};
}

void check_digest(const UnpackedTree& unpacked, const std::string& wanted) {
  if (!wanted.empty() && wanted != unpacked.tar_digest && wanted != unpacked.packed_digest) {
    const std::string& found = unpacked.packed_digest.empty() ? unpacked.tar_digest : unpacked.packed_digest;
    throw image::Fault{errc::digest_mismatch, fmt::format("it is {} and not {}", found, wanted),
                       "take another copy of the archive: nothing of this one was kept"};
  }
}

void check_digest_text(const VolumeImportOptions& options) {
  if (!options.digest.empty()) {
    (void)image::hex_of(options.digest);  // for its check alone
  }
}

void check_losses(const image::UnpackLosses& losses, bool accepted) {
  if (accepted || losses == image::UnpackLosses{}) {
    return;
  }
  throw image::Fault{errc::not_supported,
                     fmt::format("{} devices, {} attributes and {} owners of it cannot be had here", losses.devices,
                                 losses.attributes, losses.owners),
                     "import it as root, or say that they may be left out (accept_losses)"};
}

/// What goes on top of something is no volume by itself.
void refuse_increment(const image::Entry& entry) {
  if (entry.name.starts_with(kSince)) {
    throw image::Fault{errc::invalid_argument, "it holds only what differs from an earlier export",
                       "import that one, and name this one among the increments"};
  }
}

/// The first entry of an increment has to say that it goes on top of this one.
std::function<void(image::Entry&)> on_top_of(const std::string& tar_digest) {
  return [wanted = since_name(tar_digest), first = true](const image::Entry& entry) mutable {
    if (std::exchange(first, false) && entry.name != wanted) {
      throw image::Fault{errc::digest_mismatch, "an increment does not go on top of the archive before it",
                         "name all increments in the order in which they were made"};
    }
  };
}

class Import {
 public:
  Import(const OpenIncoming& open, const VolumeImportOptions& options)
      : open_{open}, options_{options}, limits_{limits_of(options.limits)}, watching_{options.watch, "import"} {}

  /// Makes the data of a volume that nobody sees. It is on the disk on return.
  void fill(const volume::Stage& stage) {
    const auto connection = launcher::connection_of_containers();
    const kernel::FileDescriptor data = volume::open_data(stage);
    try {
      unpack(stage, data.get(), connection->identity());
      check_losses(unpacked_.losses, options_.accept_losses);
      if (::syncfs(data.get()) != 0) {
        throw kernel::CallError{"syncfs", errno};
      }
      watching_.check();
    } catch (...) {
      volume::take_back(stage, *connection);
      throw;
    }
  }

  [[nodiscard]] VolumeImportResult result(Volume volume) {
    return {.volume = std::move(volume),
            .tar_digest = std::move(unpacked_.tar_digest),
            .entries = unpacked_.entries,
            .bytes = unpacked_.bytes,
            .devices = unpacked_.losses.devices,
            .attributes = unpacked_.losses.attributes,
            .owners = unpacked_.losses.owners};
  }

 private:
  void unpack(const volume::Stage& stage, int data, const launcher::Identity& identity) {
    TreeUnpacking unpacking{data, identity, limits_, watching_};
    const std::unique_ptr<Incoming> incoming = open_(stage.directory(), watching_);
    const UnpackedTree& whole =
        unpacking.add({.file = incoming->file(),
                       .whiteouts = image::WhiteoutNames::Plain,
                       .packed = options_.digest.empty() ? image::LayerStream::PackedDigest::No
                                                         : image::LayerStream::PackedDigest::Yes,
                       .check = refuse_increment});
    check_digest(whole, options_.digest);
    std::string below = whole.tar_digest;
    for (const std::filesystem::path& path : options_.increments) {
      const kernel::FileDescriptor increment = image::open_input(path);
      below =
          unpacking
              .add({.file = increment.get(), .whiteouts = image::WhiteoutNames::Deletion, .check = on_top_of(below)})
              .tar_digest;
    }
    unpacked_ = unpacking.settle();
  }

  const OpenIncoming& open_;
  const VolumeImportOptions& options_;
  ImageLimits limits_;
  image::Watching watching_;
  UnpackedTree unpacked_;
};

}  // namespace

volume::Content content_of_archive(const OpenIncoming& open, const VolumeImportOptions& options) {
  check_digest_text(options);
  return [&open, &options](const volume::Stage& stage) { Import{open, options}.fill(stage); };
}

VolumeImportResult import_volume(const volume::Layout& layout, const Deed& deed, const OpenIncoming& open,
                                 const VolumeImportOptions& options) {
  check_digest_text(options);
  Import import{open, options};
  const volume::Content content = [&](const volume::Stage& stage) { import.fill(stage); };
  if (options.replace) {
    if (auto replaced = volume::replace_data(layout, deed, content, options.watch)) {
      return import.result(VolumeAccess::make(std::move(*replaced)));
    }
  }
  return import.result(VolumeAccess::make(volume::create(layout, deed.volume, {.labels = options.labels}, content)));
}

}  // namespace dunnage::transfer
