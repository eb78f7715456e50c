// SPDX-License-Identifier: Apache-2.0
#include "spec/option.hpp"

#include "error/nearest.hpp"
#include "spec/lower.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <iterator>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage::spec {
namespace {

constexpr unsigned bits(Flag flag) { return static_cast<unsigned>(flag); }
constexpr unsigned kDV = bits(Flag::DockerVolume);
constexpr unsigned kDM = bits(Flag::DockerMount);
constexpr unsigned kDT = bits(Flag::DockerTmpfs);
constexpr unsigned kPV = bits(Flag::PodmanVolume);
constexpr unsigned kPM = bits(Flag::PodmanMount);
constexpr unsigned kPT = bits(Flag::PodmanTmpfs);
constexpr unsigned kCS = bits(Flag::ComposeShort);
constexpr unsigned kPodman = kPV | kPM | kPT;
constexpr unsigned kVs = kDV | kPV | kCS;
constexpr unsigned kMs = kDM | kPM;
constexpr unsigned kTs = kDT | kPT;

using W = Word;
using K = ValueKind;
using G = Group;

constexpr Option slip(std::string_view name, unsigned types, unsigned flags, std::string_view remedy) {
  return {name, {}, W::Elsewhere, K::Text, G::None, types, flags, flags, "", "", remedy, false};
}
constexpr Option unsupported(std::string_view name, unsigned types, unsigned flags, std::string_view remedy) {
  return {name, {}, W::Elsewhere, K::Text, G::None, types, flags, flags, "", "", remedy, true};
}

constexpr std::string_view kOnlyDefault = "leave it out; this is the default";
constexpr std::string_view kTmpfsSets = "leave it out; size, mode, uid, gid and nr_inodes can be set";
constexpr std::string_view kNoPropagation = "leave it out; a tmpfs is private to its container";
constexpr std::string_view kPropagates = "how mounts made later travel to the other side";

// clang-format off
constexpr Option kOptions[] = {
    // Of every mount.
    Option{"type", {}, W::Type, K::Text, G::None, kAny, kMs, 0, "TYPE", "bind, volume, tmpfs or image; Docker's default is volume"},
    Option{"target", {"dst", "destination"}, W::Target, K::Text, G::None, kAny, kMs, 0, "PATH", "where the container sees it"},
    Option{"source", {"src"}, W::Source, K::Text, G::None, kAny, kMs, 0, "SOURCE", "path on the host, or name of the volume or image"},
    Option{"dest", {}, W::Target, K::Text, G::None, kAny, kPM, 0, "PATH", "as target"},
    Option{"readonly", {"ro"}, W::ReadOnly, K::Switch, G::Access, kAny, kMs, 0, "BOOL", "writes fail"},
    Option{"ro", {}, W::ReadOnly, K::Word, G::Access, kAny, kVs | kTs, 0, "", "writes fail"},
    Option{"rw", {}, W::ReadWrite, K::Word, G::Access, kAny, kVs | kTs | kPM, 0, "", "writes succeed; the default"},
    Option{"exec", {}, W::Exec, K::Word, G::Exec, kAny, kPodman | kDT, kDV | kDM, "", "programs found there can be executed"},
    Option{"noexec", {}, W::NoExec, K::Word, G::Exec, kAny, kPodman | kDT, kDV | kDM, "", "programs found there cannot be executed"},
    Option{"suid", {}, W::Suid, K::Word, G::Suid, kAny, kPodman | kDT, kDV | kDM, "", "set-user-ID bits found there count"},
    Option{"nosuid", {}, W::NoSuid, K::Word, G::Suid, kAny, kPodman | kDT, kDV | kDM, "", "set-user-ID bits found there do not count"},
    Option{"dev", {}, W::Dev, K::Word, G::Dev, kAny, kPodman | kDT, kDV | kDM, "", "device nodes found there can be opened"},
    Option{"nodev", {}, W::NoDev, K::Word, G::Dev, kAny, kPodman | kDT, kDV | kDM, "", "device nodes found there cannot be opened"},
    Option{"consistency", {}, W::Consistency, K::Text, G::None, kAny, kMs, 0, "WORD", "accepted and without effect on Linux"},
    Option{"cached", {}, W::Cached, K::Word, G::Consistency, kHost, kDV | kPV, 0, "", "accepted and without effect on Linux"},
    Option{"delegated", {}, W::Delegated, K::Word, G::Consistency, kHost, kDV | kPV, 0, "", "accepted and without effect on Linux"},
    Option{"consistent", {}, W::Consistent, K::Word, G::Consistency, kHost, kDV, 0, "", "accepted and without effect on Linux"},

    // Of host paths.
    Option{"private", {}, W::Private, K::Word, G::Propagation, kBind | kTmpfs, kVs | kTs | kPM, 0, "", kPropagates},
    Option{"rprivate", {}, W::RPrivate, K::Word, G::Propagation, kBind | kTmpfs, kVs | kTs | kPM, 0, "", kPropagates},
    Option{"shared", {}, W::Shared, K::Word, G::Propagation, kBind, kVs | kTs | kPM, 0, "", kPropagates},
    Option{"rshared", {}, W::RShared, K::Word, G::Propagation, kBind, kVs | kTs | kPM, 0, "", kPropagates},
    Option{"slave", {}, W::Slave, K::Word, G::Propagation, kBind, kVs | kTs | kPM, 0, "", kPropagates},
    Option{"rslave", {}, W::RSlave, K::Word, G::Propagation, kBind, kVs | kTs | kPM, 0, "", kPropagates},
    Option{"unbindable", {}, W::Unbindable, K::Word, G::Propagation, kBind, kPodman, 0, "", kPropagates},
    Option{"runbindable", {}, W::RUnbindable, K::Word, G::Propagation, kBind, kPodman, 0, "", kPropagates},
    Option{"bind-propagation", {}, W::Propagation, K::Text, G::Propagation, kBind, kMs, 0, "WORD", kPropagates},
    Option{"bind-recursive", {}, W::Recursion, K::Recursion, G::None, kBind, kDM, 0, "WORD", "what happens with mounts below the source: enabled, disabled, writable or readonly"},
    Option{"bind-nonrecursive", {}, W::NonRecursive, K::Text, G::Bind, kBind, kMs, 0, "", "mounts below the source stay away"},
    Option{"bind-create-src", {}, W::CreateSource, K::Switch, G::None, kBind, kDM, 0, "BOOL", "an absent source becomes a directory"},
    Option{"bind", {}, W::Bind, K::Word, G::Bind, kHost, kPV, 0, "", "mounts below the source stay away"},
    Option{"rbind", {}, W::RBind, K::Word, G::Bind, kHost, kPV, 0, "", "mounts below the source come along"},
    Option{"z", {}, W::LabelShared, K::Word, G::Label, kHost, kVs | kPM, 0, "", "SELinux: label the source for all containers"},
    Option{"Z", {}, W::LabelPrivate, K::Word, G::Label, kHost, kVs | kPM, 0, "", "SELinux: label the source for this container"},
    Option{"relabel", {}, W::Relabel, K::Relabel, G::Label, kHost, kPM, kDM, "WORD", "SELinux: label the source, shared (z) or private (Z)"},
    Option{"U", {}, W::Chown, K::Word, G::Owner, kAny, kPV | kPT, kDV, "", "give the source to the container's user with chown"},
    Option{"chown", {"U"}, W::Chown, K::Switch, G::Owner, kHost, kPM, kDM, "BOOL", "give the source to the container's user with chown"},
    Option{"idmap", {}, W::IdMap, K::Text, G::None, kHost, kPV | kPM, 0, "MAP", "show other owners than those on disk"},
    Option{"no-dereference", {}, W::NoDereference, K::Word, G::Dereference, kHost, kPV | kPM, 0, "", "mount a symbolic link and not what it names"},
    Option{"O", {}, W::Overlay, K::Word, G::Label, kHost, kPV, kDV, "", "changes go to an overlay and not to the source"},
    Option{"upperdir", {}, W::UpperDir, K::Text, G::None, kHost, kPV, kDV, "PATH", "of O: where the changes go"},
    Option{"workdir", {}, W::WorkDir, K::Text, G::None, kHost, kPV, kDV, "PATH", "of O: an empty directory beside upperdir"},

    // This library's own.
    Option{"owner", {}, W::Owner, K::Owner, G::None, kHost, 0, kMs, "OWNER", "whom the files belong to inside: match-user, UID:GID, or users and groups with INSIDE=OUTSIDE+COUNT"},
    Option{"exclude", {}, W::Exclude, K::Text, G::None, kHost, 0, kMs, "PATTERN", "keep what matches out of the container; repeatable"},
    Option{"overlay", {}, W::Overlay, K::Switch, G::None, kSources, 0, kMs, "BOOL", "changes go with the container and not to the source"},
    Option{"overlay-upper", {}, W::UpperDir, K::Text, G::None, kHost, 0, kMs, "PATH", "where the changes go"},
    Option{"overlay-work", {}, W::WorkDir, K::Text, G::None, kHost, 0, kMs, "PATH", "an empty directory beside overlay-upper"},
    Option{"overlay-size", {}, W::OverlaySize, K::Size, G::None, kSources, 0, kMs, "SIZE", "most changes that are kept in memory"},
    Option{"transaction", {}, W::Transaction, K::Text, G::None, kBind, 0, kMs, "NAME", "changes go to a transaction of the source, until they are applied"},
    Option{"optional", {}, W::Optional, K::Switch, G::None, kBind, 0, kMs, "BOOL", "a missing source leaves the mount out"},
    Option{"require-mountpoint", {}, W::RequireMountpoint, K::Switch, G::None, kBind, 0, kMs, "BOOL", "the source must be a mount point"},
    Option{"follow", {}, W::Follow, K::Follow, G::None, kBind, 0, kMs, "WORD", "what is shown when the source is replaced: inode (what was there) or name (what has its name now)"},
    Option{"on-loss", {}, W::OnLoss, K::OnLoss, G::None, kHost, 0, kMs, "WORD", "what happens when the source dies: keep (nothing), repair (it is mounted again), pause (and the container paused until then) or stop"},
    Option{"check-interval", {}, W::CheckInterval, K::Duration, G::None, kHost, 0, kMs, "TIME", "of on-loss: how often the source is looked at, like 1s, the default"},
    Option{"check-timeout", {}, W::CheckTimeout, K::Duration, G::None, kHost, 0, kMs, "TIME", "of on-loss: how long it may take to answer, like 5s, the default"},
    Option{"create-mode", {}, W::CreateMode, K::Mode, G::None, kBind, 0, kMs, "MODE", "permission bits of a source that is made"},
    Option{"create-uid", {}, W::CreateUid, K::Id, G::None, kBind, 0, kMs, "UID", "owner of a source that is made"},
    Option{"create-gid", {}, W::CreateGid, K::Id, G::None, kBind, 0, kMs, "GID", "group of a source that is made"},

    Option{"access", {}, W::Access, K::Access, G::None, kVolume, 0, kMs, "MODE", "who else may mount it meanwhile: shared, single-writer or exclusive"},
    Option{"access-timeout", {}, W::AccessTimeout, K::Duration, G::None, kVolume, 0, kMs, "TIME", "how long to wait for those access excludes, like 30s"},

    // Of volumes.
    Option{"nocopy", {}, W::NoCopy, K::Word, G::Copy, kVolume, kVs, 0, "", "do not fill an empty volume from the image"},
    Option{"copy", {}, W::Copy, K::Word, G::Copy, kVolume, kPV, 0, "", "fill an empty volume from the image; the default"},
    Option{"nocreate", {}, W::NoCreate, K::Word, G::None, kVolume, kPV | kPM, kDV | kDM, "", "the volume must be there"},
    Option{"volume-nocopy", {}, W::VolumeNoCopy, K::Switch, G::None, kVolume, kDM, kPM, "BOOL", "do not fill an empty volume from the image"},
    Option{"volume-subpath", {}, W::Subpath, K::Text, G::None, kVolume, kMs, 0, "PATH", "mount this directory of the volume"},
    Option{"subpath", {}, W::Subpath, K::Text, G::None, kVolume | kImage, kPM, 0, "PATH", "mount this directory of the volume or image"},
    Option{"volume-label", {}, W::VolumeLabel, K::Pair, G::None, kVolume, kMs, 0, "KEY[=VALUE]", "label of a volume that is made"},
    Option{"volume-driver", {}, W::VolumeDriver, K::Text, G::None, kVolume, kDM, kPM, "NAME", "driver of a volume that is made"},
    Option{"volume-opt", {}, W::VolumeOption, K::Pair, G::None, kVolume, kMs, 0, "KEY=VALUE", "driver option of a volume that is made"},

    // Of a tmpfs.
    Option{"tmpfs-size", {}, W::Size, K::Size, G::None, kTmpfs, kMs, 0, "SIZE", "most it may hold, like 64m"},
    Option{"tmpfs-mode", {}, W::Mode, K::Mode, G::None, kTmpfs, kMs, 0, "MODE", "permission bits of its root"},
    Option{"tmpfs-uid", {}, W::Uid, K::Id, G::None, kTmpfs, 0, kMs, "UID", "owner of its root"},
    Option{"tmpfs-gid", {}, W::Gid, K::Id, G::None, kTmpfs, 0, kMs, "GID", "group of its root"},
    Option{"tmpfs-inodes", {}, W::Inodes, K::Number, G::None, kTmpfs, 0, kMs, "NUMBER", "most files it may hold"},
    Option{"noswap", {}, W::NoSwap, K::Word, G::None, kTmpfs, kPM | kPT, kDM | kDT, "", "its content never goes to the swap area"},
    Option{"tmpcopyup", {}, W::TmpCopyUp, K::Word, G::None, kTmpfs, kPM | kPT, 0, "", "fill it from the image"},
    Option{"notmpcopyup", {}, W::NoTmpCopyUp, K::Word, G::None, kTmpfs, kPM | kPT, kDM | kDT, "", "do not fill it from the image"},
    Option{"size", {}, W::Size, K::Size, G::None, kTmpfs, kTs, 0, "SIZE", "most it may hold, like 64m"},
    Option{"mode", {}, W::Mode, K::Mode, G::None, kTmpfs, kTs, 0, "MODE", "permission bits of its root"},
    Option{"uid", {}, W::Uid, K::Id, G::None, kTmpfs, kDT, kPT, "UID", "owner of its root"},
    Option{"gid", {}, W::Gid, K::Id, G::None, kTmpfs, kDT, kPT, "GID", "group of its root"},
    Option{"nr_inodes", {}, W::Inodes, K::Number, G::None, kTmpfs, kDT, kPT, "NUMBER", "most files it may hold"},
    Option{"defaults", {}, W::Defaults, K::Word, G::None, kTmpfs, kDT, 0, "", "nothing besides"},
    Option{"noatime", {}, W::NoAtime, K::Word, G::None, kTmpfs, kDT | kPT, 0, "", "do not record when files are read"},

    // Of an image.
    Option{"image-subpath", {}, W::ImageSubpath, K::Text, G::None, kImage, kDM, 0, "PATH", "mount this directory or file of the image"},

    // What engines have and this library does not: refused when it would have to be done.
    unsupported("nr_blocks", kTmpfs, kDT, kTmpfsSets),
    unsupported("mpol", kTmpfs, kDT, kTmpfsSets),
    unsupported("huge", kTmpfs, kTs, kTmpfsSets),
    unsupported("noatime", kTmpfs, kTs, kTmpfsSets),
    unsupported("shared", kTmpfs, kTs, kNoPropagation),
    unsupported("rshared", kTmpfs, kTs, kNoPropagation),
    unsupported("slave", kTmpfs, kTs, kNoPropagation),
    unsupported("rslave", kTmpfs, kTs, kNoPropagation),
    unsupported("unbindable", kBind, kDV, "use \"private\""),
    unsupported("runbindable", kBind, kDV, "use \"rprivate\""),
    unsupported("idmap", kHost, kDV | kDM, "write \"owner=match-user\" with --mount"),

    // Words that belong elsewhere, each with the right one.
    slip("z", kHost, kDM, "write \"relabel=shared\""),
    slip("bind-nonrecursive", kBind, kDM, "write \"bind-recursive=disabled\""),
    slip("rw", kAny, kDM, kOnlyDefault),
    slip("dest", kAny, kDM, "write \"destination\""),
    slip("nocopy", kVolume, kMs, "write \"volume-nocopy\""),
    slip("size", kTmpfs, kMs, "write \"tmpfs-size\""),
    slip("mode", kTmpfs, kMs, "write \"tmpfs-mode\""),
    slip("uid", kTmpfs, kMs, "write \"tmpfs-uid\""),
    slip("gid", kTmpfs, kMs, "write \"tmpfs-gid\""),
    slip("readonly", kAny, kVs | kTs, "write \"ro\""),
    slip("volume-nocopy", kVolume, kVs, "write \"nocopy\""),
    slip("copy", kVolume, kDV, kOnlyDefault),
    slip("default", kHost, kDV, kOnlyDefault),
    slip("tmpfs-size", kTmpfs, kTs, "write \"size\""),
    slip("tmpfs-mode", kTmpfs, kTs, "write \"mode\""),
    slip("bind-recursive", kBind, kPM, "write \"bind-nonrecursive\" to keep mounts below the source away"),
    slip("bind-create-src", kBind, kPM, "make the directory before; Podman never does"),
};
// clang-format on

constexpr std::size_t kLongestOption = 20;
constexpr std::size_t kBuckets = 256;
constexpr std::uint8_t kNoEntry = 255;

/// A name of a row, canonical or alias, and the next one in its bucket.
struct Entry {
  std::string_view name;
  std::uint8_t row = 0;
  std::uint8_t next = kNoEntry;
};

constexpr std::size_t bucket_of(std::string_view name) {
  return (name.size() * 37 + static_cast<unsigned char>(name.front()) * 7 + static_cast<unsigned char>(name.back())) %
         kBuckets;
}

/// Where each name is in the table.
class Index {
 public:
  Index() {
    first_.fill(kNoEntry);
    for (std::size_t row = 0; row < std::size(kOptions); ++row) {
      add(kOptions[row].name, row);
      for (const std::string_view alias : kOptions[row].aliases) {
        if (!alias.empty()) {
          add(alias, row);
        }
      }
    }
  }

