// SPDX-License-Identifier: Apache-2.0
#include "prepare/create_source.hpp"

#include "kernel/file_descriptor.hpp"
#include "kernel/files.hpp"
#include "prepare/failure.hpp"

#include <boost/filesystem/operations.hpp>
#include <boost/filesystem/path.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace dunnage::prepare {
namespace {

MountError failed(const ResolvedMount& mount, const char* what, int number) {
  return prepare_error(mount, what, number, "create it yourself, or choose a place this user can write to");
}

/// By descriptor: the name may lead elsewhere by now.
void give_mode_and_owner(const ResolvedMount& mount, const char* path) {
  const kernel::FileDescriptor made{::open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
  if (!made) {
    throw failed(mount, "create the source directory", errno);
  }
  constexpr uid_t kAsItIs = static_cast<uid_t>(-1);
  if ((mount.create_uid || mount.create_gid) && ::fchownat(made.get(), "", mount.create_uid.value_or(kAsItIs),
                                                           mount.create_gid.value_or(kAsItIs), AT_EMPTY_PATH) != 0) {
    throw prepare_error(mount, "give the source directory its owner", errno,
                        "leave out create_uid and create_gid, or launch as root");
  }
  if (const int number = kernel::set_mode(made.get(), mount.create_mode); number != 0) {
    throw failed(mount, "give the source directory its mode", number);
  }
}

}  // namespace

void create_source(const ResolvedMount& mount, std::vector<std::filesystem::path>& created) {
  const boost::filesystem::path whole{mount.source.string()};
  boost::filesystem::path path;
  for (const auto& part : whole) {
    path /= part;
    boost::system::error_code failure;
    if (boost::filesystem::create_directory(path, failure)) {
      created.emplace_back(path.string());
      if (path == whole) {
        give_mode_and_owner(mount, path.c_str());
      }
    } else if (failure) {
      throw failed(mount, "create the source directory", failure.value());
    }
  }
}

}  // namespace dunnage::prepare
