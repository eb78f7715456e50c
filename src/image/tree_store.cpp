// SPDX-License-Identifier: Apache-2.0
#include "image/tree_store.hpp"

#include "image/digest.hpp"
#include "image/failure.hpp"
#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "kernel/lock.hpp"
#include "kernel/open_beneath.hpp"
#include "volume/layout.hpp"
#include "volume/private_directory.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <utility>

namespace dunnage::image {
namespace {

constexpr std::size_t kLongestBelow = std::size_t{1} << 20U;

Fault damaged(const std::string& hex, const char* what) {
  return malformed(fmt::format("\"{}\" of its unpacked layer {} is damaged", what, hex));
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

/// The lines of a file in a tree's directory. \return nothing if there is no such file
std::optional<std::vector<std::string>> read_lines(int directory, const char* name) {
  std::string buffer;
  const auto [text, number] = kernel::read_small_file(directory, name, buffer, kLongestBelow);
  if (number == ENOENT) {
    return std::nullopt;
  }
  if (number != 0) {
    throw kernel::CallError{"read", number};
  }
  return lines_of(text);
}

kernel::FileDescriptor open_directory(int parent, const std::string& name) {
  auto directory = kernel::open_beneath(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW);
  if (!directory && errno != ENOENT) {
    throw kernel::CallError{"open directory", errno};
  }
  return directory;
}

/// \return empty if somebody removes it
kernel::FileDescriptor lock_shared(int directory) {
  auto lock = kernel::open_beneath(directory, volume::kLockName, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
  if (!lock && errno != ENOENT) {
    throw kernel::CallError{"open", errno};
  }
  if (lock && !kernel::try_lock(lock.get(), kernel::LockKind::Shared)) {
    lock.reset();
  }
  return lock;
}

}  // namespace

std::string ids_name(const launcher::Identity& identity) {
  switch (identity.privilege) {
    case launcher::Privilege::Root:
      return "root";
    case launcher::Privilege::Range:
      return fmt::format("range-{}", identity.users.at(1).outside);
    case launcher::Privilege::Single:
      break;
  }
  return "single";
}

std::optional<std::vector<std::string>> read_below(int directory, const std::string& hex) {
  std::string buffer;
  const auto [text, number] =
      kernel::read_small_file(directory, fmt::format("{}/{}", hex, kBelowName).c_str(), buffer, kLongestBelow);
  return number == 0 ? std::optional{lines_of(text)} : std::nullopt;
}

TreeStore::TreeStore(std::string name, kernel::FileDescriptor directory)
    : name_{std::move(name)}, directory_{std::move(directory)} {}

std::optional<TreeStore> TreeStore::open(const Layout& layout, const launcher::Identity& identity) {
  std::string name = "trees/" + ids_name(identity);
  auto directory = volume::open_private(layout.images.get(), name.c_str(), layout.path / name);
  return directory ? std::optional{TreeStore{std::move(name), std::move(directory)}} : std::nullopt;
}

TreeStore TreeStore::make(const Layout& layout, const launcher::Identity& identity) {
  const auto trees = layout.open_trees();
  if (kernel::make_directory(trees.get(), ids_name(identity), volume::kPrivateDirectory)) {
    kernel::sync(trees.get());
  }
  auto store = open(layout, identity);
  if (!store) {
    throw kernel::CallError{"open directory", ENOENT};
  }
  return std::move(*store);
}

std::optional<Trees> TreeStore::find(const std::string& hex) const {
  const auto top = open_directory(directory(), hex);
  auto lock = top ? lock_shared(top.get()) : kernel::FileDescriptor{};
  if (!lock || !kernel::is_at(directory(), hex, top.get())) {  // it was removed before we had the lock
    return std::nullopt;
  }
  auto chain = read_lines(top.get(), kBelowName);
  if (!chain || !std::all_of(chain->begin(), chain->end(),
                             [](const std::string& line) { return line.size() == kHexDigits && is_hex(line); })) {
    throw damaged(hex, kBelowName);
  }
  chain->push_back(hex);
  Trees trees;
  for (const std::string& layer : *chain) {
    const std::string name = fmt::format("{}/{}", layer, kTreeName);
    trees.trees.push_back(open_directory(directory(), name));
    if (!trees.trees.back()) {
      return std::nullopt;
    }
    trees.names.push_back(fmt::format("{}/{}", name_, name));
  }
  trees.locks.push_back(std::move(lock));
  return trees;
}

bool TreeStore::add_losses(const std::string& hex, UnpackLosses& losses) const {
  const auto tree = open_directory(directory(), hex);
  if (!tree) {
    return false;
  }
  const auto lines = read_lines(tree.get(), kLossesName);
  if (!lines) {
    return true;
  }
  if (lines->size() != 3) {
    throw damaged(hex, kLossesName);
  }
  const std::array<std::pair<std::string_view, std::uint64_t*>, 3> kinds{
      {{"devices ", &losses.devices}, {"attributes ", &losses.attributes}, {"owners ", &losses.owners}}};
  for (std::size_t index = 0; index < kinds.size(); ++index) {
    const auto& [word, sum] = kinds.at(index);
    const std::string& line = lines->at(index);
    std::uint64_t count = 0;
    const char* end = line.data() + line.size();
    if (line.substr(0, word.size()) != word || std::from_chars(line.data() + word.size(), end, count).ptr != end) {
      throw damaged(hex, kLossesName);
    }
    *sum += count;
  }
  return true;
}

std::string losses_text(const UnpackLosses& losses) {
  return fmt::format("devices {}\nattributes {}\nowners {}\n", losses.devices, losses.attributes, losses.owners);
}

}  // namespace dunnage::image
