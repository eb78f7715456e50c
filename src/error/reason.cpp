// SPDX-License-Identifier: Apache-2.0
#include "error/reason.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>

namespace dunnage::error {
namespace {

struct Word {
  int number;
  std::string_view name;
  std::string_view reason;
};

constexpr std::array kWords{
    Word{EPERM, "EPERM", "operation not permitted"},
    Word{ENOENT, "ENOENT", "no such file or directory"},
    Word{ESRCH, "ESRCH", "no such process"},
    Word{EINTR, "EINTR", "interrupted"},
    Word{EIO, "EIO", "input/output error"},
    Word{ENXIO, "ENXIO", "no such device or address"},
    Word{E2BIG, "E2BIG", "argument list too long"},
    Word{ENOEXEC, "ENOEXEC", "not an executable format"},
    Word{EBADF, "EBADF", "bad file descriptor"},
    Word{ECHILD, "ECHILD", "no child process"},
    Word{EAGAIN, "EAGAIN", "resource temporarily unavailable"},
    Word{ENOMEM, "ENOMEM", "out of memory"},
    Word{EACCES, "EACCES", "permission denied"},
    Word{EFAULT, "EFAULT", "bad address"},
    Word{ENOTBLK, "ENOTBLK", "block device required"},
    Word{EBUSY, "EBUSY", "device or resource busy"},
    Word{EEXIST, "EEXIST", "file exists"},
    Word{EXDEV, "EXDEV", "leads across a file system"},
    Word{ENODEV, "ENODEV", "no such device"},
    Word{ENOTDIR, "ENOTDIR", "not a directory"},
    Word{EISDIR, "EISDIR", "is a directory"},
    Word{EINVAL, "EINVAL", "invalid argument"},
    Word{ENFILE, "ENFILE", "too many open files in the system"},
    Word{EMFILE, "EMFILE", "too many open files"},
    Word{ENOTTY, "ENOTTY", "not a terminal"},
    Word{ETXTBSY, "ETXTBSY", "program file busy"},
    Word{EFBIG, "EFBIG", "file too large"},
    Word{ENOSPC, "ENOSPC", "no space left on device"},
    Word{ENOLCK, "ENOLCK", "no locks available"},
    Word{ESPIPE, "ESPIPE", "illegal seek"},
    Word{EROFS, "EROFS", "read-only file system"},
    Word{EMLINK, "EMLINK", "too many links"},
    Word{EPIPE, "EPIPE", "broken pipe"},
    Word{ERANGE, "ERANGE", "out of range"},
    Word{EDEADLK, "EDEADLK", "deadlock"},
    Word{ENAMETOOLONG, "ENAMETOOLONG", "file name too long"},
    Word{ENOSYS, "ENOSYS", "this kernel does not have the call"},
    Word{ENOTEMPTY, "ENOTEMPTY", "directory not empty"},
    Word{ELOOP, "ELOOP", "too many symbolic links"},
    Word{ENODATA, "ENODATA", "no data"},
    Word{EPROTO, "EPROTO", "protocol error"},
    Word{EBADMSG, "EBADMSG", "bad message"},
    Word{EOVERFLOW, "EOVERFLOW", "value too large"},
    Word{EUSERS, "EUSERS", "too many nested namespaces"},
    Word{ENOTSOCK, "ENOTSOCK", "not a socket"},
    Word{EMSGSIZE, "EMSGSIZE", "message too long"},
    Word{EOPNOTSUPP, "EOPNOTSUPP", "operation not supported"},
    Word{EADDRINUSE, "EADDRINUSE", "address in use"},
    Word{ENOBUFS, "ENOBUFS", "no buffer space"},
    Word{ETIMEDOUT, "ETIMEDOUT", "timed out"},
    Word{ECONNREFUSED, "ECONNREFUSED", "connection refused"},
    Word{ECONNRESET, "ECONNRESET", "connection reset"},
    Word{ESTALE, "ESTALE", "no longer what it was"},
    Word{EDQUOT, "EDQUOT", "quota exceeded"},
    Word{ECANCELED, "ECANCELED", "canceled"},
    Word{EKEYREJECTED, "EKEYREJECTED", "key rejected"},
};

const Word* find_word(int number) noexcept {
  for (const Word& word : kWords) {
    if (word.number == number) {
      return &word;
    }
  }
  return nullptr;
}

}  // namespace

std::string errno_name(int number) {
  const Word* word = find_word(number);
  return word != nullptr ? std::string{word->name} : fmt::format("errno {}", number);
}

std::string errno_reason(int number) {
  const Word* word = find_word(number);
  return word != nullptr ? std::string{word->reason} : fmt::format("unknown error {}", number);
}

}  // namespace dunnage::error
