// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Enumerations from their words; the way back from to_string().

#include <dunnage/bind_mount.hpp>
#include <dunnage/relabel.hpp>
#include <dunnage/source_loss.hpp>
#include <dunnage/volume.hpp>

#include <array>
#include <optional>
#include <string_view>

namespace dunnage::model {

inline constexpr std::array kPropagations{Propagation::Private, Propagation::RPrivate, Propagation::Shared,
                                          Propagation::RShared, Propagation::Slave,    Propagation::RSlave};
inline constexpr std::array kRecursions{Recursion::Enabled, Recursion::Disabled, Recursion::Writable,
                                        Recursion::ReadOnly};
inline constexpr std::array kFollows{Follow::Inode, Follow::Name};
inline constexpr std::array kLossPolicies{LossPolicy::Keep, LossPolicy::Repair, LossPolicy::Pause, LossPolicy::Stop};
inline constexpr std::array kRelabels{Relabel::None, Relabel::Shared, Relabel::Private};
inline constexpr std::array kAccessModes{AccessMode::Shared, AccessMode::SingleWriter, AccessMode::Exclusive};

inline constexpr std::array kLimitWays{LimitWay::None, LimitWay::BtrfsQuota, LimitWay::XfsImage, LimitWay::Ext4Image,
                                       LimitWay::Memory};

[[nodiscard]] std::optional<Propagation> propagation_named(std::string_view word) noexcept;
[[nodiscard]] std::optional<Recursion> recursion_named(std::string_view word) noexcept;
[[nodiscard]] std::optional<Follow> follow_named(std::string_view word) noexcept;
[[nodiscard]] std::optional<LossPolicy> loss_policy_named(std::string_view word) noexcept;
[[nodiscard]] std::optional<Relabel> relabel_named(std::string_view word) noexcept;
[[nodiscard]] std::optional<AccessMode> access_mode_named(std::string_view word) noexcept;
[[nodiscard]] std::optional<LimitWay> limit_way_named(std::string_view word) noexcept;

}  // namespace dunnage::model
