// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Small files and directories, named by an open directory and one component.
/// All of these throw CallError on failure unless they say otherwise.

#include "kernel/file_descriptor.hpp"

#include <sys/stat.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage::kernel {

/// What read_small_file() found: text in the caller's buffer, or the errno of what failed.
struct SmallFile {
  std::string_view text;
  int number = 0;
};

/// Reads a regular file below `directory` into `buffer`, which only grows, so that it serves many files.
/// A FIFO or device does not block it. EFBIG: there is more than `limit`.
[[nodiscard]] SmallFile read_small_file(int directory, const char* path, std::string& buffer, std::size_t limit);

/// The same for a file of the machine itself, named by an absolute path that can be trusted: /etc/subuid.
[[nodiscard]] SmallFile read_host_file(const char* path, std::string& buffer, std::size_t limit);

/// Writes all of `content`.
void write_all(int fd, std::string_view content);

/// Creates a file that was not there, with exactly this mode whatever the umask is.
/// \return its descriptor, open for reading and writing, or an empty one if the name is taken
[[nodiscard]] FileDescriptor create_file(int directory, const std::string& name, mode_t mode);

/// A file that was not there, with that content and exactly this mode. Synced on return; not its name.
/// Throws: also CallError(EEXIST).
void write_new_file(int directory, const std::string& name, std::string_view content, mode_t mode);

/// Replaces or creates a file so that every reader finds either the old or the new content, also when this process is
/// killed. After a power cut it may be empty.
void replace_file(int directory, const std::string& name, std::string_view content, mode_t mode);

/// The same, also after a power cut; synced on return.
void write_durably(int directory, const std::string& name, std::string_view content, mode_t mode);

/// Makes a file whose content is the same whoever makes it, also after a power cut. Several may do so at once, and what
/// one that was killed left is removed by the next one.
void make_durably(int directory, const std::string& name, std::string_view content, mode_t mode);

/// Removes what killed processes left of replacing this file. Who is replacing it meanwhile fails with ENOENT.
void remove_replacements(int directory, const std::string& name);

/// Room for so much of a file. \return 0 or errno
[[nodiscard]] int allocate(int file, std::uint64_t size) noexcept;

/// A new directory with exactly this mode whatever the umask is.
/// \return false if the name is taken
[[nodiscard]] bool make_directory(int parent, const std::string& name, mode_t mode);

/// Sets the mode of what `fd` holds, O_PATH or not, whatever its name leads to by now.
/// \return 0 or errno
[[nodiscard]] int set_mode(int fd, mode_t mode) noexcept;

/// fstat(2). Throws: CallError.
[[nodiscard]] struct stat status_of(int fd);

/// fsync. A failure is final: what was written may be lost even if a second try says otherwise.
void sync(int fd);

/// A rename that never replaces anything.
/// \return 0 or errno
[[nodiscard]] int rename_exclusively(int from_directory, const std::string& from, int to_directory,
                                     const std::string& to) noexcept;

/// Two names change places, at one instant.
/// \return 0 or errno
[[nodiscard]] int exchange(int one_directory, const std::string& one, int other_directory,
                           const std::string& other) noexcept;

/// Whether `name` in `directory` is the very file or directory that `fd` is. False if it is gone.
[[nodiscard]] bool is_at(int directory, const std::string& name, int fd);

/// Throws: CallError(EINVAL) for what is no regular file, as a FIFO somebody planted in a file's place is none.
void require_regular(int file, const char* call);

/// Whether there is anything called `name` in `directory`; links are not followed.
[[nodiscard]] bool exists_at(int directory, const std::string& name);

/// The names in a directory, without "." and "..", in no order. `fd` keeps its position.
/// \param most  more than these are not read
[[nodiscard]] std::vector<std::string> names_in(int fd, std::size_t most = SIZE_MAX);

/// Whether there is nothing in a directory now. `fd` is open for reading; its position moves.
[[nodiscard]] bool is_empty(int fd);

struct DirectoryEntry {
  std::string name;
  std::uint64_t inode = 0;  ///< of what is called that; below a mount point, of what the mount hides
};
/// The same, with inodes.
[[nodiscard]] std::vector<DirectoryEntry> entries_in(int fd);

}  // namespace dunnage::kernel
