// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What is in an archive of images. Its entries are known by their names, which are keys and never paths.

#include <dunnage/image_store.hpp>

#include "image/intake.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace dunnage::image {

class ArchiveContent {
 public:
  /// Takes all files of a tar archive, packed in any way, into the intake.
  /// \param file  regular. Throws: Fault(image_invalid, digest_mismatch, limit_exceeded, cancelled, timed_out),
  /// CallError.
  ArchiveContent(Intake& intake, int file, const ImageLimits& limits);

  struct Item {
    std::string digest;
    std::uint64_t size = 0;
    std::string target{};  ///< of a link; the others are empty then
    friend bool operator==(const Item&, const Item&) = default;
  };
  /// The file of that name, or that the links of that name lead to. Null if there is none.
  [[nodiscard]] const Item* find(std::string_view name) const;
  [[nodiscard]] bool has(std::string_view name) const { return find(name) != nullptr; }
  /// The text of a small file. Throws: Fault(image_invalid) if it is not there, Fault(limit_exceeded).
  [[nodiscard]] std::string read(const std::string& name) const;

 private:
  const Intake& intake_;
  std::map<std::string, Item, std::less<>> items_;
};

}  // namespace dunnage::image
