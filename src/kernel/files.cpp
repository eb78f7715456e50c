// SPDX-License-Identifier: Apache-2.0
#include "kernel/files.hpp"

#include "kernel/call_error.hpp"
#include "kernel/descriptor_path.hpp"
#include "kernel/open_beneath.hpp"
#include "kernel/random_hex.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <system_error>

namespace dunnage::kernel {

namespace {

/// A regular file gives less than was asked for only at its end; one of /proc may do so anywhere.
enum class Short { IsTheEnd, MeansNothing };

SmallFile read_whole(const FileDescriptor& file, std::string& buffer, std::size_t limit, Short less) {
  if (!file) {
    return {.text = {}, .number = errno};
  }
  constexpr std::size_t kFirst = 4096;
  if (buffer.size() < kFirst) {
    buffer.resize(kFirst);
  }
  std::size_t used = 0;
  while (true) {
    const ssize_t got = ::read(file.get(), buffer.data() + used, buffer.size() - used);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return {.text = {}, .number = errno};
    }
    used += static_cast<std::size_t>(got);
    if (used > limit) {
      return {.text = {}, .number = EFBIG};
    }
    if (got == 0 || (used < buffer.size() && less == Short::IsTheEnd)) {
      return {.text = std::string_view{buffer}.substr(0, used), .number = 0};
    }
    if (used == buffer.size()) {
      buffer.resize(buffer.size() * 2);
    }
  }
}

}  // namespace

SmallFile read_small_file(int directory, const char* path, std::string& buffer, std::size_t limit) {
  return read_whole(open_beneath(directory, path, O_RDONLY | O_NONBLOCK | O_NOCTTY), buffer, limit, Short::IsTheEnd);
}

SmallFile read_host_file(const char* path, std::string& buffer, std::size_t limit) {
  return read_whole(FileDescriptor{::open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)}, buffer, limit,
                    Short::MeansNothing);
}

void write_all(int fd, std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = ::write(fd, content.data(), content.size());
    if (written < 0 && errno != EINTR) {
      throw CallError{"write", errno};
    }
    if (written > 0) {
      content.remove_prefix(static_cast<std::size_t>(written));
    }
  }
}

FileDescriptor create_file(int directory, const std::string& name, mode_t mode) {
  FileDescriptor file = open_beneath(directory, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_NOCTTY, mode);
  if (!file) {
    if (errno == EEXIST) {
      return file;
    }
    throw CallError{"create file", errno};
  }
  // most umasks take nothing of it, and looking is cheaper than writing an inode again
  struct stat status {};
  const bool right = ::fstat(file.get(), &status) == 0 && (status.st_mode & 07777U) == (mode & 07777U);
  if (!right && ::fchmod(file.get(), mode) != 0) {
    throw CallError{"chmod", errno};
  }
  return file;
}

namespace {

std::string replacement_prefix(const std::string& name) { return "." + name + "."; }

/// \param finish  is given the new file before it takes the place of the old one
void replace(int directory, const std::string& name, std::string_view content, mode_t mode, void (*finish)(int)) {
  const std::string temporary = replacement_prefix(name) + random_hex(16);
  try {
    const FileDescriptor file = create_file(directory, temporary, mode);
    if (!file) {
      throw CallError{"create file", EEXIST};
    }
    write_all(file.get(), content);
    finish(file.get());
    if (::renameat(directory, temporary.c_str(), directory, name.c_str()) != 0) {
      throw CallError{"rename", errno};
    }
  } catch (...) {
    (void)::unlinkat(directory, temporary.c_str(), 0);  // the first failure is the one to report
    throw;
  }
}

}  // namespace

void write_new_file(int directory, const std::string& name, std::string_view content, mode_t mode) {
  const FileDescriptor file = create_file(directory, name, mode);
  if (!file) {
    throw CallError{"create file", EEXIST};
  }
  write_all(file.get(), content);
  sync(file.get());
}

void replace_file(int directory, const std::string& name, std::string_view content, mode_t mode) {
  replace(directory, name, content, mode, [](int) {});
}

void write_durably(int directory, const std::string& name, std::string_view content, mode_t mode) {
  replace(directory, name, content, mode, sync);
  sync(directory);
}

void make_durably(int directory, const std::string& name, std::string_view content, mode_t mode) {
  try {
    replace(directory, name, content, mode, sync);
  } catch (const CallError& error) {
    // whoever was faster has removed what is not needed any more
    if (error.code() != std::errc::no_such_file_or_directory || !exists_at(directory, name)) {
      throw;
    }
  }
  remove_replacements(directory, name);
  sync(directory);
}

void remove_replacements(int directory, const std::string& name) {
  for (const std::string& found : names_in(directory)) {
    if (found.starts_with(replacement_prefix(name))) {
      (void)::unlinkat(directory, found.c_str(), 0);  // what stays is removed by a later call
    }
  }
}

