// SPDX-License-Identifier: Apache-2.0
#include "launch/accounts.hpp"

#include "container/running.hpp"
#include "kernel/calls.hpp"
#include "kernel/descriptor_path.hpp"
#include "kernel/file_descriptor.hpp"
#include "volume/failure.hpp"

#include <dunnage/error.hpp>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <string>
#include <system_error>

namespace dunnage::launch {
namespace {

constexpr std::size_t kMostAccountBytes = std::size_t{4} << 20U;

LaunchError unread(const char* path, const std::string& cause, int number, const std::string& remedy) {
  return LaunchError{{.stage = Stage::Launch,
                      .operation = "read the accounts of the root file system",
                      .subject = std::string{"/"} + path,
                      .detail = {},
                      .cause = cause,
                      .code = {number, std::system_category()},
                      .remedy = remedy}};
}

/// Whether that says of a file that it is not there, or nothing for this user.
bool says_none(int number) noexcept {
  return number == ENOENT || number == ENOTDIR || number == ELOOP || number == EACCES || number == EPERM;
}

/// The file belongs to an image: links are followed inside the root only, and nothing but a regular file of a bounded
/// size is opened and read. A part of it could give a user another id, so it is all or an error. \return empty when
/// there is none
std::string read_inside(int root, const char* path) {
  const kernel::FileDescriptor found{kernel::open_at2(root, path, O_PATH, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS)};
  if (!found && !says_none(-found.get())) {
    throw unread(path, "open", -found.get(), volume::remedy_for(-found.get()));
  }
  struct stat status {};
  if (!found || ::fstat(found.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return {};
  }
  const kernel::FileDescriptor file{
      ::open(kernel::DescriptorPath{found.get()}.text, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)};
  if (!file) {
    const int number = errno;
    if (!says_none(number)) {
      throw unread(path, "open", number, volume::remedy_for(number));
    }
    return {};
  }
  std::string content;
  std::string buffer(std::size_t{64} << 10U, '\0');
  ssize_t size = 0;
  while ((size = ::read(file.get(), buffer.data(), buffer.size())) > 0) {
    content.append(buffer, 0, static_cast<std::size_t>(size));
    if (content.size() > kMostAccountBytes) {
      throw unread(path, "it is larger than 4 MiB", EFBIG, "take out accounts that nothing there uses");
    }
  }
  if (size < 0) {
    throw unread(path, "read", errno, "repair the root file system");
  }
  return content;
}

/// Whether the process has not ended: its number is its own as long as that is so.
bool runs(int process) noexcept {
  pollfd item{process, POLLIN, 0};
  return ::poll(&item, 1, 0) == 0;
}

}  // namespace

Accounts read_accounts_in(int root) { return {read_inside(root, "etc/passwd"), read_inside(root, "etc/group")}; }

Accounts read_accounts_of(int process, const std::string& subject) {
  const std::string path = "/proc/" + std::to_string(container::pid_of(process)) + "/root";
  const kernel::FileDescriptor root{::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
  const int number = errno;
  if (!root || !runs(process)) {
    throw LaunchError{
        {.stage = Stage::Launch,
         .operation = "look up the user in container",
         .subject = subject,
         .detail = {},
         .cause = root ? "" : "open its root through /proc",
         .code = root ? make_error_code(errc::not_running) : std::error_code{number, std::system_category()},
         .remedy = root ? "launch it again" : "give the user and the group as numbers"}};
  }
  return read_accounts_in(root.get());
}

}  // namespace dunnage::launch
