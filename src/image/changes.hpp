// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What containers write to their roots: `<store>/images/changes/<container id>/`
///
///     lock      held as long as the container lives, by its launcher. It says, in JSON, of which image it is, what
///               the container is called, which limit it has, and, if nothing in `upper` is ever synced, in which run
///               of the machine it is whole
///     upper/    what differs from the image; absent if it is kept in memory, or if nothing can be written
///     work/     the kernel's
///     limited/  in the place of these two if they have a limit: limited_changes.hpp
///     kept      present: it stays when the container has ended, for who starts it again; with text in it, for the hour
///               a restart may take at most
///
/// What nobody locks and is not kept is about to be deleted, or what a killed process left; a sweep takes it. Places
/// that wait for their container are of the same kind, and lie in <store>/images/ahead/.

#include "image/limited_changes.hpp"
#include "kernel/file_descriptor.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage::image {

/// Below the images of the store.
[[nodiscard]] std::string changes_path(const std::string& container_id);
/// The same for one that waits for its container.
[[nodiscard]] std::string ahead_path(const std::string& name);

/// Whose changes they are.
struct ChangesOwner {
  std::string container_id;
  std::string container_name;  ///< empty: the beginning of its id
  std::string image_id;
};

/// How they are kept.
struct ChangesOptions {
  bool upper = true;                    ///< on disk
  bool is_volatile = false;             ///< thrown away at the end, and so never synced
  std::optional<ChangesLimit> limit{};  ///< of what is on disk
};

/// The place of one container's changes, locked. Move-only; the lock is dropped when the last copy of its descriptor is
/// closed.
class Changes {
 public:
  /// None yet.
  Changes() = default;

  /// Makes the place, or opens that of a container that is started again.
  /// \param changes the directory of all of them
  /// Throws: kernel::CallError; EBUSY if the container runs, EIO if it was volatile and the machine has been down
  /// since. As open_limited_changes().
  [[nodiscard]] static Changes open(int changes, const ChangesOwner& owner, const ChangesOptions& options);

  /// Makes a place that waits for a container of this image, with `upper`, volatile.
  /// \param ahead the directory of all such. Throws: kernel::CallError.
  [[nodiscard]] static Changes make_ahead(int ahead, const std::string& name, const std::string& image_id);
  /// Gives a place that waits to its container. What was mounted on it stays as it is. Throws: kernel::CallError.
  void adopt(int ahead, const std::string& name, int changes, const ChangesOwner& owner) const;

  /// Nothing has been written to `upper` yet.
  [[nodiscard]] bool fresh() const noexcept { return fresh_; }
  [[nodiscard]] int lock() const noexcept { return lock_.get(); }
  /// What `upper` and `work` are in, if they have a limit; else -1.
  [[nodiscard]] int written() const noexcept { return limited_.top ? limited_.top.get() : -1; }
  [[nodiscard]] const LimitedChanges& limited() const noexcept { return limited_; }
  /// Whether it stays from now on when the container has ended. Throws: kernel::CallError.
  void keep(bool kept) const;

 private:
  void lock_place(int changes, const std::string& id);
  void write_word(const ChangesOwner& owner, const ChangesOptions& options) const;
  void make_upper();
  void identify(const ChangesOwner& owner, const ChangesOptions& options) const;

  kernel::FileDescriptor directory_;
  kernel::FileDescriptor lock_;
  LimitedChanges limited_;
  bool fresh_ = false;
};

/// The directory `upper` of a container, and what keeps it there.
struct OpenedUpper {
  LimitedChanges limited;
  kernel::FileDescriptor upper;  ///< O_PATH; empty if there is none
};
/// Throws: kernel::CallError; as find_limited_changes().
[[nodiscard]] OpenedUpper open_upper(int changes, const ChangesOwner& owner);

/// What the place of a container says of itself.
struct ChangesWord {
  std::string image;      ///< empty: its maker was killed before it said anything
  std::string container;  ///< its name, or the beginning of its id
  std::string boot;       ///< in which run of the machine it is whole; empty: in any
  std::uint64_t limit = 0;
};
/// Throws: kernel::CallError.
[[nodiscard]] ChangesWord changes_word_of(int place, const std::string& container_id);
/// Whether it stays for who starts its container again.
[[nodiscard]] bool are_changes_kept(int place);
/// Removes one that nobody has and nobody wants. \return whether there was such a one. Throws: kernel::CallError.
bool remove_abandoned_changes(int changes, const std::string& container_id, int trash);

/// Moves the changes of a container to the trash and deletes them there; what this user may not delete stays in it for
/// the next sweep that may. Nothing if there are none. Throws: kernel::CallError.
void remove_changes(int changes, const std::string& container_id, int trash);

/// Keeps them over the moment between an end and the start after it. Nothing if there are none.
/// Throws: kernel::CallError.
void hold_changes(int changes, const std::string& container_id);

/// Removes what killed processes left. What cannot be removed now stays. Throws: kernel::CallError.
void sweep_changes(int changes, int trash);

/// Names of the containers that are made of an image, running or kept, sorted. Throws: kernel::CallError.
[[nodiscard]] std::vector<std::string> users_of(int changes, std::string_view image_id);

}  // namespace dunnage::image
