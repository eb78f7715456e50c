// SPDX-License-Identifier: Apache-2.0
#include "prepare/relabel.hpp"

#include "kernel/descriptor_path.hpp"
#include "launcher/detach_result.hpp"
#include "launcher/walk.hpp"

#include <fmt/format.h>

#include <sys/xattr.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <utility>

namespace dunnage::prepare {
namespace {

/// An O_PATH descriptor has no attributes of its own calls; its entry in /proc leads to the inode and no further.
long set_label(int fd, const char* attribute, std::string_view label) {
  const kernel::DescriptorPath path{fd};
  std::array<char, 512> present{};
  const ssize_t size = ::getxattr(path.text, attribute, present.data(), present.size());
  if (size >= 0 && std::string_view{present.data(), static_cast<std::size_t>(size)} == label) {
    return 0;
  }
  const int result = ::setxattr(path.text, attribute, label.data(), label.size(), 0);
  return result == 0 || errno == EOPNOTSUPP ? 0 : -errno;
}

/// FNV-1a; any hash that stays the same will do.
std::uint32_t hash_of(std::string_view text) {
  std::uint32_t hash = 2166136261U;
  for (const char letter : text) {
    hash = (hash ^ static_cast<unsigned char>(letter)) * 16777619U;
  }
  return hash;
}

}  // namespace

std::string label_for(Relabel relabel, std::string_view container_id) {
  constexpr std::uint32_t kCategories = 1024;
  const std::string shared = "system_u:object_r:container_file_t:s0";
  if (relabel == Relabel::Shared) {
    return shared;
  }
  const std::uint32_t hash = hash_of(container_id);
  std::uint32_t low = hash % kCategories;
  std::uint32_t high = hash / kCategories % (kCategories - 1);
  high += high >= low ? 1 : 0;
  if (low > high) {
    std::swap(low, high);
  }
  return fmt::format("{}:c{},c{}", shared, low, high);
}

launcher::Failure label_tree(int top, const char* attribute, std::string_view label) {
  long result = set_label(top, attribute, label);
  struct stat status {};
  if (result == 0 && ::fstat(top, &status) != 0) {
    result = -errno;
  }
  if (result == 0 && S_ISDIR(status.st_mode)) {
    const auto walk = std::make_unique<launcher::Walk>(false);
    result = walk->run(
        top, [&](const launcher::WalkEntry& entry, launcher::Visit&) { return set_label(entry.fd, attribute, label); });
  }
  return result < 0 ? launcher::failure_of(launcher::Step::Relabel, result) : launcher::Failure{};
}

}  // namespace dunnage::prepare
