// SPDX-License-Identifier: Apache-2.0
#include "kernel/reflink.hpp"

#include "kernel/call_error.hpp"
#include "kernel/file_descriptor.hpp"
#include "kernel/files.hpp"
#include "kernel/open_beneath.hpp"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <cerrno>

namespace dunnage::kernel {
namespace {

FileDescriptor open_nameless(int directory) {
  return open_beneath(directory, ".", O_TMPFILE | O_RDWR, S_IRUSR | S_IWUSR);
}

bool is_out_of_something(int number) noexcept {
  return number == ENOSPC || number == EDQUOT || number == EMFILE || number == ENFILE || number == ENOMEM ||
         number == EIO;
}

}  // namespace

bool can_reflink(int directory) {
  const FileDescriptor from = open_nameless(directory);
  const FileDescriptor to = from ? open_nameless(directory) : FileDescriptor{};
  if (to) {
    write_all(from.get(), "reflink");
  }
  if (to && ::ioctl(to.get(), FICLONE, from.get()) == 0) {
    return true;
  }
  if (is_out_of_something(errno)) {
    throw CallError{"try a reflink", errno};
  }
  return false;
}

}  // namespace dunnage::kernel
