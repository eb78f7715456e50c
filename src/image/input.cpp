// SPDX-License-Identifier: Apache-2.0
#include "image/input.hpp"

#include "image/failure.hpp"
#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "volume/private_directory.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <vector>

namespace dunnage::image {
namespace {

constexpr std::size_t kSpoolChunk = std::size_t{256} << 10U;

mode_t kind_of(int fd) {
  const struct stat status = kernel::status_of(fd);
  return status.st_mode & S_IFMT;
}

}  // namespace

kernel::FileDescriptor open_input(const std::filesystem::path& path) {
  kernel::FileDescriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)};
  if (!file && errno != ENXIO) {  // a socket in the file system
    throw kernel::CallError{"open", errno};
  }
  const mode_t kind = file ? kind_of(file.get()) : S_IFSOCK;
  if (kind != S_IFREG && kind != S_IFDIR && kind != S_IFIFO) {
    throw malformed("it is neither a file nor a directory");
  }
  return file;
}

void read_input(int fd, std::uint64_t limit, Watching& watching, const std::string& subject,
                const std::function<void(std::string_view)>& take) {
  std::vector<char> buffer(kSpoolChunk);
  std::uint64_t done = 0;
  while (true) {
    wait_ready(fd, POLLIN, watching);
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) {
      continue;
    }
    if (got < 0) {
      throw kernel::CallError{"read", errno};
    }
    if (got == 0) {
      return;
    }
    done += static_cast<std::uint64_t>(got);
    if (done > limit) {
      throw Fault{errc::limit_exceeded, fmt::format("it has more than {} bytes", limit),
                  "raise ImageLimits::bytes if it can be trusted"};
    }
    take({buffer.data(), static_cast<std::size_t>(got)});
    watching.at(subject, done, 0);
  }
}

Spooled::Spooled(int fd, int directory, std::uint64_t limit, Watching& watching, const std::string& subject) : fd_{fd} {
  const mode_t kind = kind_of(fd);
  if (kind == S_IFREG && ::lseek(fd, 0, SEEK_CUR) == 0) {
    return;
  }
  if (kind != S_IFREG && kind != S_IFIFO && kind != S_IFSOCK) {
    throw malformed("it is neither a file nor a pipe");
  }
  copy_ = kernel::create_file(directory, "spool", volume::kPrivateFile);
  if (!copy_) {
    throw kernel::CallError{"create file", EEXIST};
  }
  read_input(fd, limit, watching, subject, [&](std::string_view block) { kernel::write_all(copy_.get(), block); });
}

}  // namespace dunnage::image
