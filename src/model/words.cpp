// SPDX-License-Identifier: Apache-2.0
#include "model/words.hpp"

#include <optional>
#include <string_view>

namespace dunnage {

std::string_view to_string(Follow value) noexcept { return value == Follow::Name ? "name" : "inode"; }

std::string_view to_string(LossPolicy value) noexcept {
  switch (value) {
    case LossPolicy::Keep:
      return "keep";
    case LossPolicy::Repair:
      return "repair";
    case LossPolicy::Pause:
      return "pause";
    case LossPolicy::Stop:
      return "stop";
  }
  return "unknown";
}

std::string_view to_string(Propagation value) noexcept {
  switch (value) {
    case Propagation::Private:
      return "private";
    case Propagation::RPrivate:
      return "rprivate";
    case Propagation::Shared:
      return "shared";
    case Propagation::RShared:
      return "rshared";
    case Propagation::Slave:
      return "slave";
    case Propagation::RSlave:
      return "rslave";
  }
  return "unknown";
}

std::string_view to_string(Recursion value) noexcept {
  switch (value) {
    case Recursion::Enabled:
      return "enabled";
    case Recursion::Disabled:
      return "disabled";
    case Recursion::Writable:
      return "writable";
    case Recursion::ReadOnly:
      return "readonly";
  }
  return "unknown";
}

std::string_view to_string(Relabel value) noexcept {
  switch (value) {
    case Relabel::None:
      return "none";
    case Relabel::Shared:
      return "shared";
    case Relabel::Private:
      return "private";
  }
  return "unknown";
}

std::string_view to_string(AccessMode mode) noexcept {
  switch (mode) {
    case AccessMode::Shared:
      return "shared";
    case AccessMode::SingleWriter:
      return "single-writer";
    case AccessMode::Exclusive:
      return "exclusive";
  }
  return "unknown";
}

std::string_view to_string(LimitWay way) noexcept {
  switch (way) {
    case LimitWay::None:
      return "none";
    case LimitWay::BtrfsQuota:
      return "btrfs-quota";
    case LimitWay::XfsImage:
      return "xfs-image";
    case LimitWay::Ext4Image:
      return "ext4-image";
    case LimitWay::Memory:
      return "memory";
  }
  return "unknown";
}

namespace model {
namespace {

template <typename Values>
auto value_named(std::string_view word, const Values& values) noexcept -> std::optional<typename Values::value_type> {
  for (const auto value : values) {
    if (to_string(value) == word) {
      return value;
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<Propagation> propagation_named(std::string_view word) noexcept {
  return value_named(word, kPropagations);
}

std::optional<Recursion> recursion_named(std::string_view word) noexcept { return value_named(word, kRecursions); }

std::optional<Follow> follow_named(std::string_view word) noexcept { return value_named(word, kFollows); }

std::optional<LossPolicy> loss_policy_named(std::string_view word) noexcept { return value_named(word, kLossPolicies); }

std::optional<Relabel> relabel_named(std::string_view word) noexcept { return value_named(word, kRelabels); }

std::optional<AccessMode> access_mode_named(std::string_view word) noexcept { return value_named(word, kAccessModes); }

std::optional<LimitWay> limit_way_named(std::string_view word) noexcept { return value_named(word, kLimitWays); }

}  // namespace model
}  // namespace dunnage
