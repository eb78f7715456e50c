// SPDX-License-Identifier: Apache-2.0
#include "volume/layout.hpp"

#include <dunnage/error.hpp>

#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "kernel/open_beneath.hpp"
#include "volume/failure.hpp"
#include "volume/private_directory.hpp"
#include "volume/retained.hpp"
#include "volume/stage.hpp"
#include "volume/trash.hpp"
#include "volume/unfinished.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <string_view>
#include <system_error>
#include <utility>

namespace dunnage::volume {
namespace {

constexpr const char* kOpenStore = "open store";

/// Syncs the directory that holds `path`, so that a store whose first volume is acknowledged is still there later.
void sync_parent(const std::filesystem::path& path) {
  const kernel::FileDescriptor parent{::open(path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (parent) {
    kernel::sync(parent.get());
  } else if (errno != EACCES) {  // a parent we may pass but not read cannot be synced by us
    throw kernel::CallError{"open directory", errno};
  }
}

/// Gives back to a directory just made what the umask of the host program took.
void set_private(const std::filesystem::path& path) {
  const kernel::FileDescriptor directory{::open(path.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
  struct stat status {};
  if (!directory || ::fstat(directory.get(), &status) != 0) {
    throw kernel::CallError{"open directory", errno};
  }
  if (status.st_uid == ::geteuid() && (status.st_mode & 0777U) != kPrivateDirectory) {
    if (const int number = kernel::set_mode(directory.get(), kPrivateDirectory); number != 0) {
      throw kernel::CallError{"chmod", number};
    }
  }
}

/// Makes a directory and those above it that are missing. Their path comes from the host program and is trusted.
void make_directories(const std::filesystem::path& path) {
  std::filesystem::path made;
  for (const std::filesystem::path& component : path) {
    made /= component;
    if (::mkdir(made.c_str(), kPrivateDirectory) == 0) {
      set_private(made);
      sync_parent(made);
      continue;
    }
    struct stat status {};
    const int number = errno;
    if (::stat(made.c_str(), &status) != 0) {
      // A link that leads nowhere is there for mkdir and absent for stat; the caller has better words for it.
      if (number == EEXIST && made == path) {
        return;
      }
      throw kernel::CallError{"mkdir", number};
    }
  }
}

kernel::FileDescriptor open_root(const std::filesystem::path& path) {
  kernel::FileDescriptor root{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
  const int number = errno;
  if (root) {
    check_private(root.get(), path);
  } else if (number != ENOENT) {
    const kernel::FileDescriptor found{::open(path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC)};
    if (found) {
      check_private(found.get(), path);  // it mostly says what is wrong
    }
    throw kernel::CallError{"open", number};
  }
  return root;
}

kernel::FileDescriptor open_part(const Layout& layout, const char* name) {
  return open_private(layout.root.get(), name, layout.path / name);
}

kernel::FileDescriptor open_or_throw(const Layout& layout, const char* name) {
  kernel::FileDescriptor part = open_part(layout, name);
  if (!part) {
    throw kernel::CallError{"open directory", ENOENT};
  }
  return part;
}

/// \return whether there is a version at all
bool check_version(const Layout& layout) {
  constexpr std::size_t kLimit = 64;
  std::string buffer;
  const auto [text, number] = kernel::read_small_file(layout.root.get(), kVersionName, buffer, kLimit);
  if (number == ENOENT) {
    return false;
  }
  if (number != 0) {
    throw kernel::CallError{"read version", number};
  }
  const auto format = format_of(text);
  if (!format) {
    throw unusable(layout.path, "its file \"version\" is damaged",
                   fmt::format("have repair_store() (store repair) write it anew, or write \"{}\" into it if the store "
                               "was made by this version",
                               kStoreFormat));
  }
  if (*format > kStoreFormat) {
    throw unusable(layout.path, fmt::format("it has format {}, this library reads {}", *format, kStoreFormat),
                   "use a newer version of the library");
  }
  return true;
}

bool has_containers(const Layout& layout) {
  constexpr const char* kContainers = "containers";
  struct stat status {};
  if (::fstatat(layout.root.get(), kContainers, &status, AT_SYMLINK_NOFOLLOW) == 0) {
    check_private(status, layout.path / kContainers);
    return true;
  }
  if (errno != ENOENT) {
    throw kernel::CallError{"stat", errno};
  }
  return false;
}

void make_parts(const Layout& layout, bool has_version) {
  bool made = false;
  for (const char* name : {"volumes", "staging", "trash", "containers"}) {
    if (!kernel::exists_at(layout.root.get(), name)) {
      made |= kernel::make_directory(layout.root.get(), name, kPrivateDirectory);
    }
  }
  if (!has_version) {
    kernel::make_durably(layout.root.get(), kVersionName, fmt::format("{}\n", kStoreFormat), S_IRUSR | S_IWUSR);
  } else if (made) {
    kernel::sync(layout.root.get());
  }
}

/// Most often both are empty, which one look each tells.
void sweep(const Layout& layout, int staging, int trash) {
  try {
    if (!kernel::is_empty(staging)) {
      sweep_unfinished(layout, staging, trash);
    }
    sweep_retained(layout);
  } catch (const kernel::CallError& error) {
    if (error.code() != std::errc::read_only_file_system) {  // there it harms nobody, and what is there can be read
      throw;
    }
  }
  if (!kernel::is_empty(trash)) {
    (void)sweep_trash(layout.root.get());
  }
}

Layout open_whole(const std::filesystem::path& path) {
  Layout layout{.path = path, .root = open_root(path), .volumes = {}};
  if (!layout.root) {
    make_directories(path);
    layout.root = open_root(path);
    if (!layout.root) {
      throw kernel::CallError{"open", ENOENT};
    }
  }
  const bool has_version = check_version(layout);
  layout.volumes = open_part(layout, "volumes");
  auto staging = open_part(layout, "staging");
  auto trash = open_part(layout, "trash");
  if (!has_version || !layout.volumes || !staging || !trash || !has_containers(layout)) {
    make_parts(layout, has_version);
    layout.volumes = open_or_throw(layout, "volumes");
    staging = layout.open_staging();
    trash = layout.open_trash();
    (void)has_containers(layout);
  }
  sweep(layout, staging.get(), trash.get());
  return layout;
}

std::optional<Layout> open_as_it_is(const std::filesystem::path& path) {
  Layout layout{.path = path, .root = open_root(path), .volumes = {}};
  if (!layout.root) {
    return std::nullopt;
  }
  (void)check_version(layout);
  layout.volumes = open_part(layout, "volumes");
  return layout.volumes ? std::optional{std::move(layout)} : std::nullopt;
}

template <typename Open>
auto open_or_explain(const std::filesystem::path& root, Open&& open) {
  const std::filesystem::path path = full_path(root);
  try {
    return open(path);
  } catch (const kernel::CallError& error) {
    throw call_failure(kOpenStore, path.string(), error);
  }
}

}  // namespace

std::filesystem::path full_path(const std::filesystem::path& root) {
  if (root.empty() || root.native().find('\0') != std::string::npos) {
    throw unusable(root, "not a path", "name a directory");
  }
  std::error_code code;
  std::filesystem::path path = std::filesystem::absolute(root, code).lexically_normal();
  if (code) {
    throw unusable(root, code.message(), "name the directory by its full path");
  }
  return path.has_filename() || !path.has_relative_path() ? path : path.parent_path();
}

std::optional<int> format_of(std::string_view text) {
  int format = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), format);
  if (code != std::errc{} || std::string_view{end, text.data() + text.size()} != "\n" || format < 1) {
    return std::nullopt;
  }
  return format;
}

kernel::FileDescriptor Layout::open_staging() const { return open_or_throw(*this, "staging"); }
kernel::FileDescriptor Layout::open_trash() const { return open_or_throw(*this, "trash"); }

std::string Layout::volumes_path() const { return path.native() + "/volumes/"; }

std::filesystem::path Layout::mountpoint(const std::string& name) const { return mountpoint_in(volumes_path(), name); }

std::filesystem::path mountpoint_in(const std::string& volumes, const std::string& name) {
  return volumes + name + "/" + kDataName;
}

Layout open_layout(const std::filesystem::path& root) { return open_or_explain(root, open_whole); }

std::optional<Layout> open_existing_layout(const std::filesystem::path& root) {
  return open_or_explain(root, open_as_it_is);
}

}  // namespace dunnage::volume
