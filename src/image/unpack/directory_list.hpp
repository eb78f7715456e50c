// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Directories of a tree in the making. They get their modes, owners and times when all is in them: what is made in a
/// directory changes its time, may need more rights than it gives, and would inherit from it.

#include "image/unpack/attributes.hpp"
#include "image/unpack/tree_owner.hpp"
#include "kernel/file_descriptor.hpp"
#include "launcher/identity.hpp"

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage::image {

struct Directory {
  std::string name;  ///< its real one; empty for the root
  mode_t mode = 0755;
  Owner owner{};
  std::timespec modified{};
  std::vector<ExtendedAttribute> attributes{};  ///< of the kinds User and AccessControl
  bool implied = false;                         ///< no entry described it; it is there for what is in it
};

class DirectoryList {
 public:
  /// Throws: Fault(limit_exceeded).
  void add(Directory directory);

  /// Gives all of them what they shall have. One that is implied is like the directory it hides in the layers below.
  /// \param lowers  the trees below, the nearest one first; \return attributes this file system does not have
  /// Throws: CallError, Fault.
  std::uint64_t settle(int tree, std::span<const int> lowers, const launcher::Identity& identity,
                       OwnershipList& owners);

 private:
  void keep_last();

  std::vector<Directory> directories_;
  std::size_t size_ = 0;
};

/// The name of the attribute by which a directory hides what the layers below have in it.
[[nodiscard]] const char* opaque_attribute(const launcher::Identity& identity) noexcept;
[[nodiscard]] bool is_opaque(int directory, const launcher::Identity& identity);

}  // namespace dunnage::image
