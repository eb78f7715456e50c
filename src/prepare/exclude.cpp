// SPDX-License-Identifier: Apache-2.0
#include "prepare/exclude.hpp"

#include "kernel/call_error.hpp"
#include "launcher/walk.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <exception>
#include <memory>

namespace dunnage::prepare {
namespace {

constexpr std::size_t kMostExcluded = 4096;

/// One name; the usual two-pointer way, whose cost is the product of the lengths at worst.
bool name_matches(std::string_view pattern, std::string_view name) {
  std::size_t at = 0;
  std::size_t seen = 0;
  std::size_t star = std::string_view::npos;
  std::size_t resume = 0;
  while (seen < name.size()) {
    if (at < pattern.size() && (pattern[at] == '?' || (pattern[at] == name[seen] && pattern[at] != '*'))) {
      ++at;
      ++seen;
    } else if (at < pattern.size() && pattern[at] == '*') {
      star = at++;
      resume = seen;
    } else if (star != std::string_view::npos) {
      at = star + 1;
      seen = ++resume;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', at) == std::string_view::npos;
}

std::vector<std::string_view> names_of(std::string_view path) {
  std::vector<std::string_view> names;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    if (const auto name = path.substr(0, end); !name.empty() && name != ".") {
      names.push_back(name);
    }
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return names;
}

bool names_match(const std::vector<std::string_view>& pattern, const std::vector<std::string_view>& names) {
  // reached[n]: the part of the pattern so far means the first n names
  std::vector<bool> reached(names.size() + 1, false);
  reached[0] = true;
  for (const std::string_view part : pattern) {
    std::vector<bool> next(names.size() + 1, false);
    for (std::size_t count = 0; count <= names.size(); ++count) {
      if (part == "**") {
        next[count] = reached[count] || (count > 0 && next[count - 1]);
      } else {
        next[count] = count > 0 && reached[count - 1] && name_matches(part, names[count - 1]);
      }
    }
    reached = std::move(next);
  }
  return reached[names.size()];
}

kernel::FileDescriptor copy_of(int fd) {
  kernel::FileDescriptor copy{::fcntl(fd, F_DUPFD_CLOEXEC, 3)};
  if (!copy) {
    throw kernel::CallError{"keep a descriptor of what is excluded", errno};
  }
  return copy;
}

}  // namespace

bool matches(std::string_view pattern, std::string_view path) { return names_match(names_of(pattern), names_of(path)); }

Excluded find_excluded(int mount, const std::vector<std::string>& patterns) {
  std::vector<std::vector<std::string_view>> wanted;
  std::transform(patterns.begin(), patterns.end(), std::back_inserter(wanted),
                 [](const std::string& pattern) { return names_of(pattern); });
  Excluded excluded;
  std::exception_ptr failure;
  const auto visit = [&](const launcher::WalkEntry& entry, launcher::Visit& answer) -> long {
    const unsigned kind = entry.status.stx_mode & static_cast<unsigned>(S_IFMT);
    try {
      const auto names = names_of(entry.path);
      const bool hidden =
          std::any_of(wanted.begin(), wanted.end(), [&](const auto& pattern) { return names_match(pattern, names); });
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
