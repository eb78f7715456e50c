// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Images on their way into the store. Their blobs gather in a staging directory, out of everybody's sight, and come
/// in together with the names that lead to them, or not at all.

#include <dunnage/image_store.hpp>

#include "image/blob.hpp"
#include "image/config.hpp"
#include "image/layout.hpp"
#include "image/manifest.hpp"
#include "image/watching.hpp"
#include "kernel/file_descriptor.hpp"
#include "volume/stage.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage::image {

/// An image whose blobs are in the staging directory.
struct NewImage {
  Descriptor manifest;
  std::vector<std::string> names{};  ///< full; empty: it comes without one
};

/// All of these throw Fault and CallError. Not for several threads at once.
class Intake {
 public:
  Intake(const Layout& layout, Watching& watching)
      : layout_{layout}, watching_{watching}, stage_{layout.open_staging()} {}

  [[nodiscard]] const Layout& layout() const noexcept { return layout_; }
  [[nodiscard]] Watching& watching() noexcept { return watching_; }
  /// The staging directory; a file in it that is named by hex digits is a blob that has been verified.
  [[nodiscard]] int directory() const noexcept { return stage_.directory(); }
  /// Its name in images/staging, for programs that have to be told a path.
  [[nodiscard]] const std::string& name() const noexcept { return stage_.id(); }

  [[nodiscard]] BlobWriter new_blob() { return BlobWriter{stage_.directory(), serial_++}; }
  /// Takes a text in. \return its digest
  std::string put(std::string_view text);
  /// Copies a file that was opened at its beginning, and refuses it if it is not this blob.
  void copy(int fd, const Descriptor& blob);
  /// Lets a blob that is in the store already be part of what is taken in. \return false if it is not there
  [[nodiscard]] bool link(const Descriptor& blob);
  /// Takes the file in `from` that is named by the digits of this blob, on the same disk, after verifying it.
  void adopt(int from, const Descriptor& blob);
  [[nodiscard]] bool has(const std::string& digest) const;
  /// A document that was taken in.
  [[nodiscard]] std::string read(const Descriptor& document) const;

  /// Checks that all of an image is here and fits together, syncs it, makes all of them appear, and answers with what
  /// is known about them now. Can be called once.
  [[nodiscard]] std::vector<ImageInfo> publish(const std::vector<NewImage>& images);

 private:
  void check(const Descriptor& manifest, std::vector<std::string>& blobs) const;
  void require(const Descriptor& blob, std::vector<std::string>& blobs) const;
  void move_in(const std::vector<std::string>& blobs, std::vector<std::string>& moved);

  const Layout& layout_;
  Watching& watching_;
  volume::Stage stage_;
  std::size_t serial_ = 0;
};

/// Refuses an image that was not made for the platform that is asked for, if one is.
/// Throws: Fault(image_missing) as above.
void require_platform(const Intake& intake, const Descriptor& config, const Platform& wanted);

}  // namespace dunnage::image