int allocate(int file, std::uint64_t size) noexcept {
  int answer = 0;
  do {
    answer = ::fallocate(file, 0, 0, static_cast<off_t>(size));
  } while (answer != 0 && errno == EINTR);
  return answer == 0 ? 0 : errno;
}

bool make_directory(int parent, const std::string& name, mode_t mode) {
  if (::mkdirat(parent, name.c_str(), mode) != 0) {
    if (errno == EEXIST) {
      return false;
    }
    throw CallError{"mkdir", errno};
  }
  // most umasks take nothing of it, and looking is cheaper than writing an inode again
  struct stat status {};
  const bool right = ::fstatat(parent, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
                     (status.st_mode & 07777U) == (mode & 07777U);
  if (!right && ::fchmodat(parent, name.c_str(), mode, 0) != 0) {
    throw CallError{"chmod", errno};
  }
  return true;
}

int set_mode(int fd, mode_t mode) noexcept {
  // fchmod refuses O_PATH descriptors, and fchmodat knows AT_EMPTY_PATH only since Linux 6.6.
  return ::chmod(DescriptorPath{fd}.text, mode) == 0 ? 0 : errno;
}

void sync(int fd) {
  while (::fsync(fd) != 0) {
    if (errno != EINTR) {
      throw CallError{"fsync", errno};
    }
  }
}

int rename_exclusively(int from_directory, const std::string& from, int to_directory, const std::string& to) noexcept {
  return ::renameat2(from_directory, from.c_str(), to_directory, to.c_str(), RENAME_NOREPLACE) == 0 ? 0 : errno;
}

int exchange(int one_directory, const std::string& one, int other_directory, const std::string& other) noexcept {
  return ::renameat2(one_directory, one.c_str(), other_directory, other.c_str(), RENAME_EXCHANGE) == 0 ? 0 : errno;
}

struct stat status_of(int fd) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) {
    throw CallError{"stat", errno};
  }
  return status;
}

void require_regular(int file, const char* call) {
  struct stat status {};
  if (::fstat(file, &status) != 0) {
    throw CallError{call, errno};
  }
  if (!S_ISREG(status.st_mode)) {
    throw CallError{call, EINVAL};
  }
}

bool is_at(int directory, const std::string& name, int fd) {
  struct stat named {};
  if (::fstatat(directory, name.c_str(), &named, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) {
      return false;
    }
    throw CallError{"stat", errno};
  }
  const struct stat open = status_of(fd);
  return named.st_dev == open.st_dev && named.st_ino == open.st_ino;
}

bool exists_at(int directory, const std::string& name) {
  if (::faccessat(directory, name.c_str(), F_OK, AT_SYMLINK_NOFOLLOW | AT_EACCESS) == 0) {
    return true;
  }
  if (errno != ENOENT) {
    throw CallError{"stat", errno};
  }
  return false;
}

namespace {

/// \param take  is given each entry, until it says no
template <typename Take>
void read_directory(int fd, Take&& take) {
  FileDescriptor own = open_beneath(fd, ".", O_RDONLY | O_DIRECTORY);
  if (!own) {
    throw CallError{"open directory", errno};
  }
  const std::unique_ptr<DIR, int (*)(DIR*)> stream{::fdopendir(own.get()), ::closedir};
  if (stream == nullptr) {
    throw CallError{"open directory", errno};
  }
  (void)own.release();  // the stream closes it
  errno = 0;
  while (const dirent* entry = ::readdir(stream.get())) {
    const std::string_view name{static_cast<const char*>(entry->d_name)};
    if (name != "." && name != ".." && !take(name, *entry)) {
      return;
    }
    errno = 0;
  }
  if (errno != 0) {
    throw CallError{"read directory", errno};
  }
}

}  // namespace

std::vector<std::string> names_in(int fd, std::size_t most) {
  std::vector<std::string> names;
  read_directory(fd, [&](std::string_view name, const dirent&) {
    names.emplace_back(name);
    return names.size() < most;
  });
  return names;
}

bool is_empty(int fd) {
  // Btrfs lists what was there when the directory was opened, or set back to its beginning.
  if (::lseek(fd, 0, SEEK_SET) != 0) {
    throw CallError{"read directory", errno};
  }
  alignas(dirent64) char buffer[512];
  while (true) {
    const ssize_t got = ::getdents64(fd, buffer, sizeof buffer);
    if (got < 0) {
      throw CallError{"read directory", errno};
    }
    if (got == 0) {
      return true;
    }
    for (ssize_t at = 0; at < got;) {
      const auto* entry = reinterpret_cast<const dirent64*>(buffer + at);
      const std::string_view name{static_cast<const char*>(entry->d_name)};
      if (name != "." && name != "..") {
        return false;
      }
      at += entry->d_reclen;
    }
  }
}

std::vector<DirectoryEntry> entries_in(int fd) {
  std::vector<DirectoryEntry> entries;
  read_directory(fd, [&](std::string_view name, const dirent& entry) {
    entries.push_back({.name = std::string{name}, .inode = entry.d_ino});
    return true;
  });
  return entries;
}

}  // namespace dunnage::kernel
