// SPDX-License-Identifier: Apache-2.0
#include "prepare/exclude.hpp"

#include "kernel/call_error.hpp"
#include "launcher/walk.hpp"
#include "model/path_pattern.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <exception>
#include <memory>

namespace dunnage::prepare {
namespace {

constexpr std::size_t kMostExcluded = 4096;

kernel::FileDescriptor copy_of(int fd) {
  kernel::FileDescriptor copy{::fcntl(fd, F_DUPFD_CLOEXEC, 3)};
  if (!copy) {
    throw kernel::CallError{"keep a descriptor of what is excluded", errno};
  }
  return copy;
}

}  // namespace

Excluded find_excluded(int mount, const std::vector<std::string>& patterns) {
  std::vector<model::PathNames> wanted;
  std::transform(patterns.begin(), patterns.end(), std::back_inserter(wanted),
                 [](const std::string& pattern) { return model::path_names(pattern); });
  Excluded excluded;
  std::exception_ptr failure;
  const auto visit = [&](const launcher::WalkEntry& entry, launcher::Visit& answer) -> long {
    const unsigned kind = entry.status.stx_mode & static_cast<unsigned>(S_IFMT);
    try {
      const auto names = model::path_names(entry.path);
      const bool hidden = std::any_of(wanted.begin(), wanted.end(),
                                      [&](const auto& pattern) { return model::pattern_means(pattern, names); });
      if (!hidden ||
          kind == S_IFLNK) {  // a link is no place for a mount, and shows nothing that is not shown elsewhere
        return 0;
      }
      answer = launcher::Visit::Pass;
      if (excluded.paths.size() == kMostExcluded) {
        return -EMFILE;
      }
      excluded.paths.emplace_back(entry.path);
      excluded.descriptors.push_back(copy_of(entry.fd));
    } catch (...) {
      failure = std::current_exception();
      return -ECANCELED;
    }
    return 0;
  };
  const auto walk = std::make_unique<launcher::Walk>(true);
  const long result = walk->run(mount, visit);
  if (failure) {
    std::rethrow_exception(failure);
  }
  if (result < 0) {
    throw kernel::CallError{"look for what is excluded", static_cast<int>(-result)};
  }
  return excluded;
}

}  // namespace dunnage::prepare
