// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// An archive to a volume: a new one, or the data of one that is there, whole or not at all.

#include <dunnage/volume_archive.hpp>
#include <dunnage/volume_store.hpp>

#include "image/watching.hpp"
#include "transfer/failure.hpp"
#include "volume/create.hpp"
#include "volume/layout.hpp"

#include <cstdint>
#include <functional>
#include <memory>

namespace dunnage::transfer {

inline constexpr const char* kImportVolume = "import volume";

/// An archive as a regular file, which may be made in the directory it is given.
class Incoming {
 public:
  Incoming() = default;
  Incoming(const Incoming&) = delete;
  Incoming& operator=(const Incoming&) = delete;
  virtual ~Incoming() = default;
  /// Open for reading as long as this is there.
  [[nodiscard]] virtual int file() const noexcept = 0;
};
using OpenIncoming = std::function<std::unique_ptr<Incoming>(int directory, image::Watching& watching)>;

/// Throws: VolumeError, image::Fault, kernel::CallError.
[[nodiscard]] VolumeImportResult import_volume(const volume::Layout& layout, const Deed& deed, const OpenIncoming& open,
                                               const VolumeImportOptions& options);

/// What a volume that is made of an archive has in it, for whoever makes the volume. It throws as import_volume().
/// \param open, options  outlive it
[[nodiscard]] volume::Content content_of_archive(const OpenIncoming& open, const VolumeImportOptions& options);

/// A file, or what comes of a pipe, spooled in the directory. \param fd  outlives it
[[nodiscard]] std::unique_ptr<Incoming> incoming_descriptor(int fd, int directory, std::uint64_t most,
                                                            image::Watching& watching);

}  // namespace dunnage::transfer
