// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Unpacking one layer into a tree of the test's own, with something valuable beside it that must stay as it is.

#include <dunnage/error.hpp>
#include <dunnage/image_store.hpp>

#include "image/unpack/tree_writer.hpp"
#include "kernel/file_descriptor.hpp"
#include "launcher/identity.hpp"
#include "support/temporary_directory.hpp"

#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace dunnage::test {

/// How unpacking ended.
struct Unpacked {
  std::error_code code{};  ///< none: it is done
  std::string cause{};
  std::string diff_id{};
  image::UnpackLosses losses{};
  [[nodiscard]] bool done() const noexcept { return !code; }
};

/// "TYPE MODE UID:GID MTIME SIZE DEVICE LINKS NAME -> TARGET {attributes} content" for all below `root`, sorted.
/// \param changes  the time of the last change of each inode as well
[[nodiscard]] std::string listing(const std::filesystem::path& root, bool changes = false);

class Unpacking {
 public:
  Unpacking();
  Unpacking(const Unpacking&) = delete;
  Unpacking& operator=(const Unpacking&) = delete;
  /// Checks that what lies beside the tree is unchanged.
  ~Unpacking();

  Unpacked unpack(std::string_view blob, const ImageLimits& limits = {}, const std::string& media_type = {});
  Unpacked unpack_file(const std::filesystem::path& blob, const ImageLimits& limits = {},
                       const std::string& media_type = {}, const std::vector<int>& lowers = {});
  /// An empty tree again.
  void clear();

  [[nodiscard]] std::filesystem::path path(std::string_view relative = {}) const { return tree_ / relative; }
  [[nodiscard]] const TemporaryDirectory& directory() const noexcept { return directory_; }
  /// A directory that archives want to get at.
  [[nodiscard]] std::filesystem::path canary() const { return directory_.path() / "canary"; }
  [[nodiscard]] struct stat status(std::string_view relative) const;
  [[nodiscard]] bool exists(std::string_view relative) const;
  [[nodiscard]] std::string content(std::string_view relative) const;
  /// Empty if it has none.
  [[nodiscard]] std::string attribute(std::string_view relative, const std::string& name) const;
  [[nodiscard]] bool is_whiteout(std::string_view relative) const;
  [[nodiscard]] bool is_opaque(std::string_view relative) const;

  [[nodiscard]] const launcher::Identity& identity() const noexcept { return identity_; }
  /// The id on this machine that files of this id of the archive have.
  [[nodiscard]] std::uint32_t user(std::uint32_t inside) const;
  [[nodiscard]] std::uint32_t group(std::uint32_t inside) const;

 private:
  [[nodiscard]] std::string surroundings() const;

  TemporaryDirectory directory_;
  std::filesystem::path tree_ = directory_.path() / "dest";
  launcher::Identity identity_ = launcher::identity_for(0, 0);
  std::string before_;
};

}  // namespace dunnage::test
