// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What earlier exports have of a volume, so that a further one holds only what differs.
///
///     .wh..wh.since.DIGEST   first in an increment: the digest of the tar it goes on top of
///     d/.wh.NAME             d/NAME is gone
///     anything else          has come, or has changed

#include "image/unpack/entry.hpp"
#include "image/watching.hpp"
#include "launcher/pack_tree.hpp"

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage::transfer {

inline constexpr std::string_view kSince = ".wh..wh.since.";

/// The name of the first entry of an increment. \param tar_digest  "sha256:…"
[[nodiscard]] std::string since_name(const std::string& tar_digest);

class EarlierTree {
 public:
  /// \param archives  a whole export, and increments in their order
  /// Throws: image::Fault, kernel::CallError.
  EarlierTree(const std::vector<std::filesystem::path>& archives, image::Watching& watching);

  /// The digest of the last one's tar.
  [[nodiscard]] const std::string& tar_digest() const noexcept { return tar_digest_; }

  /// Whether it is there as it is now. Content is compared by its digest.
  /// \param first  the first name of the file, of which this is a further one; else empty
  /// Throws: kernel::CallError; image::Fault(not_supported) for a name that would mean something else.
  [[nodiscard]] bool has(const launcher::PackedEntry& entry, const std::string& first);
  /// What is there and was not asked for, without what is in it, as names that say so.
  [[nodiscard]] std::vector<std::string> whiteouts() const;

 private:
  struct Known {
    image::Entry entry;  ///< without its name; attributes are in `attributes`
    std::string attributes;
    std::string content;  ///< the digest of a regular file's
    bool seen = false;
  };

  void read(int archive, bool increment, image::Watching& watching);
  void forget(const std::string& name);
  [[nodiscard]] static bool is_same(const Known& known, const launcher::PackedEntry& entry);

  std::map<std::string, Known> known_;
  std::set<std::string> directories_;  ///< that are there now
  std::set<std::string> changed_;      ///< files with several names
  std::string tar_digest_;
};

}  // namespace dunnage::transfer
