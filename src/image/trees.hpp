// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The layers of an image as trees of files, unpacked once for all images and containers that share them.
///
///     <store>/images/trees/IDS/HEX/tree/    the tree of a layer; HEX is its chain id
///     <store>/images/trees/IDS/HEX/below    chain ids an overlay needs below it, a line each, the lowest first
///     <store>/images/trees/IDS/HEX/lock     shared by whoever uses the tree, or those it needs
///     <store>/images/trees/IDS/HEX/losses   what is not as the layer has it, if anything is not
///
/// IDS says as whom the files are owned: "root", "range-100000" for an ordinary user whose ids begin there, "single".
/// Whoever removes a tree holds its lock exclusively, and makes sure while he does that no other tree has it in
/// `below`.

#include <dunnage/image.hpp>
#include <dunnage/image_store.hpp>
#include <dunnage/progress.hpp>

#include "image/layout.hpp"
#include "image/unpack/tree_writer.hpp"
#include "kernel/file_descriptor.hpp"
#include "launcher/identity.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace dunnage::image {

/// The trees of one image, the lowest first. They stay as long as a copy of the lock is open.
struct Trees {
  std::vector<std::string> names;             ///< below <store>/images: "trees/root/HEX/tree"
  std::vector<kernel::FileDescriptor> trees;  ///< O_PATH
  std::vector<kernel::FileDescriptor> locks;  ///< one; for whoever lives as long as the use
};

/// Opens the trees of an image, and unpacks those that are missing: all at once, each by a thread of its own, verified
/// against its diff-id. Any number of processes may do so; one of them does it and the others wait for it. When nothing
/// is missing this takes one open for each layer, and a few more.
/// Throws: ImageError(image_invalid, digest_mismatch, limit_exceeded, not_supported, cancelled, timed_out), ImageError
/// with the errno of what failed, LaunchError.
[[nodiscard]] Trees open_trees(const Layout& layout, const ImageInfo& image, const launcher::Identity& identity,
                               const ImageLimits& limits, const Watch& watch);

/// How many of its layers need not be unpacked any more. Changes nothing. Throws: ImageError.
[[nodiscard]] std::size_t count_unpacked(const Layout& layout, const ImageInfo& image,
                                         const launcher::Identity& identity);

/// What of an image that is unpacked is not as its layers have it. Throws: ImageError.
[[nodiscard]] UnpackLosses losses_of(const Layout& layout, const ImageInfo& image, const launcher::Identity& identity);

}  // namespace dunnage::image
