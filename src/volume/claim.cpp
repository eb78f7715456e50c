// SPDX-License-Identifier: Apache-2.0
#include "volume/claim.hpp"

#include "kernel/lock.hpp"

#include <algorithm>

namespace dunnage::volume {
namespace {

using kernel::LockKind;
using kernel::LockRange;

constexpr LockRange kKeepByte{.first = 0, .count = 1};
constexpr LockRange kReaderByte{.first = 1, .count = 1};
constexpr LockRange kWriterByte{.first = 2, .count = 1};
constexpr LockRange kKeepAndReaderBytes{.first = 0, .count = 2};
constexpr LockRange kAllBytes{};

bool try_both(int lock, LockRange shared, LockRange exclusive) {
  if (!kernel::try_lock(lock, LockKind::Shared, shared)) {
    return false;
  }
  if (kernel::try_lock(lock, LockKind::Exclusive, exclusive)) {
    return true;
  }
  kernel::unlock(lock);
  return false;
}

}  // namespace

Claim claim_of(AccessMode mode, bool read_only) noexcept {
  if (mode == AccessMode::Exclusive) {
    return Claim::Alone;
  }
  if (read_only) {
    return Claim::Read;
  }
  return mode == AccessMode::SingleWriter ? Claim::WriteAlone : Claim::Write;
}

Claim both_of(Claim one, Claim other) noexcept { return std::max(one, other); }

bool exclude_each_other(Claim one, Claim other) noexcept {
  const auto [weaker, stronger] = std::minmax(one, other);
  return weaker != Claim::Presence &&
         (stronger == Claim::Alone || (stronger == Claim::WriteAlone && weaker != Claim::Read));
}

bool try_claim(int lock, Claim claim) {
  switch (claim) {
    case Claim::Presence:
      return kernel::try_lock(lock, LockKind::Shared, kKeepByte);
    case Claim::Read:
      return kernel::try_lock(lock, LockKind::Shared, kKeepAndReaderBytes);
    case Claim::Write:
      return kernel::try_lock(lock, LockKind::Shared, kAllBytes);
    case Claim::WriteAlone:
      return try_both(lock, kKeepAndReaderBytes, kWriterByte);
    case Claim::Alone:
      return try_both(lock, kKeepByte, kReaderByte);
  }
  return false;
}

std::string_view to_string(Claim claim) noexcept {
  switch (claim) {
    case Claim::Presence:
      return "presence";
    case Claim::Read:
      return "read";
    case Claim::Write:
      return "write";
    case Claim::WriteAlone:
      return "write-alone";
    case Claim::Alone:
      return "alone";
  }
  return "write";
}

std::optional<Claim> claim_named(std::string_view word) noexcept {
  for (const Claim claim : {Claim::Presence, Claim::Read, Claim::Write, Claim::WriteAlone, Claim::Alone}) {
    if (to_string(claim) == word) {
      return claim;
    }
  }
  return std::nullopt;
}

}  // namespace dunnage::volume
