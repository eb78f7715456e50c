// SPDX-License-Identifier: Apache-2.0
#include "plan/host_path.hpp"

#include "kernel/descriptor_path.hpp"
#include "kernel/timed_call.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstddef>
#include <utility>

namespace dunnage::plan {

/// The kernel knows the way to what is open. Walking it again would be to ask again.
HostPath follow_host_path(const std::string& path) {
  HostPath found;
  const std::string whole = path.starts_with('/') ? path : "/" + path;
  const int opened = kernel::open_in_time(AT_FDCWD, whole.c_str(), O_PATH, 0);
  if (opened < 0) {
    found.number = -opened;
    return found;
  }
  found.opened.reset(opened);
  std::string way(PATH_MAX, '\0');
  const ssize_t size = ::readlink(kernel::DescriptorPath{opened}.text, way.data(), way.size());
  if (size < 0) {
    found.number = errno;
    return found;
  }
  way.resize(static_cast<std::size_t>(size));
  found.path = std::move(way);
  return found;
}

}  // namespace dunnage::plan
