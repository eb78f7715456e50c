// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// One entry of a layer, as its archive has it. Nothing in it has been checked.

#include <sys/types.h>

#include <cstdint>
#include <ctime>
#include <string>
#include <vector>

namespace dunnage::image {

struct ExtendedAttribute {
  std::string name;
  std::string value;
};

struct Entry {
  enum class Kind { Directory, File, SymbolicLink, HardLink, CharacterDevice, BlockDevice, Fifo };

  std::string name;
  Kind kind = Kind::File;
  std::string target;  ///< of a link
  mode_t mode = 0;     ///< 12 bits
  std::int64_t uid = 0;
  std::int64_t gid = 0;
  std::int64_t size = 0;  ///< of a file, holes included
  std::timespec modified{};
  std::uint64_t device_major = 0;
  std::uint64_t device_minor = 0;
  std::vector<ExtendedAttribute> attributes;
};

}  // namespace dunnage::image
