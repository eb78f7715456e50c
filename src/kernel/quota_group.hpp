// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Quota groups of btrfs: what a subvolume refers to, counted and limited by the file system. All of it needs
/// CAP_SYS_ADMIN.

#include <cstdint>
#include <optional>

namespace dunnage::kernel {

enum class QuotaState {
  NoBtrfs,
  Off,
  Counting,  ///< switched on, and counting what was there before that
  On,
  Simple,  ///< simple quotas, which count what a snapshot shares for the one that wrote it alone
};

/// \param fd  a readable directory. Throws: CallError.
[[nodiscard]] QuotaState quota_state(int fd);

/// Of the whole file system; on already is no error. Throws: CallError.
void switch_quota_on(int fd);

/// How much the subvolume may refer to, with what it shares with others. On the disk on return.
/// \param directory  readable, in another subvolume: one that is full has no room for the change itself
/// \param subvolume  its top, readable. Throws: CallError.
void set_quota(int directory, int subvolume, std::uint64_t size);
/// The same, and on the disk some time.
void change_quota(int directory, int subvolume, std::uint64_t size);

struct Quota {
  std::uint64_t used = 0;  ///< with the last commit of the file system
  std::uint64_t size = 0;  ///< 0: no limit
};
/// Nothing where it has none. \param subvolume  its top, readable. Throws: CallError.
[[nodiscard]] std::optional<Quota> quota_of(int subvolume);

}  // namespace dunnage::kernel
