// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Owners of files of an image. Root gives them at once; what an ordinary user makes belongs to id 0 inside, until the
/// launcher, which has the other ids, gives the rest away at the end.

#include <dunnage/progress.hpp>

#include "image/unpack/entry.hpp"
#include "launcher/identity.hpp"

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

namespace dunnage::image {

struct Owner {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  friend bool operator==(const Owner&, const Owner&) = default;
};

/// Ids inside. Throws: Fault(image_invalid) if they are no ids, Fault(not_supported) if `identity` has a range of ids
/// and these are not in it.
[[nodiscard]] Owner owner_of(const Entry& entry, const launcher::Identity& identity);

/// What the launcher has to give, written down while the tree is made.
class OwnershipList {
 public:
  struct Item {
    std::string_view name;  ///< real one, in the tree
    Owner owner;
    mode_t mode = 0;
    ino_t inode = 0;
    std::string_view capability{};
  };

  /// Throws: Fault(limit_exceeded).
  void add(const Item& item);
  /// A further name of what is in the list. Throws: Fault(limit_exceeded).
  void add_link(std::string_view name, ino_t inode);
  /// Something was replaced: what is in the list may not be so any more, and what comes has to be in it.
  void doubt() noexcept { doubtful_ = true; }
  [[nodiscard]] bool doubtful() const noexcept { return doubtful_; }

  /// Has the launcher give it all. Throws: Fault, CallError, LaunchError.
  void apply(const launcher::Identity& identity, int tree, const Watch& watch) const;

 private:
  struct Record {
    Owner owner;
    mode_t mode = 0;
    std::uint32_t name_size = 0;
    std::uint32_t capability_size = 0;
    ino_t inode = 0;
  };
  void check_size(std::size_t more);
  [[nodiscard]] std::string_view living_name(const Item& item, int tree) const;

  std::string records_;  ///< each a Record, its name, its capability
  std::unordered_multimap<ino_t, std::string> links_;
  std::size_t size_ = 0;
  bool doubtful_ = false;
};

}  // namespace dunnage::image
