// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Makes the tree of a layer of the entries of its archive, by descriptors, one name at a time.

#include <dunnage/image_store.hpp>

#include "image/unpack/directory_list.hpp"
#include "image/unpack/entry.hpp"
#include "image/unpack/tar_reader.hpp"
#include "image/unpack/tree_owner.hpp"
#include "image/unpack/tree_paths.hpp"
#include "kernel/call_error.hpp"
#include "launcher/identity.hpp"

#include <cerrno>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage::image {

/// What of a layer is not in its tree, as this user or this file system cannot have it.
struct UnpackLosses {
  std::uint64_t devices = 0;     ///< nodes an ordinary user cannot make; left out, as other engines do
  std::uint64_t attributes = 0;  ///< left out; see attributes.hpp
  std::uint64_t owners = 0;      ///< files that belong to the one id there is, and not to theirs
  friend bool operator==(const UnpackLosses&, const UnpackLosses&) = default;
};

/// Whether the file mode creation mask of this thread is empty.
enum class Mask { Empty, Host };

/// What a name as ".wh.NAME" is: a mark that hides what the layers below have, the end of what an earlier archive made
/// in this tree, or a file as any other.
enum class WhiteoutNames { Layer, Deletion, Plain };

class TreeWriter {
 public:
  /// \param tree  an empty directory nobody else writes to, readable, open until this has gone
  TreeWriter(int tree, const launcher::Identity& identity, const ImageLimits& limits, Mask mask);
  TreeWriter(const TreeWriter&) = delete;
  TreeWriter& operator=(const TreeWriter&) = delete;

  /// From here on; else they are those of a layer.
  void take_whiteouts_as(WhiteoutNames whiteouts) noexcept { whiteouts_ = whiteouts; }
  /// Throws: Fault(image_invalid, limit_exceeded, not_supported), CallError.
  void add(const Entry& entry, TarReader& content);
  /// Gives directories and, by the launcher, owners what they have to have. Nothing may be added afterwards.
  /// \param lowers  the trees below, the nearest one first
  void settle(std::span<const int> lowers, const Watch& watch);

  [[nodiscard]] const UnpackLosses& losses() const noexcept { return losses_; }

 private:
  /// Where an entry goes.
  struct Spot {
    std::shared_ptr<const Place> place;
    std::string leaf;
    [[nodiscard]] int directory() const noexcept { return place->directory.get(); }
    [[nodiscard]] std::string name() const;
  };

  Spot spot_of(std::string_view name, PathRules rules = {});
  void add_root(const Entry& entry);
  void add_plain(const Spot& spot, const Entry& entry, TarReader& content);
  void add_directory(const Spot& spot, const Entry& entry);
  void add_file(const Spot& spot, const Entry& entry, TarReader& content);
  void add_symbolic_link(const Spot& spot, const Entry& entry);
  void add_hard_link(const Spot& spot, const Entry& entry);
  void add_node(const Spot& spot, const Entry& entry);
  void add_whiteout(const Spot& spot);
  void make_missing(int directory, const std::string& parent, const std::string& leaf, bool over_whiteout);
  void make_opaque(int parent, const char* leaf);
  bool make_directory(int parent, const char* leaf) const;

  /// Calls `make` until it has made something new: what had the name before is taken away, never written to.
  template <typename Make>
  void make_in_place(const Spot& spot, const char* call, Make&& make) {
    if (make()) {
      return;
    }
    if (errno == EEXIST) {
      vacate(spot);
      if (make()) {
        return;
      }
    }
    throw kernel::CallError{call, errno};
  }
  void vacate(const Spot& spot);
  void describe(std::string name, const Entry& entry);

  void write_content(int file, const Entry& entry, TarReader& content);
  void finish_file(int file, const Spot& spot, const Entry& entry);
  void finish_node(const Spot& spot, const Entry& entry);
  void note_owner(const Spot& spot, Owner owner, mode_t mode, ino_t inode, std::string_view capability = {});
  std::string take_capability(int file, const Entry& entry);
  std::vector<ExtendedAttribute> usable_attributes(const Entry& entry);

  int tree_;
  const launcher::Identity& identity_;
  const ImageLimits& limits_;
  Mask mask_;
  WhiteoutNames whiteouts_ = WhiteoutNames::Layer;
  Owner own_{};  ///< as whom this process makes files
  TreePaths paths_;
  DirectoryList directories_;
  OwnershipList owners_;
  UnpackLosses losses_;
  std::uint64_t entries_ = 0;
};

}  // namespace dunnage::image
