// SPDX-License-Identifier: Apache-2.0
#include "volume/limit_proof.hpp"

#include "kernel/call_error.hpp"
#include "kernel/file_descriptor.hpp"
#include "kernel/files.hpp"
#include "kernel/open_beneath.hpp"

#include <dunnage/error.hpp>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <string>

namespace dunnage::volume {
namespace {

constexpr std::uint64_t kMostTried = 10'000;

VolumeError does_not_hold(const Deed& deed, const std::string& what) {
  return deed_failure(deed, fmt::format("the limit does not hold: {} was allowed", what),
                      make_error_code(errc::not_supported), "use another file system for the store, or no limit");
}

void prove_size(const Deed& deed, int data, std::uint64_t size) {
  const auto file = kernel::open_beneath(data, ".", O_TMPFILE | O_RDWR, S_IRUSR | S_IWUSR, kernel::Crossing::Allowed);
  if (!file) {
    throw kernel::CallError{"open a file to try the limit", errno};
  }
  const int number = kernel::allocate(file.get(), size + 1);
  (void)::ftruncate(file.get(), 0);  // it goes with its descriptor anyway
  if (number == 0) {
    throw does_not_hold(deed, fmt::format("allocating {} bytes", size + 1));
  }
  if (number != ENOSPC && number != EDQUOT) {
    throw kernel::CallError{"allocate space to try the limit", number};
  }
}

/// \return whether so many were refused
bool refuses_inodes(int directory, std::uint64_t inodes) {
  std::uint64_t made = 0;
  int number = 0;
  while (made <= inodes && number == 0) {
    number = ::mknodat(directory, std::to_string(made).c_str(), S_IFREG | S_IRUSR, 0) == 0 ? 0 : errno;
    made += number == 0 ? 1 : 0;
  }
  for (std::uint64_t file = 0; file < made; ++file) {
    if (::unlinkat(directory, std::to_string(file).c_str(), 0) != 0) {
      throw kernel::CallError{"delete what tried the limit", errno};
    }
  }
  if (number != 0 && number != ENOSPC && number != EDQUOT) {
    throw kernel::CallError{"make files to try the limit", number};
  }
  return number != 0;
}

void prove_inodes(const Deed& deed, int data, std::uint64_t inodes) {
  struct statvfs system {};
  if (::fstatvfs(data, &system) != 0) {
    throw kernel::CallError{"statfs", errno};
  }
  if (system.f_ffree > inodes) {
    throw does_not_hold(deed, fmt::format("making {} files", system.f_ffree));
  }
  if (inodes <= kMostTried && !refuses_inodes(data, inodes)) {
    throw does_not_hold(deed, fmt::format("making {} files", inodes + 1));
  }
}

}  // namespace

void prove_limit(const Deed& deed, int data, const VolumeLimit& limit) {
  const auto top = kernel::require_readable(data);
  if (limit.size != 0) {
    prove_size(deed, top.get(), limit.size);
  }
  if (limit.inodes != 0) {
    prove_inodes(deed, top.get(), limit.inodes);
  }
}

}  // namespace dunnage::volume
