// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Every word of `-v`, `--mount` and `--tmpfs`, of each engine and of this library, is one row of one table. Parsing,
/// printing, "did you mean", completion and the documentation take their words from it. A new option is a new row.

#include <dunnage/spec.hpp>

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace dunnage::spec {

/// The flags that have words. Bits, so that a row can name several.
enum class Flag : unsigned {
  DockerVolume = 1,
  DockerMount = 2,
  DockerTmpfs = 4,
  PodmanVolume = 8,
  PodmanMount = 16,
  PodmanTmpfs = 32,
  ComposeShort = 64,
};

/// `-v`, `--mount` or `--tmpfs`.
[[nodiscard]] std::string_view to_string(Flag flag) noexcept;
[[nodiscard]] constexpr bool is_mount_flag(Flag flag) noexcept {
  return flag == Flag::DockerMount || flag == Flag::PodmanMount;
}
[[nodiscard]] constexpr bool is_tmpfs_flag(Flag flag) noexcept {
  return flag == Flag::DockerTmpfs || flag == Flag::PodmanTmpfs;
}

/// Bits of the types of mounts a row is for.
inline constexpr unsigned kBind = 1;
inline constexpr unsigned kVolume = 2;
inline constexpr unsigned kTmpfs = 4;
inline constexpr unsigned kImage = 8;
inline constexpr unsigned kHost = kBind | kVolume;
inline constexpr unsigned kSources = kHost | kImage;
inline constexpr unsigned kAny = kHost | kTmpfs | kImage;

[[nodiscard]] constexpr unsigned bit_of(SpecType type) noexcept {
  switch (type) {
    case SpecType::Bind:
      return kBind;
    case SpecType::Volume:
      return kVolume;
    case SpecType::Tmpfs:
      return kTmpfs;
    case SpecType::Image:
      return kImage;
    default:
      return 0;
  }
}

/// Words of one group contradict each other: one `-v` may hold one of them.
enum class Group : std::uint8_t {
  None,
  Access,
  Label,
  Propagation,
  Copy,
  Consistency,
  Exec,
  Suid,
  Dev,
  Owner,
  Bind,
  Dereference,
};
inline constexpr std::size_t kGroups = 12;

// clang-format off
/// What the word says. The values of one meaning (`ro`, `readonly`) differ by the row's kind only.
enum class Word : std::uint8_t {
  Type, Source, Target, ReadOnly, ReadWrite, Exec, NoExec, Suid, NoSuid, Dev, NoDev,
  Private, RPrivate, Shared, RShared, Slave, RSlave, Unbindable, RUnbindable, Propagation, Recursion, NonRecursive,
  CreateSource, Bind, RBind,
  LabelShared, LabelPrivate, Relabel, Chown, Owner, IdMap, NoDereference,
  NoCopy, Copy, VolumeNoCopy, VolumeLabel, VolumeDriver, VolumeOption, Subpath, NoCreate,
  ImageSubpath, ImageWritable,
  Size, Mode, Uid, Gid, Inodes, NoSwap, TmpCopyUp, NoTmpCopyUp, Defaults, NoAtime,
  Consistency, Cached, Delegated, Consistent,
  Overlay, UpperDir, WorkDir, OverlaySize, Optional, RequireMountpoint, Follow, OnLoss, CheckInterval, CheckTimeout, CreateMode, CreateUid, CreateGid, Exclude, Transaction,
  Access, AccessTimeout,
  Elsewhere,  ///< a row that only explains
};
// clang-format on

/// How the value is written.
enum class ValueKind : std::uint8_t {
  Word,    ///< the bare key, never a value
  Switch,  ///< the bare key, or one of `true` `1` `false` `0`
  Text,    ///< any text that is not empty
  Size,    ///< bytes, or a number with `k` `m` `g` `t` `p`
  Mode,    ///< permission bits in octal
  Id,      ///< a user or group number
  Number,
  Recursion,  ///< `enabled` `disabled` `writable` `readonly`
  Pair,       ///< `key` or `key=value`
  Owner,      ///< as to_string(Ownership)
  Relabel,    ///< `shared` or `private`
  Access,     ///< as to_string(AccessMode)
  Follow,     ///< as to_string(Follow)
  OnLoss,     ///< as to_string(LossPolicy)
  Duration,   ///< a number with `ms` `s` `m` `h`
};

struct Option {
  std::string_view name;
  std::array<std::string_view, 3> aliases;
  Word word;
  ValueKind kind;
  Group group;
  unsigned types;
  unsigned flags;      ///< bits of Flag: where the engine has it
  unsigned own_flags;  ///< where only this library's own parsers take it
  std::string_view value;
  std::string_view summary;
  std::string_view remedy{};   ///< of a row that only explains: what to write instead
  bool not_supported = false;  ///< of a row that only explains: an engine has it and this library does not

  [[nodiscard]] bool is_named(std::string_view text) const noexcept {
    return text == name || (!text.empty() && (text == aliases[0] || text == aliases[1] || text == aliases[2]));
  }
  [[nodiscard]] bool takes(SpecType type) const noexcept { return (types & bit_of(type)) != 0; }
  [[nodiscard]] bool is_in(Flag flag, bool own) const noexcept {
    return ((own ? flags | own_flags : flags) & static_cast<unsigned>(flag)) != 0;
  }
  [[nodiscard]] bool explains() const noexcept { return word == Word::Elsewhere; }
};

[[nodiscard]] std::span<const Option> options() noexcept;

/// Where a mount of this library keeps what the word says, like `options.read_only`; empty if nowhere.
[[nodiscard]] std::string_view member_of(Word word) noexcept;

/// The row the flag has for the word, or null. \param own whether this library's own words count
[[nodiscard]] const Option* find_option(Flag flag, bool own, std::string_view word) noexcept;
/// As find_option(), in any case of letters; for Docker's `--mount`.
[[nodiscard]] const Option* find_option_in_any_case(Flag flag, bool own, std::string_view word) noexcept;
/// A row that explains why the flag does not take the word for this type, or null.
[[nodiscard]] const Option* find_explanation(Flag flag, SpecType type, std::string_view word) noexcept;

/// "did you mean ...", or the list of what there is.
[[nodiscard]] std::string remedy_for_word(Flag flag, bool own, SpecType type, std::string_view word);

}  // namespace dunnage::spec
