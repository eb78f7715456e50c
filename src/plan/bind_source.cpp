// SPDX-License-Identifier: Apache-2.0
#include "plan/bind_source.hpp"

#include "kernel/await_answer.hpp"
#include "kernel/calls.hpp"
#include "kernel/file_descriptor.hpp"
#include "kernel/file_system_kind.hpp"
#include "kernel/timed_call.hpp"
#include "model/mount_name.hpp"
#include "model/target.hpp"
#include "plan/host_path.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <boost/filesystem.hpp>

#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

namespace dunnage::plan {
namespace {

namespace fs = boost::filesystem;

[[noreturn]] void refuse(const BindMount& mount, std::string cause, std::error_code code, std::string remedy) {
  throw model::mount_error(Stage::Resolve, "resolve", mount, std::move(cause), code, std::move(remedy));
}

std::string absolute(const BindMount& mount, const std::filesystem::path& current_directory) {
  const std::string& text = mount.source.native();
  if (text.empty()) {
    refuse(mount, "it has no source", errc::invalid_argument, "give a path on the host");
  }
  if (text.find('\0') != std::string::npos) {
    refuse(mount, "the source holds a NUL", errc::invalid_argument, "give a path without control characters");
  }
  if (text.front() == '/') {
    return model::clean_path(text);
  }
  boost::system::error_code fault;
  const fs::path here =
      current_directory.empty() ? fs::current_path(fault) : fs::absolute(current_directory.string(), fault);
  if (fault) {
    refuse(mount, "the current directory", {fault.value(), std::generic_category()}, "give an absolute source");
  }
  return model::clean_path((here / text).string());
}

[[noreturn]] void refuse_unreachable(const BindMount& mount, int number) {
  const bool link = number == ELOOP;
  refuse(mount, "look at the source", {number, std::generic_category()},
         number == ETIMEDOUT ? kServerRemedy
         : number == EACCES  ? "allow this user to search its directories"
         : number == ENOTDIR ? "a part of the path is a file; correct the path"
         : link              ? "remove the loop of symbolic links"
                             : "correct the path");
}

/// The part that exists without its links, the rest as it stands: what creating it will make.
std::filesystem::path future_path(const BindMount& mount, const std::string& path) {
  boost::system::error_code fault;
  const fs::path result = fs::weakly_canonical(path, "/", fault);
  if (fault) {
    refuse_unreachable(mount, fault.value());
  }
  return result.string();
}

BindSource missing_source(const BindMount& mount, const std::string& path) {
  boost::system::error_code fault;
  if (fs::symlink_status(path, fault).type() == fs::symlink_file) {
    refuse(mount, "it is a symbolic link that leads nowhere", errc::source_missing,
           "remove it or repair what it leads to");
  }
  if (mount.options.optional) {
    return {.path = path, .kind = FileKind::Directory, .missing = true};
  }
  if (!mount.options.create_source) {
    refuse(mount, path == mount.source ? "" : "looked for \"" + path + "\"", errc::source_missing,
           "create it or set create_source");
  }
  return {.path = future_path(mount, path), .kind = FileKind::Directory, .missing = true};
}

/// Whoever serves its file system may stand still for ever, and must not take the host along.
void require_answer(const BindMount& mount, int number) {
  if (kernel::is_unanswered(number)) {
    refuse(mount, "look at the source", {number, std::generic_category()},
           number == ETIMEDOUT ? kServerRemedy : "try again");
  }
}

/// One look; nothing when there is a link, or anything that needs words.
std::optional<BindSource> look_at(int directory, const char* name, int flags, const std::string& path) {
  struct statx status {};
  constexpr int kFlags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC;  // kinds do not change
  if (directory < 0 || ::statx(directory, name, flags | kFlags, STATX_TYPE, &status) != 0 || S_ISLNK(status.stx_mode)) {
    return std::nullopt;
  }
  return BindSource{.path = path,
                    .kind = S_ISDIR(status.stx_mode) ? FileKind::Directory : FileKind::File,
                    .missing = false,
                    .mountpoint = (status.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0,
                    .followed = {}};
}

}  // namespace

/// What is at a clean path without links, which is the path it has. Nothing when there is a link on the way, or
/// anything that needs words.
std::optional<BindSource> SourceLook::look_without_links(const BindMount& mount, const std::string& path) {
  const std::size_t name = path.rfind('/') + 1;
  if (path.compare(0, name, parent_) != 0) {
    opened_.reset();
    parent_.clear();
    const std::string parent = path.substr(0, name);
    const int opened = kernel::open_in_time(AT_FDCWD, parent.c_str(), O_PATH | O_DIRECTORY, RESOLVE_NO_SYMLINKS);
    require_answer(mount, -opened);
    parent_ = parent;
    opened_.reset(opened);
    may_wait_ = opened_ && kernel::may_wait_for_others(opened_.get());
  }
  if (may_wait_) {
    require_answer(mount, kernel::await_answer(path, kernel::kPatience));
  }
  return look_at(opened_ ? opened_.get() : -1, path.c_str() + name, 0, path);
}

BindSource SourceLook::look(const BindMount& mount, const std::filesystem::path& current_directory) {
  const std::string path = absolute(mount, current_directory);
  if (auto source = look_without_links(mount, path)) {
    return std::move(*source);
  }
  const HostPath found = follow_host_path(path);
  if (found.number == ENOENT) {
    return missing_source(mount, path);
  }
  if (found.number != 0) {
    refuse_unreachable(mount, found.number);
  }
  auto source = look_at(found.opened.get(), "", AT_EMPTY_PATH, found.path);
  if (!source) {
    refuse_unreachable(mount, EIO);
  }
  source->followed = found.path == path ? "" : path;
  return std::move(*source);
}

}  // namespace dunnage::plan
