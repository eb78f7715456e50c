// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The place where trees of layers lie, for one kind of owner of files.

#include "image/layout.hpp"
#include "image/trees.hpp"
#include "kernel/file_descriptor.hpp"
#include "launcher/identity.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace dunnage::image {

inline constexpr const char* kTreeName = "tree";
inline constexpr const char* kBelowName = "below";
inline constexpr const char* kLossesName = "losses";

/// IDS of trees.hpp.
[[nodiscard]] std::string ids_name(const launcher::Identity& identity);

/// The chain ids a tree needs below it, lowest first, as hexadecimal digits. \param hex  of its own
/// \return nothing if that cannot be read
[[nodiscard]] std::optional<std::vector<std::string>> read_below(int directory, const std::string& hex);

/// All of these throw CallError besides what they say.
class TreeStore {
 public:
  /// \return nothing if no layer was ever unpacked for such owners
  [[nodiscard]] static std::optional<TreeStore> open(const Layout& layout, const launcher::Identity& identity);
  /// The same, made if it is not there.
  [[nodiscard]] static TreeStore make(const Layout& layout, const launcher::Identity& identity);

  /// The tree of a layer and all below it, with a lock that keeps them.
  /// \param hex  of its chain id; \return nothing if one of them is not there
  /// Throws: Fault(image_invalid) if what it needs cannot be read.
  [[nodiscard]] std::optional<Trees> find(const std::string& hex) const;
  /// Adds up what was lost of the tree. \return false if it is not there
  bool add_losses(const std::string& hex, UnpackLosses& losses) const;

  /// Readable, so that it can be synced.
  [[nodiscard]] int directory() const noexcept { return directory_.get(); }
  /// "trees/root"
  [[nodiscard]] const std::string& name() const noexcept { return name_; }

 private:
  TreeStore(std::string name, kernel::FileDescriptor directory);

  std::string name_;
  kernel::FileDescriptor directory_;
};

[[nodiscard]] std::string losses_text(const UnpackLosses& losses);

}  // namespace dunnage::image
