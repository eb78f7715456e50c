// SPDX-License-Identifier: Apache-2.0
#include "prepare/failure.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

namespace dunnage::prepare {
namespace {

using launcher::Step;

std::string cause_of(const ResolvedMount& mount, const launcher::Failure& failure) {
  const char* const whole = mount.kind == MountKind::Image ? "image" : "volume";
  switch (failure.step) {
    case Step::OpenSource:
      return failure.error == ELOOP ? "a symbolic link has been put in the way to the source since the plan was made"
             : failure.error == ETIMEDOUT ? "look at the source"
                                          : "open_tree";
    case Step::KindOfSource:
      return "the source is of another kind than when the plan was made";
    case Step::SourceChanged:
      return "the source is another one than when the plan was made";
    case Step::SetAttributes:
      return "mount_setattr";
    case Step::CreateTmpfs:
      return "fsopen";
    case Step::ConfigureFileSystem:
      return "fsconfig";
    case Step::CreateFileSystem:
      return "fsmount";
    case Step::SetNoSwap:
      return "fsconfig noswap";
    case Step::RequireMountpoint:
      return "the source is not a mount point";
    case Step::OpenSubpath:
      return fmt::format("open the path in the {}", whole);
    case Step::CreateSubpath:
      return "create the path in the volume";
    case Step::MapIds:
      return "map its ids (mount_setattr MOUNT_ATTR_IDMAP)";
    case Step::ChangeOwner:
      return "change the owner";
    case Step::MaskBelow:
      return "hide what is excluded";
    case Step::OpenUpper:
      return "open the upper and the work directory";
    case Step::CreateUpper:
      return "make the upper directory in memory";
    case Step::OpenLayer:
      return "open a layer of the image";
    case Step::AddLayer:
      return "put the layers of the image together";
    case Step::ClonePart:
      return "mount a part of the image";
    case Step::Relabel:
      return "set the SELinux label";
    case Step::None:
      return "the launcher's broker did not answer";
    default:
      return "unexpected step";
  }
}

std::string open_remedy(const ResolvedMount& mount, int error) {
  switch (error) {
    case ENOENT:
      return mount.kind == MountKind::Bind ? "create it or set create_source" : "create the volume again";
    case EINVAL:
      return mount.recursive ? "choose a source that is not an unbindable mount"
                             : "there are mounts below the source that an ordinary user cannot leave out; "
                               "use recursion \"enabled\"";
    case EPERM:
    case ENOSYS:
      return "this needs CAP_SYS_ADMIN or a user namespace, and openat2, open_tree, move_mount and mount_setattr "
             "allowed in any filter of system calls around this program; see dunnage::support()";
    case EACCES:
      return "give this user access to it";
    case ENOSPC:
      return "raise /proc/sys/fs/mount-max (not disk space)";
    case EMFILE:
    case ENFILE:
      return "close descriptors or raise the limit (ulimit -n)";
    case ELOOP:
      return "put back what was there, or resolve the mounts again and launch anew, if the link is to be followed";
    default:
      return "resolve the mounts again";
  }
}

/// Of the steps that options of a mount add; empty for others.
std::string option_remedy(const ResolvedMount& mount, const launcher::Failure& failure) {
  switch (failure.step) {
    case Step::SetNoSwap:
      return "leave no_swap out; only root may keep a tmpfs from swap, and the kernel has to be Linux 6.4 or later";
    case Step::RequireMountpoint:
      return "mount it, or leave require_mountpoint out";
    case Step::OpenSubpath:
      return mount.kind == MountKind::Image ? "name a directory or file that is in the image"
             : failure.error == EXDEV       ? "a symbolic link in it leads out of the volume; remove the link"
                                            : "correct the path, or remove what is in its way";
    case Step::CreateSubpath:
      return "give this user the right to write there, or create it";
    case Step::MapIds:
      return failure.error == EINVAL
                 ? "a file system there has no id-mapped mounts; leave out mounts below the source with recursion "
                   "\"disabled\", or use chown"
                 : "this needs CAP_SYS_ADMIN over the file system and Linux 5.12; or use chown";
    case Step::ChangeOwner:
      return failure.error == ELOOP || failure.error == E2BIG
                 ? "the tree is deeper or larger than this library walks; change its owner yourself"
                 : "only files whose owner has an id in the container can be given to another";
    case Step::MaskBelow:
      return failure.error == EINVAL ? "leave exclude out; this needs Linux 6.15"
                                     : "see dunnage::support() for what this machine allows";
    case Step::OpenLayer:
      return "do not change what is below the store; unpack it again with ImageStore::unpack()";
    case Step::AddLayer:
      return failure.error == E2BIG ? fmt::format("the kernel takes {}; flatten the image", launcher::kMostLayers)
             : failure.error == EOPNOTSUPP ? "an overlay of descriptors needs Linux 6.5"
                                           : "choose a store on a file system that can be a layer of an overlay";
    case Step::ClonePart:
      return failure.error == EINVAL ? "mount the whole image; a part of it needs Linux 6.15"
                                     : "see dunnage::support() for what this machine allows";
    case Step::Relabel:
      return "leave relabel out, or label the source yourself (chcon)";
    case Step::OpenUpper:
    case Step::CreateUpper:
      return "check the upper and the work directory";
    default:
      return {};
  }
}

std::string remedy_of(const ResolvedMount& mount, const launcher::Failure& failure) {
  if (std::string remedy = option_remedy(mount, failure); !remedy.empty()) {
    return remedy;
  }
  switch (failure.step) {
    case Step::OpenSource:
      return open_remedy(mount, failure.error);
    case Step::KindOfSource:
    case Step::SourceChanged:
      return "resolve the mounts again";
    case Step::SetAttributes:
      return failure.error == EBUSY   ? "a program holds a file there open for writing; end it first"
             : failure.error == EPERM ? "a mount below the source has options this user may not change; leave it out "
                                        "with recursion \"disabled\""
                                      : "choose a source whose file system takes these options";
    case Step::CreateTmpfs:
    case Step::CreateFileSystem:
      if (mount.overlay && failure.error == ENOSPC) {
        return "free space or inodes where upper and work are";
      }
      if (mount.overlay) {
        return "upper and work have to be on one file system that takes an overlay, and the kernel has to be Linux "
               "6.13 "
               "or later";
      }
      return failure.error == EPERM ? "this needs CAP_SYS_ADMIN or a user namespace, see dunnage::support()"
                                    : "see dunnage::support() for what this machine allows";
    case Step::ConfigureFileSystem:
      return "check size, mode, uid and gid; an id has to exist in the container";
    default:
      return "prepare again";
  }
}

std::string attributes(const ResolvedMount& mount) {
  std::string words;
  if (mount.kind == MountKind::Tmpfs) {
    words = fmt::format("size={}MiB", mount.size >> 20U);
  }
  if (mount.read_only) {
    words += words.empty() ? "read-only" : ", read-only";
  }
  return words.empty() ? words : fmt::format(" ({})", words);
}

}  // namespace

MountWords words_of(const ResolvedMount& mount) {
  switch (mount.kind) {
    case MountKind::Bind:
      return {"bind mount", mount.source.string(), fmt::format("-> \"{}\"{}", mount.target, attributes(mount))};
    case MountKind::Volume:
      if (mount.volume.empty()) {
        return {"anonymous volume", mount.target, attributes(mount).empty() ? "" : attributes(mount).substr(1)};
      }
      return {"volume", mount.volume, fmt::format("-> \"{}\"{}", mount.target, attributes(mount))};
    case MountKind::Tmpfs:
      return {"tmpfs", mount.target, attributes(mount).substr(1)};
    case MountKind::Image:
      return {"image", mount.image, fmt::format("-> \"{}\"{}", mount.target, attributes(mount))};
  }
  return {"mount", mount.target, {}};
}

std::string source_of(const ResolvedMount& mount) {
  return mount.kind == MountKind::Volume  ? mount.volume
         : mount.kind == MountKind::Image ? mount.image
                                          : mount.source.string();
}

MountError prepare_error(const ResolvedMount& mount, const launcher::Failure& failure) {
  // what this kernel or user cannot do is told apart from what went wrong
  const bool refused =
      failure.step == Step::SetNoSwap || failure.step == Step::MapIds ||
      ((failure.step == Step::MaskBelow || failure.step == Step::ClonePart) && failure.error == EINVAL);
  return prepare_error(mount, cause_of(mount, failure), refused ? EOPNOTSUPP : failure.error,
                       remedy_of(mount, failure));
}

MountError prepare_error(const ResolvedMount& mount, const std::string& cause, int number, std::string remedy) {
  MountWords words = words_of(mount);
  const std::error_code code = number == EOPNOTSUPP ? make_error_code(errc::not_supported)
                               : mount.kind == MountKind::Bind && number == ENOENT
                                   ? make_error_code(errc::source_missing)
                                   : std::error_code{number, std::system_category()};
  return MountError{
      {.stage = Stage::Prepare,
       .operation = "prepare " + words.kind,
       .subject = std::move(words.subject),
       .detail = std::move(words.detail),
       .cause = cause,
       .code = code,
       .remedy = number == ETIMEDOUT ? "see what serves its file system, or unmount that" : std::move(remedy)},
      source_of(mount),
      mount.target};
}

}  // namespace dunnage::prepare
