// SPDX-License-Identifier: Apache-2.0
#include "volume/layout.hpp"

#include <dunnage/error.hpp>

#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "kernel/open_beneath.hpp"
#include "volume/failure.hpp"
#include "volume/private_directory.hpp"

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

constexpr int kFormat = 1;
constexpr const char* kOpenStore = "open store";

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
  const kernel::FileDescriptor found{::open(path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC)};
  if (!found) {
    if (errno == ENOENT) {
      return {};
    }
    throw kernel::CallError{"open", errno};
  }
  check_private(found.get(), path);
  kernel::FileDescriptor root = kernel::open_beneath(found.get(), ".", O_RDONLY | O_DIRECTORY);
  if (!root) {
    throw kernel::CallError{"open", errno};
  }
  return root;
}

kernel::FileDescriptor open_part(const Layout& layout, const char* name) {
  return open_private(layout.root.get(), name, layout.path / name);
}

/// \return whether there is a version at all
bool check_version(const Layout& layout) {
  constexpr std::size_t kLimit = 64;
  std::string buffer;
  const auto [text, number] = kernel::read_small_file(layout.root.get(), "version", buffer, kLimit);
  if (number == ENOENT) {
    return false;
  }
  if (number != 0) {
    throw kernel::CallError{"read version", number};
  }
  int format = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), format);
  if (code != std::errc{} || std::string_view{end, text.data() + text.size()} != "\n" || format < 1) {
    throw unusable(layout.path, "its file \"version\" is damaged",
                   fmt::format("write \"{}\" into it if the store was made by this version", kFormat));
  }
  if (format > kFormat) {
    throw unusable(layout.path, fmt::format("it has format {}, this library reads {}", format, kFormat),
                   "use a newer version of the library");
  }
  return true;
}

void make_parts(const Layout& layout) {
  bool made = false;
  for (const char* name : {"volumes", "staging", "trash", "containers"}) {
    if (!kernel::exists_at(layout.root.get(), name)) {
      made |= kernel::make_directory(layout.root.get(), name, kPrivateDirectory);
    }
  }
  if (!check_version(layout)) {
    kernel::write_durably(layout.root.get(), "version", fmt::format("{}\n", kFormat), S_IRUSR | S_IWUSR);
  } else if (made) {
    kernel::sync(layout.root.get());
  }
}

std::optional<Layout> open_at(const std::filesystem::path& path, bool make) {
  Layout layout{.path = path, .root = open_root(path), .volumes = {}};
  if (!layout.root && make) {
    make_directories(path);
    layout.root = open_root(path);
    if (!layout.root) {
      throw kernel::CallError{"open", ENOENT};
    }
  }
  if (!layout.root) {
    return std::nullopt;
  }
  if (make) {
    make_parts(layout);
    for (const char* name : {"staging", "trash", "containers"}) {
      (void)open_part(layout, name);  // for its check alone
    }
  } else {
    (void)check_version(layout);
  }
  layout.volumes = open_part(layout, "volumes");
  if (!layout.volumes) {
    return std::nullopt;
  }
  return layout;
}

std::optional<Layout> open_or_explain(const std::filesystem::path& root, bool make) {
  const std::filesystem::path path = full_path(root);
  try {
    return open_at(path, make);
  } catch (const kernel::CallError& error) {
    throw call_failure(kOpenStore, path.string(), error);
  }
}

kernel::FileDescriptor open_or_throw(const Layout& layout, const char* name) {
  kernel::FileDescriptor part = open_part(layout, name);
  if (!part) {
    throw kernel::CallError{"open directory", ENOENT};
  }
  return part;
}

}  // namespace

kernel::FileDescriptor Layout::open_staging() const { return open_or_throw(*this, "staging"); }
kernel::FileDescriptor Layout::open_trash() const { return open_or_throw(*this, "trash"); }

std::filesystem::path Layout::mountpoint(const std::string& name) const {
  return path.native() + "/volumes/" + name + "/" + kDataName;
}

Layout open_layout(const std::filesystem::path& root) {
  auto layout = open_or_explain(root, true);
  if (!layout) {  // somebody removed it while we made it
    throw call_failure(kOpenStore, root.string(), kernel::CallError{"open", ENOENT});
  }
  return std::move(*layout);
}

std::optional<Layout> open_existing_layout(const std::filesystem::path& root) { return open_or_explain(root, false); }

}  // namespace dunnage::volume
