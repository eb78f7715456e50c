// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What listing needs to know of all volumes, in one file. The directories are the truth; this is a cache of them, made
/// by who lists, never synced, and made anew whenever it is not known to be right.
///
///     <root>/volume-index/list     what was found, see index_bytes.hpp; renamed into place, never changed
///     <root>/volume-index/changed  which volumes may differ from it, see index_log.hpp; only ever added to
///
/// **Changes by this library.** Who is about to make, remove or rewrite a volume does this, see VolumeChange:
///
///     W1  holds a shared lock on `version`       W3  changes the volume
///     W2  adds the volume's name to `changed`    W4  drops the lock
///
/// Who makes an index does this, see IndexDraft:
///
///     B1  puts the directory of the index away, makes a new one, and `changed` in it
///     B2  gives up if anybody holds the lock; it takes none, so nobody ever waits
///     B3  reads every volume
///     B4  puts `list` into the directory it made, wherever that is by now
///
/// So this holds at every instant: *a volume whose name is not in the `changed` beside a `list` is as the `list` says.*
/// For take any change. If its W1 came after B1, its W2 found the new `changed` (or a later one, whose maker took this
/// one away). If its W1 came before B1, B2 saw the lock and there is no `list`; or its W4 came before B2, and B3 saw
/// what was changed. It needs no clock. A process that is killed between two steps has at most written a name too many;
/// its lock goes with it, after what it changed. Who lists reads the volumes named in `changed` themselves. So what was
/// acknowledged before a listing began is in it. Power cuts do not count: an index is of one start of the kernel.
///
/// **Changes by others**, a volume that is moved away by hand or put back from a backup, show in the directory's times.
/// `changed` also says at which times of the directory the two agreed. At any other time the names and inodes in the
/// directory are compared, or, when nothing in `changed` explains it, everything is read anew. A time is written down
/// only when it is some ticks old, so that the next change gets another one. An index is of one directory and one file
/// by their inodes, so a copied store does not believe a copied index. What is changed by hand *inside* a volume's
/// directory shows in no time of the directory of all: get() and damaged() see it, and damage they find is in
/// `changed` from then on; a label that is rewritten by hand is listed as it was until the index is made again.
///
/// An index that cannot be used, whatever is in it, or cannot be written, costs time and nothing else.

#include "kernel/file_descriptor.hpp"
#include "kernel/files.hpp"
#include "volume/index_bytes.hpp"
#include "volume/index_log.hpp"
#include "volume/layout.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage::volume {

/// Held while a volume is made, removed or rewritten.
class VolumeChange {
 public:
  /// Throws: CallError, VolumeError(store_unusable); nothing may be changed then.
  VolumeChange(const Layout& layout, const std::string& name);
  VolumeChange(const VolumeChange&) = delete;
  VolumeChange& operator=(const VolumeChange&) = delete;
  ~VolumeChange();

 private:
  kernel::FileDescriptor lock_;
};

/// Has listings look at the volume itself from now on, as well as can be. Never throws.
void distrust_index(const Layout& layout, const std::string& name) noexcept;

/// Whether the directory's last change must lie some ticks back. Changes of this library are seen without it.
enum class Settled { Required, NotRequired };

/// An index that is right, as it was read.
class VolumeIndex {
 public:
  /// \param may_write  whether it may note that it was found to be right
  /// \return nothing if there is none, or if it cannot be believed. Throws: CallError.
  [[nodiscard]] static std::optional<VolumeIndex> read(const Layout& layout, bool may_write);

  [[nodiscard]] const std::vector<IndexedVolume>& volumes() const noexcept { return volumes_; }
  /// Names of volumes that must be looked at: they may be there or not, with or without an entry above. Sorted.
  [[nodiscard]] const std::vector<std::string>& changed() const noexcept { return changed_; }

 private:
  VolumeIndex() = default;
  bool read_list(const Layout& layout, int directory);
  bool is_right(const Layout& layout, int directory, bool may_write);
  [[nodiscard]] bool agrees_with(const std::vector<kernel::DirectoryEntry>& entries) const;

  std::unique_ptr<char[]> bytes_;
  std::vector<IndexedVolume> volumes_;
  std::vector<std::string> changed_;
};

/// An index in the making.
class IndexDraft {
 public:
  /// To be called before the first volume is looked at.
  /// \return nothing where none can be made, or if somebody else makes one. Never throws but std::bad_alloc.
  [[nodiscard]] static std::optional<IndexDraft> begin(const Layout& layout, Settled settled = Settled::Required);

  /// Volumes come in the order of their names.
  void add(std::uint64_t inode, const VolumeInfo& volume) { writer_.add(inode, volume); }
  /// One that could not be read.
  void add_damaged(const std::string& name) { damaged_.push_back(name); }
  /// Lets others use it. Never throws but std::bad_alloc; without success there is no index.
  void finish(const Layout& layout);

 private:
  IndexDraft() = default;
  bool make(const Layout& layout, Settled settled);
  bool write_log(const Layout& layout);
  void write_list(const Layout& layout);

  kernel::FileDescriptor directory_;
  kernel::FileDescriptor log_;
  ChangeTime time_{};
  IndexWriter writer_;
  std::vector<std::string> damaged_;
};

}  // namespace dunnage::volume
