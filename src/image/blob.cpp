// SPDX-License-Identifier: Apache-2.0
#include "image/blob.hpp"

#include "error/printable.hpp"
#include "image/failure.hpp"
#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "kernel/open_beneath.hpp"
#include "volume/private_directory.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace dunnage::image {
namespace {

Fault not_there(const std::string& digest) {
  return Fault{errc::image_invalid, fmt::format("its blob {} is not there", digest), "load or pull the image again"};
}

Fault too_large(const std::string& name) {
  return Fault{errc::limit_exceeded,
               fmt::format("\"{}\" has more than {} MiB", error::printable(name), kMaxDocumentBytes >> 20U),
               "make an image with smaller metadata"};
}

std::uint64_t size_of(int fd) {
  const struct stat status = kernel::status_of(fd);
  return static_cast<std::uint64_t>(status.st_size);
}

}  // namespace

kernel::FileDescriptor open_regular(int directory, const std::string& name) {
  kernel::FileDescriptor file = kernel::open_beneath(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0,
                                                     kernel::Crossing::Allowed);
  if (!file && (errno == ENOENT || errno == ENOTDIR)) {
    return file;
  }
  if (!file && errno != ELOOP && errno != EXDEV && errno != ENXIO) {  // a link, and one that leads out; a socket
    throw kernel::CallError{"open", errno};
  }
  struct stat status {};
  if (file && ::fstat(file.get(), &status) != 0) {
    throw kernel::CallError{"stat", errno};
  }
  if (!file || !S_ISREG(status.st_mode)) {
    throw malformed(fmt::format("\"{}\" is not a regular file", error::printable(name)));
  }
  return file;
}

kernel::FileDescriptor open_blob(const Layout& layout, const std::string& digest) {
  auto blob = open_regular(layout.blobs.get(), hex_of(digest));
  if (!blob) {
    throw not_there(digest);
  }
  return blob;
}

bool has_blob(const Layout& layout, const std::string& digest, std::uint64_t size) {
  struct stat status {};
  if (::fstatat(layout.blobs.get(), hex_of(digest).c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) {
      return false;
    }
    throw kernel::CallError{"stat", errno};
  }
  return S_ISREG(status.st_mode) && static_cast<std::uint64_t>(status.st_size) == size;
}

std::string read_document(int fd, const std::string& name) {
  if (size_of(fd) > kMaxDocumentBytes) {
    throw too_large(name);
  }
  std::string text;
  std::array<char, 16384> buffer;
  while (true) {
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      throw kernel::CallError{"read", errno};
    }
    if (got == 0) {
      return text;
    }
    text.append(buffer.data(), static_cast<std::size_t>(got));
    if (text.size() > kMaxDocumentBytes) {
      throw too_large(name);
    }
  }
}

std::string read_document(const Layout& layout, const std::string& digest) {
  std::string text = read_document(open_blob(layout, digest).get(), digest);
  if (digest_of(text) != digest) {
    throw Fault{errc::digest_mismatch, fmt::format("its blob {} was changed on the disk", digest),
                "remove the image, and load or pull it again"};
  }
  return text;
}

Fault wrong_digest(const std::string& expected, const std::string& found) {
  return Fault{errc::digest_mismatch, fmt::format("the content of {} has the digest {}", expected, found),
               "fetch it again; if it stays so, its source is damaged"};
}

BlobWriter::BlobWriter(int directory, std::size_t serial)
    : directory_{directory}, name_{fmt::format("blob.{}", serial)} {
  file_ = kernel::create_file(directory_, name_, volume::kPrivateFile);
  if (!file_) {
    throw kernel::CallError{"create file", EEXIST};
  }
}

void BlobWriter::write(std::string_view data) {
  sum_.add(data);
  kernel::write_all(file_.get(), data);
  size_ += data.size();
}

std::string BlobWriter::finish(const std::string& expected) {
  std::string digest = sum_.digest();
  if (!expected.empty() && digest != expected) {
    throw wrong_digest(expected, digest);
  }
  file_.reset();
  if (::renameat(directory_, name_.c_str(), directory_, hex_of(digest).c_str()) != 0) {
    throw kernel::CallError{"rename", errno};
  }
  return digest;
}

}  // namespace dunnage::image
