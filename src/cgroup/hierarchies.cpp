// SPDX-License-Identifier: Apache-2.0
#include "cgroup/hierarchies.hpp"

#include "cgroup/mounted.hpp"
#include "error/reason.hpp"
#include "kernel/files.hpp"
#include "launcher/fields.hpp"
#include "launcher/protocol.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <mutex>
#include <optional>
#include <utility>

namespace dunnage::cgroup {
namespace {

constexpr std::size_t kMostFileBytes = std::size_t{16} << 20U;

struct Name {
  Controllers controller;
  std::string_view first;   ///< in version 1
  std::string_view second;  ///< in version 2
};
constexpr Name kNames[] = {{kMemory, "memory", "memory"},   {kPids, "pids", "pids"},       {kCpu, "cpu", "cpu"},
                           {kCpuAccounting, "cpuacct", ""}, {kCpuset, "cpuset", "cpuset"}, {kIo, "blkio", "io"}};

unsigned controllers_in(const std::vector<std::string>& words, bool unified) {
  unsigned found = 0;
  for (const Name& name : kNames) {
    const std::string_view word = unified ? name.second : name.first;
    found |= !word.empty() && std::ranges::find(words, word) != words.end() ? name.controller : 0U;
  }
  return found;
}

std::vector<std::string> read_words(int directory, const char* file) {
  std::string buffer;
  const auto [text, number] = kernel::read_small_file(directory, file, buffer, kMostFileBytes);
  std::vector<std::string> words;
  if (number == 0) {
    for (const std::string_view line : launcher::fields_of(text, '\n')) {
      for (const std::string_view word : launcher::fields_of(line, ' ')) {
        words.emplace_back(word);
      }
    }
  }
  return words;
}

/// What lies at `path` in the tree, seen through the mount; nothing if the mount does not show it.
std::optional<std::string> path_in(const MountedTree& tree, const std::string& path) {
  const std::string root = tree.root == "/" ? "" : tree.root;
  if (!path.starts_with(root) || (path.size() > root.size() && path[root.size()] != '/') ||
      path.find("/..") != std::string::npos) {
    return std::nullopt;
  }
  const std::string rest = path.substr(root.size());
  return rest == "/" ? "" : rest;
}

bool may_write(int directory, const char* name, int& error) {
  const bool may = ::faccessat(directory, name, W_OK, AT_EACCESS) == 0;
  error = may ? error : errno;
  return may;
}

std::string refused(const std::string& place, int error) {
  return place + " cannot be written to: " + error::errno_reason(error);
}

/// Of version 1: the cgroup this process is in.
void open_own(Hierarchy& hierarchy, const std::string& place) {
  int error = 0;
  hierarchy.place = place;
  kernel::FileDescriptor directory{::open(place.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
  if (!directory) {
    hierarchy.reason = place + " cannot be opened: " + error::errno_reason(errno);
  } else if (!may_write(directory.get(), ".", error)) {
    hierarchy.reason = refused(place, error);
  } else {
    hierarchy.base = std::move(directory);
  }
}

/// The controllers a cgroup of version 2 gives its children, or would if it was told to.
unsigned offered_by(int directory) {
  const unsigned given = controllers_in(read_words(directory, "cgroup.subtree_control"), true);
  const bool root =
      ::faccessat(directory, "cgroup.type", F_OK, 0) != 0;  // which alone has none, and may hold processes
  std::string buffer;
  const auto [processes, number] = kernel::read_small_file(directory, "cgroup.procs", buffer, kMostFileBytes);
  int error = 0;
  const bool can_give =
      (root || (number == 0 && processes.empty())) && may_write(directory, "cgroup.subtree_control", error);
  return can_give ? given | controllers_in(read_words(directory, "cgroup.controllers"), true) : given;
}

/// Of version 2: the nearest cgroup whose children can have controllers.
void open_nearest(Hierarchy& hierarchy, const std::string& top, std::string below) {
  std::string reason;
  for (;;) {
    const std::string place = top + below;
    int error = 0;
    kernel::FileDescriptor directory{::open(place.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
    if (!directory) {
      reason = place + " cannot be opened: " + error::errno_reason(errno);
    } else if (!may_write(directory.get(), ".", error) || !may_write(directory.get(), "cgroup.procs", error)) {
      reason = reason.empty() ? refused(place, error) : reason;
    } else if (const unsigned offered = offered_by(directory.get()); offered != 0) {
      hierarchy.controllers = offered;
      hierarchy.base = std::move(directory);
      hierarchy.place = place;
      return;
    }
    if (below.empty()) {
      break;
    }
    below.resize(below.rfind('/'));
  }
  hierarchy.place = top;
  hierarchy.reason = reason.empty() ? "no cgroup above this process gives controllers to its children" : reason;
}

std::optional<Hierarchy> hierarchy_of(const MountedTree& tree, const std::vector<Membership>& own) {
  for (const Membership& member : own) {
    if (member.unified != tree.unified ||
        (!tree.unified && controllers_in(member.controllers, false) != controllers_in(tree.controllers, false))) {
      continue;
    }
    const auto below = path_in(tree, member.path);
    if (!below) {
      return std::nullopt;
    }
    Hierarchy hierarchy;
    hierarchy.unified = tree.unified;
    if (tree.unified) {
      const kernel::FileDescriptor top{::open(tree.path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
      hierarchy.controllers = top ? controllers_in(read_words(top.get(), "cgroup.controllers"), true) : 0U;
      if (hierarchy.controllers != 0) {
        open_nearest(hierarchy, tree.path, *below);
      }
    } else {
      hierarchy.controllers = controllers_in(tree.controllers, false);
      if (hierarchy.controllers != 0) {
        open_own(hierarchy, tree.path + *below);
      }
    }
    return hierarchy;
  }
  return std::nullopt;
}

std::vector<Hierarchy> find() {
  std::string mounts;
  std::string cgroups;
  const auto mountinfo = kernel::read_host_file("/proc/self/mountinfo", mounts, kMostFileBytes);
  const auto membership = kernel::read_host_file("/proc/self/cgroup", cgroups, kMostFileBytes);
  std::vector<Hierarchy> all;
  unsigned known = 0;
  for (const MountedTree& tree : mounted_trees(mountinfo.text)) {
    auto found = hierarchy_of(tree, memberships(membership.text));
    // a tree may be mounted twice; the first that can be used counts
    if (found && (found->controllers & ~known) != 0 && all.size() < launcher::kMostHierarchies) {
      found->number = static_cast<std::uint32_t>(all.size());
      known |= found->controllers;
      all.push_back(std::move(*found));
    }
  }
  return all;
}

}  // namespace

std::string_view name_of(Controllers controller, bool unified) noexcept {
  for (const Name& name : kNames) {
    if (name.controller == controller) {
      return unified ? name.second : name.first;
    }
  }
  return {};
}

std::string words_of(unsigned controllers) {
  std::string words;
  for (const Name& name : kNames) {
    if ((controllers & name.controller) != 0 && !name.second.empty()) {
      words += words.empty() ? "+" : " +";
      words += name.second;
    }
  }
  return words;
}

const Hierarchy* Hierarchies::of(Controllers controller) const noexcept {
  for (const Hierarchy& hierarchy : all_) {
    if ((hierarchy.controllers & controller) != 0) {
      return &hierarchy;
    }
  }
  return nullptr;
}

std::shared_ptr<const Hierarchies> Hierarchies::get() {
  struct Kept {
    pid_t owner = ::getpid();
    std::once_flag once;
    std::shared_ptr<const Hierarchies> found;
  };
  static std::atomic<Kept*> current{nullptr};
  Kept* kept = current.load();
  if (kept == nullptr || kept->owner != ::getpid()) {  // a copy of another process's mutex may be held for ever
    auto* fresh = new Kept;
    if (current.compare_exchange_strong(kept, fresh)) {
      kept = fresh;
    } else {
      delete fresh;
    }
  }
  std::call_once(kept->once, [&] {
    auto found = std::make_shared<Hierarchies>();
    found->all_ = find();
    kept->found = std::move(found);
  });
  return kept->found;
}

}  // namespace dunnage::cgroup
