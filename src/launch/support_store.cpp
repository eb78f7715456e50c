// SPDX-License-Identifier: Apache-2.0
// What the file system of the store can do.

#include "launch/support_probes.hpp"

#include "kernel/call_error.hpp"
#include "kernel/calls.hpp"
#include "kernel/file_descriptor.hpp"
#include "prepare/user_namespace.hpp"
#include "volume/volume_store_access.hpp"

#include <dunnage/error.hpp>

#include <fmt/format.h>

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace dunnage::launch {
namespace {

std::string name_of_file_system(std::uint64_t magic) {
  constexpr std::array<std::pair<std::uint64_t, std::string_view>, 9> kNames{{{0xEF53, "ext4"},
                                                                              {0x58465342, "xfs"},
                                                                              {0x9123683E, "btrfs"},
                                                                              {0x01021994, "tmpfs"},
                                                                              {0x794C7630, "overlay"},
                                                                              {0x2FC12FC1, "zfs"},
                                                                              {0xF2F52010, "f2fs"},
                                                                              {0x6969, "nfs"},
                                                                              {0x65735546, "fuse"}}};
  for (const auto& [number, name] : kNames) {
    if (number == magic) {
      return std::string{name};
    }
  }
  return fmt::format("0x{:x}", magic);
}

/// A file without a name, which goes with its descriptor.
kernel::FileDescriptor nameless_file(int directory) {
  const int fd = kernel::open_at2(directory, ".", O_TMPFILE | O_RDWR, RESOLVE_BENEATH, 0600);
  errno = fd < 0 ? -fd : 0;
  return kernel::FileDescriptor{fd};
}

Feature probe_sharing(int directory) {
  const kernel::FileDescriptor from = nameless_file(directory);
  const kernel::FileDescriptor to = nameless_file(directory);
  const bool written = from && to && ::write(from.get(), "x", 1) == 1;
  const bool shared = written && ::ioctl(to.get(), FICLONE, from.get()) == 0;
  return {"store: copies that share blocks", shared,
          shared ? "FICLONE: filling a volume and copying take no more room than what differs later"
                 : words_of_errno(errno) + "; copies are written in full; btrfs, xfs and bcachefs share",
          false};
}

Feature probe_attributes(int directory) {
  const kernel::FileDescriptor file = nameless_file(directory);
  const bool set = file && ::fsetxattr(file.get(), "user.dunnage", "x", 1, 0) == 0;
  return {"store: extended attributes", set,
          set ? "of images and containers they are kept, and an ordinary user's overlays can mark what is removed"
              : words_of_errno(errno) +
                    "; images may lose attributes, and an ordinary user's containers cannot remove "
                    "files of theirs; put the store on ext4, xfs or btrfs",
          false};
}

Feature probe_quota(int directory) {
  fsxattr attributes{};
  const kernel::FileDescriptor opened{kernel::open_at2(directory, ".", O_RDONLY | O_DIRECTORY, RESOLVE_BENEATH)};
  const bool projects = opened && ::ioctl(opened.get(), FS_IOC_FSGETXATTR, &attributes) == 0;
  constexpr unsigned kGetState = 0x800005U << 8U | 2U;  // Q_GETINFO, of projects
  const long on = kernel::raw_syscall(__NR_quotactl_fd, opened.get(), kGetState, 0, kernel::as_argument(&attributes));
  return {"store: quota of projects", projects && on >= 0,
          projects && on >= 0
              ? "on; the library sets none: limits are held as the next line says"
              : "off, or not asked for at the mount (prjquota); the library needs none: limits are held as the next "
                "line says",
          false};
}

Feature probe_limits(const std::filesystem::path& store) {
  constexpr std::uint64_t kSome = std::uint64_t{1} << 30U;
  const char* const name = "store: limits on disk";
  try {
    const auto opened = VolumeStoreAccess::open_existing(store);
    if (!opened) {
      return {name, false, "there is no store yet", false};
    }
    const VolumeLimitPlan plan = opened->plan_limit({.size = kSome});
    return {name, true, fmt::format("{}: {}", to_string(plan.way), plan.reason), false};
  } catch (const Error& error) {
    return {name, false, error.what(), false};
  }
}

Feature probe_id_maps(int directory, const launcher::Identity& identity) {
  const char* const name = "store: id-mapped mounts";
  if (identity.rootless()) {
    return {name, false,
            "the kernel lets nobody but root map the ids of this file system; an ordinary user's containers see files "
            "by the map of their user namespace",
            false};
  }
  int result = 0;
  try {
    const kernel::FileDescriptor ids = prepare::make_user_namespace({{0, 100000, 1}}, {{0, 100000, 1}});
    const kernel::FileDescriptor mount{kernel::open_tree_at(directory, "", OPEN_TREE_CLONE | AT_EMPTY_PATH)};
    result = !mount ? -EPERM : kernel::map_mount_ids(mount.get(), 0, ids.get());
  } catch (const kernel::CallError& error) {
    result = -error.code().value();
  }
  return {name, result == 0,
          result == 0 ? "mount_setattr(2): the option owner works for volumes"
                      : words_of_errno(-result) +
                            "; the option owner is refused for volumes; use chown, or put the "
                            "store on another file system",
          false};
}

Feature probe_nameless(int directory) {
  const kernel::FileDescriptor file = nameless_file(directory);
  const int number = errno;
  return {"store: can be written to", static_cast<bool>(file),
          file ? "O_TMPFILE" : words_of_errno(number) + "; give this user the store, or choose another: DUNNAGE_STORE",
          false};
}

}  // namespace

void add_store(const std::filesystem::path& store, const launcher::Identity& identity, Features& features) {
  const kernel::FileDescriptor directory{
      kernel::open_at2(AT_FDCWD, store.c_str(), O_RDONLY | O_DIRECTORY, RESOLVE_NO_MAGICLINKS)};
  struct statfs system {};
  if (!directory || ::fstatfs(directory.get(), &system) != 0) {
    features.push_back({"store", false,
                        fmt::format("\"{}\" is not there yet, or not to be opened; it is made when something is first "
                                    "kept in it",
                                    store.string()),
                        false});
    return;
  }
  features.push_back({"store", true,
                      fmt::format("\"{}\" on {}, {} MiB free", store.string(),
                                  name_of_file_system(static_cast<std::uint64_t>(system.f_type)),
                                  system.f_bavail * static_cast<std::uint64_t>(system.f_bsize) >> 20U),
                      false});
  features.push_back(probe_nameless(directory.get()));
  features.push_back(probe_sharing(directory.get()));
  features.push_back(probe_attributes(directory.get()));
  features.push_back(probe_quota(directory.get()));
  features.push_back(probe_limits(store));
  features.push_back(probe_id_maps(directory.get(), identity));
}

}  // namespace dunnage::launch
