// SPDX-License-Identifier: Apache-2.0
#include "image/collect.hpp"

#include "image/blob.hpp"
#include "image/config.hpp"
#include "image/failure.hpp"
#include "image/tree_store.hpp"
#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "kernel/lock.hpp"
#include "kernel/open_beneath.hpp"
#include "launcher/identity.hpp"
#include "volume/trash.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

namespace dunnage::image {
namespace {

struct Needs {
  std::set<std::string> blobs;   ///< hex digits of digests
  std::set<std::string> chains;  ///< hex digits of chain ids
};

bool is_name(const std::string& name) { return name.size() == kHexDigits && is_hex(name); }

/// \return nothing if nobody can tell
std::optional<Needs> needs_of(const Layout& layout, const Index& index) {
  Needs needs;
  try {
    for (const Descriptor& image : index.images()) {
      needs.blobs.insert(hex_of(image.digest));
      const Manifest manifest = parse_manifest(read_document(layout, image.digest), image.media_type);
      needs.blobs.insert(hex_of(manifest.config.digest));
      for (const Descriptor& layer : manifest.layers) {
        needs.blobs.insert(hex_of(layer.digest));
      }
      for (const std::string& chain :
           chain_ids(parse_configuration(read_document(layout, manifest.config.digest)).diff_ids)) {
        needs.chains.insert(hex_of(chain));
      }
    }
  } catch (const Fault&) {
    return std::nullopt;
  }
  return needs;
}

void collect_blobs(const Layout& layout, const Needs& needs, int trash, Collected& collected) {
  for (const std::string& name : kernel::names_in(layout.blobs.get())) {
    struct stat status {};
    if (!is_name(name) || needs.blobs.count(name) > 0 ||
        ::fstatat(layout.blobs.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
      continue;
    }
    if (auto trashed = volume::move_to_trash(layout.blobs.get(), name, trash)) {
      collected.trashed.push_back(std::move(*trashed));
      collected.bytes += static_cast<std::uint64_t>(status.st_blocks) * 512;
    }
  }
}

/// The trees that are there, each with the trees it needs below it.
using Stacks = std::map<std::string, std::vector<std::string>>;

/// Looks at those that are not known yet. One whose needs cannot be read needs all.
void look(int directory, Stacks& stacks) {
  const std::vector<std::string> names = kernel::names_in(directory);
  for (const std::string& name : names) {
    if (is_name(name) && stacks.count(name) == 0) {
      stacks[name] = read_below(directory, name).value_or(names);
    }
  }
}

bool is_below_another(const Stacks& stacks, const std::string& name) {
  return std::any_of(stacks.begin(), stacks.end(), [&](const auto& stack) {
    return stack.first != name && std::find(stack.second.begin(), stack.second.end(), name) != stack.second.end();
  });
}

/// Takes one tree out unless it is used. Whoever builds on a tree, or uses one that needs it, holds a lock that shows.
std::optional<std::string> take_tree(int directory, const std::string& name, int trash, Stacks& stacks) {
  const auto tree = kernel::open_beneath(directory, name, O_PATH | O_DIRECTORY | O_NOFOLLOW);
  const auto lock =
      tree ? kernel::open_beneath(tree.get(), volume::kLockName, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)
           : kernel::FileDescriptor{};
  if (!tree || (lock && !kernel::try_lock(lock.get(), kernel::LockKind::Exclusive))) {
    return std::nullopt;
  }
  look(directory, stacks);  // one that was published above it before we had the lock
  std::optional<std::string> trashed;
  if (!is_below_another(stacks, name) && kernel::is_at(directory, name, tree.get())) {
    trashed = volume::move_to_trash(directory, name, trash);
  }
  if (lock) {
    kernel::unlock(lock.get());
  }
  return trashed;
}

void collect_trees_of_ids(int directory, const Needs& needs, int trash, Collected& collected) {
  Stacks stacks;
  look(directory, stacks);
  std::vector<std::string> candidates;
  for (const auto& [name, below] : stacks) {
    if (needs.chains.count(name) == 0) {
      candidates.push_back(name);
    }
  }
  // From the top, so that none is still needed by another that goes.
  std::sort(candidates.begin(), candidates.end(), [&](const std::string& a, const std::string& b) {
    return std::pair{stacks[a].size(), a} > std::pair{stacks[b].size(), b};
  });
  for (const std::string& name : candidates) {
    if (is_below_another(stacks, name)) {
      continue;
    }
    if (auto trashed = take_tree(directory, name, trash, stacks)) {
      collected.trashed.push_back(std::move(*trashed));
      stacks.erase(name);
    }
  }
}

}  // namespace

namespace {

void collect_trees(const Layout& layout, const Needs& needs, int trash, Collected& collected) {
  const auto trees = layout.open_trees();
  for (const std::string& ids : kernel::names_in(trees.get())) {
    const auto directory = kernel::open_beneath(trees.get(), ids, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (directory) {
      collect_trees_of_ids(directory.get(), needs, trash, collected);
    }
  }
}

}  // namespace

Collected collect(const Layout& layout, IndexChange& change) {
  Collected collected;
  if (const auto needs = needs_of(layout, change.index())) {
    const auto trash = layout.open_trash();
    collect_blobs(layout, *needs, trash.get(), collected);
    collect_trees(layout, *needs, trash.get(), collected);
  }
  return collected;
}

Collected collect_trees_alone(const Layout& layout, IndexChange& change) {
  Collected collected;
  if (const auto needs = needs_of(layout, change.index())) {
    const auto trash = layout.open_trash();
    collect_trees(layout, *needs, trash.get(), collected);
  }
  return collected;
}

void delete_collected(const Layout& layout, const Collected& collected) {
  const auto trash = layout.open_trash();
  bool left = false;
  for (const std::string& name : collected.trashed) {
    volume::delete_from_trash(trash.get(), name);
    left = left || kernel::exists_at(trash.get(), name + ".kept");
  }
  if (left) {
    volume::sweep_trash_of_ids(layout.store.root.get(), launcher::identity_for(0, 0));
  }
}

}  // namespace dunnage::image
