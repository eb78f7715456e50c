// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A walk in the order of names, so that equal trees are told in equal words.

#include "launcher/program/name_list.hpp"
#include "launcher/walk.hpp"

#include <stdint.h>

namespace dunnage::launcher {

/// What is mounted below belongs to the tree. Who asks for it bounds the entries.
class SortedWalk : public BasicWalk<NameList, 256> {
 public:
  SortedWalk() noexcept : BasicWalk{true, UINT64_MAX} {}
};

}  // namespace dunnage::launcher
