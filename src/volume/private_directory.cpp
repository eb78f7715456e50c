// SPDX-License-Identifier: Apache-2.0
#include "volume/private_directory.hpp"

#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "kernel/open_beneath.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace dunnage::volume {

VolumeError unusable(const std::filesystem::path& path, std::string cause, std::string remedy) {
  return VolumeError{{.stage = dunnage::Stage::Store,
                      .operation = "open store",
                      .subject = path.string(),
                      .detail = "",
                      .cause = std::move(cause),
                      .code = errc::store_unusable,
                      .remedy = std::move(remedy)}};
}

void check_private(int fd, const std::filesystem::path& path) {
  const struct stat status = kernel::status_of(fd);
  check_private(status, path);
}

void check_private(const struct stat& status, const std::filesystem::path& path) {
  if (S_ISLNK(status.st_mode)) {
    throw unusable(path, "it is a symbolic link", "name the directory it leads to");
  }
  if (!S_ISDIR(status.st_mode)) {
    throw unusable(path, "it is not a directory", "choose another place with DUNNAGE_STORE");
  }
  if (status.st_uid != ::geteuid()) {
    throw unusable(path, fmt::format("it belongs to user {}, this process runs as {}", status.st_uid, ::geteuid()),
                   "run as its owner, or choose another place with DUNNAGE_STORE");
  }
  const mode_t mode = status.st_mode & 0777U;
  if (mode != kPrivateDirectory) {
    throw unusable(path, fmt::format("its mode is {:04o}, which is not private", mode),
                   fmt::format("chmod 700 \"{}\", or choose another place with DUNNAGE_STORE", path.string()));
  }
}

kernel::FileDescriptor open_private(int parent, const char* name, const std::filesystem::path& path) {
  kernel::FileDescriptor part = kernel::open_beneath(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (part) {
    check_private(part.get(), path);
    return part;
  }
  if (errno == ELOOP || errno == ENOTDIR) {
    throw unusable(path, "it is not a directory", "put the directory back, or remove what is there");
  }
  if (errno != ENOENT) {
    throw kernel::CallError{"open directory", errno};
  }
  return part;
}

}  // namespace dunnage::volume
