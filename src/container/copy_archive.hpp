// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A place's files as a tar archive, and the other way.

#include "container/copy.hpp"
#include "volume/layout.hpp"

#include <string>

namespace dunnage::container {

/// \param archive  open for writing; stays the caller's
void pack_out(const CopyPlace& place, const std::string& source, int archive, const CopyOptions& options);

/// An archive nobody vouches for: it is unpacked in `staging/` of a store, where no container sees it, and what came of
/// it is copied as any directory is.
/// \param archive  open for reading; stays the caller's
void unpack_in(const CopyPlace& place, const volume::Layout& layout, int archive, const std::string& target,
               const CopyOptions& options);

}  // namespace dunnage::container
