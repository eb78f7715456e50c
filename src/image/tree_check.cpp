// SPDX-License-Identifier: Apache-2.0
#include "image/blob_check.hpp"
#include "image/digest.hpp"
#include "image/tree_store.hpp"
#include "kernel/files.hpp"
#include "kernel/lock.hpp"
#include "kernel/open_beneath.hpp"
#include "volume/layout.hpp"
#include "volume/trash.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace dunnage::image {
namespace {

using volume::StoreFault;
using volume::StoreFaults;
using Descriptor = std::shared_ptr<const kernel::FileDescriptor>;

bool is_name_of_tree(const std::string& name) { return name.size() == kHexDigits && is_hex(name); }

/// Empty for a tree that can be used.
std::string problem_of_tree(int owners, const std::string& name, int tree) {
  const auto files = volume::look_at(tree, kTreeName, true);
  if (!files) {
    return "its files are gone";
  }
  if (!files->is_directory()) {
    return fmt::format("its files are {}, not a directory", volume::kind_of(files->status));
  }
  const auto below = read_below(owners, name);
  const bool is_whole = below && std::all_of(below->begin(), below->end(), is_name_of_tree);
  return is_whole ? std::string{} : "what it lies upon cannot be read";
}

std::string remove_tree_if_unused(const Layout& layout, int owners, const std::string& name) {
  const auto tree = kernel::open_beneath(owners, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!tree || problem_of_tree(owners, name, tree.get()).empty()) {
    return {};
  }
  const auto lock = kernel::open_beneath(tree.get(), volume::kLockName, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
  if (lock && !kernel::try_lock(lock.get(), kernel::LockKind::Exclusive)) {
    return {};
  }
  const auto trash = layout.open_trash();
  const auto trashed =
      kernel::is_at(owners, name, tree.get()) ? volume::move_to_trash(owners, name, trash.get()) : std::nullopt;
  if (lock) {
    kernel::unlock(lock.get());
  }
  if (trashed) {
    volume::delete_from_trash(trash.get(), *trashed);
    volume::sweep_trash_of_ids(layout.store.root.get(), launcher::identity_for(0, 0));
  }
  return trashed ? "it has been removed; the next launch unpacks it again" : "";
}

void check_trees_of(const Layout& layout, const std::string& owners_name, const Descriptor& owners,
                    StoreFaults& faults) {
  for (const std::string& name : kernel::names_in(owners->get())) {
    const auto tree = is_name_of_tree(name)
                          ? kernel::open_beneath(owners->get(), name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
                          : kernel::FileDescriptor{};
    if (!tree) {
      continue;
    }
    std::string problem = problem_of_tree(owners->get(), name, tree.get());
    if (problem.empty() || !kernel::is_at(owners->get(), name, tree.get())) {
      continue;
    }
    StoreFault fault;
    fault.finding = {.part = StoreFinding::Part::Image,
                     .name = "unpacked layer " + name,
                     .path = layout.path / "trees" / owners_name / name,
                     .problem = std::move(problem),
                     .remedy = "repair() removes it once no container uses it; the next launch unpacks it again",
                     .repairable = true};
    fault.repair = [&layout, owners, name] { return remove_tree_if_unused(layout, owners->get(), name); };
    faults.push_back(std::move(fault));
  }
}

}  // namespace

StoreFaults faults_of_trees(const Layout& layout) {
  StoreFaults faults;
  const auto trees = kernel::open_beneath(layout.images.get(), "trees", O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!trees) {
    return faults;
  }
  for (const std::string& owners : kernel::names_in(trees.get())) {
    auto directory = kernel::open_beneath(trees.get(), owners, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (directory) {
      check_trees_of(layout, owners, std::make_shared<const kernel::FileDescriptor>(std::move(directory)), faults);
    }
  }
  return faults;
}

}  // namespace dunnage::image