  [[nodiscard]] std::uint8_t first(std::string_view name) const noexcept { return first_[bucket_of(name)]; }
  [[nodiscard]] const Entry& operator[](std::uint8_t place) const noexcept { return entries_[place]; }

 private:
  void add(std::string_view name, std::size_t row) {
    entries_.at(count_) = {name, static_cast<std::uint8_t>(row), kNoEntry};
    std::uint8_t* link = &first_[bucket_of(name)];
    while (*link != kNoEntry) {
      link = &entries_[*link].next;
    }
    *link = static_cast<std::uint8_t>(count_++);
  }

  std::array<std::uint8_t, kBuckets> first_{};
  std::array<Entry, 192> entries_{};
  std::size_t count_ = 0;
};

static_assert(std::size(kOptions) < kNoEntry);

/// Made by who asks first, without a lock that a forked copy of the process could wait for, and never freed.
const Index& index() {
  static constinit std::atomic<const Index*> made{nullptr};
  const Index* known = made.load(std::memory_order_acquire);
  if (known == nullptr) {
    auto fresh = std::make_unique<const Index>();
    if (made.compare_exchange_strong(known, fresh.get(), std::memory_order_acq_rel)) {
      known = fresh.release();
    }
  }
  return *known;
}

template <typename Fits>
const Option* find(std::string_view word, Fits fits) noexcept {
  if (word.empty() || word.size() > kLongestOption) {
    return nullptr;
  }
  const Index& names = index();
  for (std::uint8_t at = names.first(word); at != kNoEntry; at = names[at].next) {
    const Option& option = kOptions[names[at].row];
    if (names[at].name == word && fits(option)) {
      return &option;
    }
  }
  return nullptr;
}

}  // namespace

