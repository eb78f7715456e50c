// SPDX-License-Identifier: Apache-2.0
#include "spec/option.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace dunnage::spec {
namespace {

constexpr unsigned kBind = static_cast<unsigned>(Type::Bind);
constexpr unsigned kVolume = static_cast<unsigned>(Type::Volume);
constexpr unsigned kTmpfs = static_cast<unsigned>(Type::Tmpfs);
constexpr unsigned kHost = kBind | kVolume;
constexpr unsigned kAny = kHost | kTmpfs;
constexpr unsigned kVolumeFlag = static_cast<unsigned>(Flag::Volume);
constexpr unsigned kMountFlag = static_cast<unsigned>(Flag::Mount);
constexpr unsigned kTmpfsFlag = static_cast<unsigned>(Flag::Tmpfs);
constexpr unsigned kWordFlags = kVolumeFlag | kTmpfsFlag;
constexpr unsigned kAllFlags = kWordFlags | kMountFlag;

using D = Draft;
using V = Value;
using K = ValueKind;
using G = Group;

constexpr Option refused(std::string_view name, unsigned types, unsigned flags, std::string_view remedy) {
  return {name, {}, types, flags, K::Text, G::None, nullptr, Verdict::Refused, remedy};
}

constexpr Option unsupported(std::string_view name, unsigned types, unsigned flags, std::string_view remedy) {
  return {name, {}, types, flags, K::Text, G::None, nullptr, Verdict::NotSupported, remedy};
}

constexpr std::string_view kRelabel = "leave it out and label the directory with chcon(1)";
constexpr std::string_view kOwner = "leave it out and give the directory to the right user with chown(1)";
constexpr std::string_view kDriver = "mount what the driver would provide on the host, and bind that";
constexpr std::string_view kTmpfsSets = "leave it out; size, mode, uid and gid can be set";
constexpr std::string_view kNoPropagation = "leave it out; a tmpfs is private to its container";
constexpr std::string_view kOnlyDefault = "leave it out; this is the default";

// clang-format off
constexpr std::array kOptions{
    // Of every mount.
    Option{"target", {"dst", "destination"}, kAny, kMountFlag, K::Text, G::None, [](D& d, const V& v) { d.target = v.text; }},
    Option{"source", {"src"}, kHost, kMountFlag, K::Text, G::None, [](D& d, const V& v) { d.source = v.text; }},
    Option{"readonly", {"ro"}, kAny, kMountFlag, K::Switch, G::None, [](D& d, const V& v) { d.read_only = v.on; }},
    Option{"ro", {}, kAny, kWordFlags, K::Word, G::Access, [](D& d, const V&) { d.read_only = true; }},
    Option{"rw", {}, kAny, kWordFlags, K::Word, G::Access, [](D& d, const V&) { d.read_only = false; }},
    Option{"exec", {}, kAny, kAllFlags, K::Word, G::Exec, [](D& d, const V&) { d.exec = true; }},
    Option{"noexec", {}, kAny, kAllFlags, K::Word, G::Exec, [](D& d, const V&) { d.exec = false; }},
    Option{"suid", {}, kAny, kAllFlags, K::Word, G::Suid, [](D& d, const V&) { d.suid = true; }},
    Option{"nosuid", {}, kAny, kAllFlags, K::Word, G::Suid, [](D& d, const V&) { d.suid = false; }},
    Option{"dev", {}, kAny, kAllFlags, K::Word, G::Dev, [](D& d, const V&) { d.dev = true; }},
    Option{"nodev", {}, kAny, kAllFlags, K::Word, G::Dev, [](D& d, const V&) { d.dev = false; }},
    // Words of Docker Desktop, where files are shared over a network; they mean nothing on Linux.
    Option{"consistency", {}, kAny, kMountFlag, K::Text},
    Option{"cached", {}, kHost, kVolumeFlag, K::Word, G::Consistency},
    Option{"delegated", {}, kHost, kVolumeFlag, K::Word, G::Consistency},
    Option{"consistent", {}, kHost, kVolumeFlag, K::Word, G::Consistency},

    // Of bind mounts.
    Option{"private", {}, kBind, kVolumeFlag, K::Word, G::Propagation, [](D& d, const V&) { d.propagation = Propagation::Private; }},
    Option{"rprivate", {}, kBind, kVolumeFlag, K::Word, G::Propagation, [](D& d, const V&) { d.propagation = Propagation::RPrivate; }},
    Option{"shared", {}, kBind, kVolumeFlag, K::Word, G::Propagation, [](D& d, const V&) { d.propagation = Propagation::Shared; }},
    Option{"rshared", {}, kBind, kVolumeFlag, K::Word, G::Propagation, [](D& d, const V&) { d.propagation = Propagation::RShared; }},
    Option{"slave", {}, kBind, kVolumeFlag, K::Word, G::Propagation, [](D& d, const V&) { d.propagation = Propagation::Slave; }},
    Option{"rslave", {}, kBind, kVolumeFlag, K::Word, G::Propagation, [](D& d, const V&) { d.propagation = Propagation::RSlave; }},
    Option{"bind-propagation", {}, kBind, kMountFlag, K::Propagation, G::None, [](D& d, const V& v) { d.propagation = v.propagation; }},
    Option{"bind-recursive", {}, kBind, kMountFlag, K::Recursion, G::None, [](D& d, const V& v) { d.recursion = v.recursion; d.recursion_span = v.text.span; }},
    Option{"bind-create-src", {}, kBind, kMountFlag, K::Switch, G::None, [](D& d, const V& v) { d.create_source = v.on; }},

    // Of volumes.
    Option{"nocopy", {}, kVolume, kVolumeFlag, K::Word, G::Copy, [](D& d, const V&) { d.no_copy = true; }},
    Option{"volume-nocopy", {}, kVolume, kMountFlag, K::Switch, G::None, [](D& d, const V& v) { d.no_copy = v.on; }},
    Option{"volume-label", {}, kVolume, kMountFlag, K::Label, G::None, [](D& d, const V& v) { d.labels[v.label] = v.text.text; }},

    // Of a tmpfs.
    Option{"tmpfs-size", {}, kTmpfs, kMountFlag, K::Size, G::None, [](D& d, const V& v) { d.size = v.number; }},
    Option{"tmpfs-mode", {}, kTmpfs, kMountFlag, K::Mode, G::None, [](D& d, const V& v) { d.mode = static_cast<unsigned>(v.number); }},
    Option{"tmpfs-uid", {}, kTmpfs, kMountFlag, K::Id, G::None, [](D& d, const V& v) { d.uid = static_cast<std::uint32_t>(v.number); }},
    Option{"tmpfs-gid", {}, kTmpfs, kMountFlag, K::Id, G::None, [](D& d, const V& v) { d.gid = static_cast<std::uint32_t>(v.number); }},
    Option{"size", {}, kTmpfs, kTmpfsFlag, K::Size, G::None, [](D& d, const V& v) { d.size = v.number; }},
    Option{"mode", {}, kTmpfs, kTmpfsFlag, K::Mode, G::None, [](D& d, const V& v) { d.mode = static_cast<unsigned>(v.number); }},
    Option{"uid", {}, kTmpfs, kTmpfsFlag, K::Id, G::None, [](D& d, const V& v) { d.uid = static_cast<std::uint32_t>(v.number); }},
    Option{"gid", {}, kTmpfs, kTmpfsFlag, K::Id, G::None, [](D& d, const V& v) { d.gid = static_cast<std::uint32_t>(v.number); }},
    Option{"defaults", {}, kTmpfs, kTmpfsFlag, K::Word},
    Option{"private", {}, kTmpfs, kTmpfsFlag, K::Word},
    Option{"rprivate", {}, kTmpfs, kTmpfsFlag, K::Word},
    Option{"notmpcopyup", {}, kTmpfs, kTmpfsFlag | kMountFlag, K::Word},

    // What other engines have and we do not: refused, because to ignore it would change what is asked for.
    unsupported("z", kAny, kAllFlags, kRelabel),
    unsupported("Z", kAny, kWordFlags, kRelabel),
    unsupported("relabel", kAny, kMountFlag, kRelabel),
    unsupported("U", kAny, kVolumeFlag | kTmpfsFlag, kOwner),
    unsupported("u", kAny, kMountFlag, kOwner),
    unsupported("chown", kAny, kMountFlag, kOwner),
    unsupported("O", kAny, kVolumeFlag, "mount an overlay on the host, and bind that"),
    unsupported("idmap", kAny, kVolumeFlag | kMountFlag, kOwner),
    unsupported("nocreate", kVolume, kVolumeFlag | kMountFlag, "leave it out and check with VolumeStore::find()"),
    unsupported("unbindable", kBind, kVolumeFlag, "use \"private\""),
    unsupported("runbindable", kBind, kVolumeFlag, "use \"rprivate\""),
    unsupported("volume-subpath", kVolume, kMountFlag, "bind the directory below the volume's mountpoint"),
    unsupported("volume-driver", kVolume, kMountFlag, kDriver),
    unsupported("volume-opt", kVolume, kMountFlag, kDriver),
    unsupported("image-subpath", kAny, kMountFlag, "bind the directory of the image's root file system"),
    unsupported("nr_inodes", kTmpfs, kTmpfsFlag, kTmpfsSets),
    unsupported("nr_blocks", kTmpfs, kTmpfsFlag, kTmpfsSets),
    unsupported("mpol", kTmpfs, kTmpfsFlag, kTmpfsSets),
    unsupported("huge", kTmpfs, kTmpfsFlag, kTmpfsSets),
    unsupported("noswap", kTmpfs, kTmpfsFlag | kMountFlag, kTmpfsSets),
    unsupported("noatime", kTmpfs, kTmpfsFlag, kTmpfsSets),
    unsupported("tmpcopyup", kTmpfs, kTmpfsFlag | kMountFlag, kTmpfsSets),
    unsupported("shared", kTmpfs, kTmpfsFlag, kNoPropagation),
    unsupported("rshared", kTmpfs, kTmpfsFlag, kNoPropagation),
    unsupported("slave", kTmpfs, kTmpfsFlag, kNoPropagation),
    unsupported("rslave", kTmpfs, kTmpfsFlag, kNoPropagation),

    // Words that belong elsewhere, each with the right one.
    refused("source", kTmpfs, kMountFlag, "leave it out; a tmpfs has no source"),
    refused("src", kTmpfs, kMountFlag, "leave it out; a tmpfs has no source"),
    refused("bind-nonrecursive", kBind, kMountFlag, "write \"bind-recursive=disabled\""),
    refused("rw", kAny, kMountFlag, kOnlyDefault),
    refused("dest", kAny, kMountFlag, "write \"destination\""),
    refused("nocopy", kVolume, kMountFlag, "write \"volume-nocopy\""),
    refused("size", kTmpfs, kMountFlag, "write \"tmpfs-size\""),
    refused("mode", kTmpfs, kMountFlag, "write \"tmpfs-mode\""),
    refused("uid", kTmpfs, kMountFlag, "write \"tmpfs-uid\""),
    refused("gid", kTmpfs, kMountFlag, "write \"tmpfs-gid\""),
    refused("readonly", kAny, kWordFlags, "write \"ro\""),
    refused("volume-nocopy", kVolume, kVolumeFlag, "write \"nocopy\""),
    refused("copy", kVolume, kVolumeFlag, kOnlyDefault),
    refused("default", kHost, kVolumeFlag, kOnlyDefault),
    refused("tmpfs-size", kTmpfs, kTmpfsFlag, "write \"size\""),
    refused("tmpfs-mode", kTmpfs, kTmpfsFlag, "write \"mode\""),
};
// clang-format on

}  // namespace

std::span<const Option> options() noexcept { return kOptions; }

const Option* find_option(Flag flag, Type type, std::string_view word) noexcept {
  const Option* elsewhere = nullptr;
  for (const Option& option : kOptions) {
    if (!option.takes(flag) || !option.is_named(word)) {
      continue;
    }
    if (option.takes(type)) {
      return &option;
    }
    elsewhere = &option;
  }
  return elsewhere;
}

}  // namespace dunnage::spec
