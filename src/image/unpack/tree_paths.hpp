// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Finding the directories of a tree that is being made of an archive nobody vouches for. Links in it are followed as
/// a container would: what is absolute begins at the root of the tree, and nothing leads out of it.

#include "kernel/file_descriptor.hpp"

#include <sys/stat.h>

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage::image {

/// An open directory of the tree.
struct Place {
  kernel::FileDescriptor directory;  ///< O_PATH
  std::string name;                  ///< its real one, without links; empty for the root
};

struct PathRules {
  bool make = true;    ///< directories that are missing are made
  bool follow = true;  ///< links are followed; else they are refused
};

/// Makes the directory `leaf` in an open one, whose real name is `parent`.
/// \param over_whiteout  there is a whiteout of that name, which the directory replaces
using MakeMissing =
    std::function<void(int directory, const std::string& parent, const std::string& leaf, bool over_whiteout)>;

class TreePaths {
 public:
  /// \param tree  the root, open until this has gone; \param deepest  components a name may have, links followed
  TreePaths(int tree, unsigned deepest, MakeMissing make);

  /// \param name  checked by checked_name()
  /// Throws: Fault(image_invalid) if there is something else on the way, or too many links; Fault(limit_exceeded) if
  /// links lead too deep; CallError.
  [[nodiscard]] std::shared_ptr<const Place> find(std::string_view name, PathRules rules = {});

  /// To be called when something has been taken away that may have been on the way to somewhere.
  void forget() noexcept;

 private:
  struct Known {
    std::string name;  ///< as it was asked for
    std::shared_ptr<const Place> place;
  };

  [[nodiscard]] std::shared_ptr<const Place> open(std::string name) const;
  [[nodiscard]] std::string walk(std::string_view name, PathRules rules);
  void step(std::string& real, const std::string& component, std::vector<std::string>& left, PathRules rules);
  void make(const std::string& parent, const std::string& leaf, bool over_whiteout);

  int tree_;
  unsigned deepest_;
  MakeMissing make_;
  std::array<Known, 16> known_;
  std::size_t oldest_ = 0;
  unsigned links_ = 0;
};

/// Whether this is what overlays take for a deletion.
[[nodiscard]] bool is_whiteout(const struct stat& status) noexcept;

}  // namespace dunnage::image