std::string_view to_string(Flag flag) noexcept {
  return is_mount_flag(flag) ? "--mount" : is_tmpfs_flag(flag) ? "--tmpfs" : "-v";
}

std::span<const Option> options() noexcept { return kOptions; }

const Option* find_option(Flag flag, bool own, std::string_view word) noexcept {
  return find(word, [&](const Option& option) { return !option.explains() && option.is_in(flag, own); });
}

const Option* find_option_in_any_case(Flag flag, bool own, std::string_view word) noexcept {
  std::array<char, kLongestOption> small{};
  if (word.size() > small.size()) {
    return nullptr;
  }
  std::transform(word.begin(), word.end(), small.begin(), lower_letter);
  return find_option(flag, own, {small.data(), word.size()});
}

const Option* find_explanation(Flag flag, SpecType type, std::string_view word) noexcept {
  return find(
      word, [&](const Option& option) { return option.explains() && option.is_in(flag, true) && option.takes(type); });
}

std::string remedy_for_word(Flag flag, bool own, SpecType type, std::string_view word) {
  std::vector<std::string_view> words;
  for (const Option& option : kOptions) {
    if (!option.explains() && option.is_in(flag, own) && option.takes(type)) {
      words.push_back(option.name);
      std::copy_if(option.aliases.begin(), option.aliases.end(), std::back_inserter(words),
                   [](std::string_view alias) { return !alias.empty(); });
    }
  }
  const std::string small = lower(word);
  if (small != word && std::find(words.begin(), words.end(), small) != words.end()) {
    return fmt::format("write \"{}\"", small);
  }
  if (const auto near = error::nearest(small, words)) {
    return fmt::format("did you mean \"{}\"?", *near);
  }
  words.resize(std::min<std::size_t>(words.size(), 8));
  return fmt::format("use one of {} and so on, or leave it out", fmt::join(words, ", "));
}

}  // namespace dunnage::spec
