// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Several layers of an image: unpacked side by side, out of sight, and published together.

#include <dunnage/image.hpp>
#include <dunnage/image_store.hpp>

#include "image/layout.hpp"
#include "image/tree_claim.hpp"
#include "image/tree_store.hpp"
#include "image/watching.hpp"
#include "launcher/identity.hpp"

#include <span>
#include <string>

namespace dunnage::image {

struct UnpackRequest {
  const Layout& layout;
  const TreeStore& store;
  const launcher::Identity& identity;
  const ImageLimits& limits;
  std::string subject;  ///< what Progress is about
};

/// Unpacks `layers`, the lowest first, which are the ones above `base`, and publishes them. Those that somebody else
/// published meanwhile are left as they are.
/// Throws: Fault, CallError, LaunchError, what the callback of `watching` throws. Nothing stays then but whole layers.
void unpack_layers(const UnpackRequest& request, const Trees& base, std::span<const ImageLayer> layers,
                   TreeClaim& claim, Watching& watching);

}  // namespace dunnage::image
