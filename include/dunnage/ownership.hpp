// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Whose files a mount shows: the wish, not the means. No file is changed on disk for it.
///
///     mounts.add(dunnage::BindMount{"/home/ann/site", "/site", {.owner = dunnage::Ownership::match_user()}});
///
/// The means is chosen when the mount is prepared: nothing where the ids agree as they are, otherwise an id-mapped
/// mount (mount_setattr(2)); where the kernel gives neither, preparing fails and says what would work.
///
/// Who writes there writes as the source's owner, set-user-ID bits included: show no directory of root's that others
/// can reach on the host to a program that is not to be trusted.

#include <dunnage/export.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace dunnage {

/// A run of ids: `inside` … in the container are `outside` … on disk.
struct IdRange {
  std::uint32_t inside = 0;
  std::uint32_t outside = 0;
  std::uint32_t count = 1;

  friend bool operator==(const IdRange&, const IdRange&) = default;
};

/// A value. Thread safety: as a std::vector.
class DUNNAGE_API Ownership {
 public:
  enum class Kind { AsIs, MatchUser, As, Map };

  Ownership() = default;  ///< as_is()

  /// Ids on disk and ids of the container's processes are the same numbers (for an ordinary user: by the map of the
  /// container's user namespace).
  [[nodiscard]] static Ownership as_is() { return {}; }
  /// What belongs on disk to the source's owner and group appears as the container's user and group, and what those
  /// write belongs on disk to the source's owner. The two ids are exchanged; all other ids stay as they are.
  [[nodiscard]] static Ownership match_user() { return Ownership{Kind::MatchUser}; }
  /// The same with a given user and group of the container.
  [[nodiscard]] static Ownership as(std::uint32_t uid, std::uint32_t gid);
  /// Exactly these ids; files of others belong to nobody (65534) inside, and cannot be made.
  [[nodiscard]] static Ownership map(std::vector<IdRange> users, std::vector<IdRange> groups);

  [[nodiscard]] Kind kind() const noexcept { return kind_; }
  [[nodiscard]] std::uint32_t uid() const noexcept { return uid_; }  ///< of as()
  [[nodiscard]] std::uint32_t gid() const noexcept { return gid_; }
  [[nodiscard]] const std::vector<IdRange>& users() const noexcept { return users_; }  ///< of map()
  [[nodiscard]] const std::vector<IdRange>& groups() const noexcept { return groups_; }

  friend bool operator==(const Ownership&, const Ownership&) = default;

 private:
  explicit Ownership(Kind kind) noexcept : kind_{kind} {}

  Kind kind_ = Kind::AsIs;
  std::uint32_t uid_ = 0;
  std::uint32_t gid_ = 0;
  std::vector<IdRange> users_{};
  std::vector<IdRange> groups_{};
};

/// `as-is`, `match-user`, `1000:1000`, `users 0=1000+1 groups 0=1000+1` (inside=outside+count, commas between ranges).
[[nodiscard]] DUNNAGE_API std::string to_string(const Ownership& ownership);

}  // namespace dunnage
