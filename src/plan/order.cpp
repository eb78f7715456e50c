// SPDX-License-Identifier: Apache-2.0
#include "plan/order.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace dunnage::plan {

std::vector<ResolvedMount> in_order(std::vector<ResolvedMount> mounts) {
  std::map<std::string, std::size_t> by_target;
  for (std::size_t index = 0; index < mounts.size(); ++index) {
    by_target.emplace(mounts[index].target, index);
  }
  std::vector<ResolvedMount> ordered;
  ordered.reserve(mounts.size());
  std::vector<bool> taken(mounts.size(), false);
  const auto take = [&](std::size_t index) {
    taken[index] = true;
    ordered.push_back(std::move(mounts[index]));
  };
  for (std::size_t index = 0; index < mounts.size(); ++index) {
    if (taken[index]) {
      continue;
    }
    const std::string target = mounts[index].target;
    for (std::size_t slash = target.find('/', 1); slash != std::string::npos; slash = target.find('/', slash + 1)) {
      const auto parent = by_target.find(target.substr(0, slash));
      if (parent != by_target.end() && !taken[parent->second]) {
        mounts[parent->second].reasons.push_back(
            fmt::format("it is mounted before \"{}\", which lies below it and was added earlier", target));
        take(parent->second);
      }
    }
    take(index);
  }
  return ordered;
}

}  // namespace dunnage::plan
