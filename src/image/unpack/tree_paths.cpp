// SPDX-License-Identifier: Apache-2.0
#include "image/unpack/tree_paths.hpp"

#include "error/printable.hpp"
#include "image/failure.hpp"
#include "image/unpack/entry_name.hpp"
#include "kernel/call_error.hpp"
#include "kernel/open_beneath.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <utility>

namespace dunnage::image {
namespace {

constexpr unsigned kMostLinksOfPath = 40;  // as the kernel has it

/// Puts the components of `path` on top of `left`, the first one uppermost.
void push_components(std::string_view path, std::vector<std::string>& left) {
  const std::size_t below = left.size();
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    if (end > 0 && path.substr(0, end) != ".") {
      left.emplace_back(path.substr(0, end));
    }
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  std::reverse(left.begin() + static_cast<std::ptrdiff_t>(below), left.end());
}

std::string target_of(int link) {
  std::array<char, PATH_MAX> buffer;
  const ssize_t size = ::readlinkat(link, "", buffer.data(), buffer.size());
  if (size < 0) {
    throw kernel::CallError{"readlink", errno};
  }
  return {buffer.data(), static_cast<std::size_t>(size)};
}

Fault in_the_way(const std::string& name, const char* what) {
  return malformed(fmt::format("\"{}\" is {}, and something shall be in it", error::printable(name), what));
}

}  // namespace

bool is_whiteout(const struct stat& status) noexcept { return S_ISCHR(status.st_mode) && status.st_rdev == 0; }

TreePaths::TreePaths(int tree, unsigned deepest, MakeMissing make)
    : tree_{tree}, deepest_{deepest}, make_{std::move(make)} {}

std::shared_ptr<const Place> TreePaths::find(std::string_view name, PathRules rules) {
  for (const Known& known : known_) {
    if (known.place && known.name == name && (rules.follow || known.place->name == name)) {
      return known.place;
    }
  }
  std::shared_ptr<const Place> place = open(std::string{name});
  if (!place) {
    place = open(walk(name, rules));
    if (!place) {
      throw kernel::CallError{"open directory", errno};
    }
  }
  known_.at(oldest_) = {std::string{name}, place};
  oldest_ = (oldest_ + 1) % known_.size();
  return place;
}

void TreePaths::forget() noexcept {
  for (Known& known : known_) {
    known.place.reset();
  }
}

/// \return null if there is no such directory, or a link is on the way
std::shared_ptr<const Place> TreePaths::open(std::string name) const {
  auto directory = kernel::open_beneath(tree_, name.empty() ? "." : name.c_str(), O_PATH | O_DIRECTORY);
  if (!directory && errno != ENOENT && errno != ENOTDIR && errno != ELOOP) {
    throw kernel::CallError{"open directory", errno};
  }
  return directory ? std::make_shared<const Place>(Place{std::move(directory), std::move(name)}) : nullptr;
}

/// Component by component. Nobody else writes to the tree, so what was seen of a component is still so afterwards; and
/// every call refuses links on its way.
std::string TreePaths::walk(std::string_view name, PathRules rules) {
  std::string real;
  std::vector<std::string> left;
  links_ = 0;
  push_components(name, left);
  while (!left.empty()) {
    const std::string component = std::move(left.back());
    left.pop_back();
    if (component == "..") {
      real = split_name(real).directory;
    } else {
      step(real, component, left, rules);
    }
  }
  if (!real.empty() && std::count(real.begin(), real.end(), '/') + 2 > std::ptrdiff_t{deepest_}) {
    throw Fault{errc::limit_exceeded, fmt::format("links lead more than {} directories deep", deepest_),
                "raise ImageLimits::depth if it can be trusted"};
  }
  return real;
}

void TreePaths::step(std::string& real, const std::string& component, std::vector<std::string>& left, PathRules rules) {
  std::string next = join_name(real, component);
  const auto found = kernel::open_beneath(tree_, next, O_PATH | O_NOFOLLOW);
  struct stat status {};
  if (found && ::fstat(found.get(), &status) != 0) {
    throw kernel::CallError{"stat", errno};
  }
  if (!found && errno == ENAMETOOLONG) {
    throw malformed(
        fmt::format("its links lead to a name that is too long, by way of \"{}\"", error::printable(component)));
  }
  if (!found && errno != ENOENT) {
    throw kernel::CallError{"open", errno};
  }
  if (found && S_ISLNK(status.st_mode)) {
    if (!rules.follow) {
      throw in_the_way(next, "a link");
    }
    if (++links_ > kMostLinksOfPath) {
      throw malformed(fmt::format("\"{}\" leads from link to link without an end", error::printable(next)));
    }
    const std::string target = target_of(found.get());
    real = target.front() == '/' ? std::string{} : real;
    push_components(target, left);
    return;
  }
  const bool whiteout = found && is_whiteout(status);
  if (found && !whiteout && !S_ISDIR(status.st_mode)) {
    throw in_the_way(next, "not a directory");
  }
  if (!found || whiteout) {
    if (!rules.make) {
      throw malformed(fmt::format("\"{}\" is not there", error::printable(next)));
    }
    make(real, component, whiteout);
  }
  real = std::move(next);
}

void TreePaths::make(const std::string& parent, const std::string& leaf, bool over_whiteout) {
  const auto place = open(parent);
  if (!place) {
    throw kernel::CallError{"open directory", errno};
  }
  make_(place->directory.get(), parent, leaf, over_whiteout);
}

}  // namespace dunnage::image
