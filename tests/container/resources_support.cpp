// SPDX-License-Identifier: Apache-2.0
#include "container/resources_support.hpp"

#include <dunnage/support.hpp>

#include "container/support.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <system_error>

namespace dunnage::test {
namespace {

namespace fs = std::filesystem;

Feature limits_of_kind(const std::string& kind) {
  for (const Feature& feature : support().features) {
    if (feature.name == "limits: " + kind) return feature;
  }
  return {"limits: " + kind, false, "support() does not know this kind", false};
}

std::set<std::string> paths_in(const std::string& file) {
  std::ifstream stream{file};
  std::set<std::string> paths;
  for (std::string line; std::getline(stream, line);) {
    paths.insert(line.substr(line.find(':', line.find(':') + 1) + 1));
  }
  return paths;
}

void find_named(const fs::path& directory, const std::string& name, std::vector<fs::path>& found) {
  std::error_code code;
  for (fs::directory_iterator entry{directory, code}, end; !code && entry != end; entry.increment(code)) {
    std::error_code gone;
    if (!entry->is_directory(gone) || entry->is_symlink(gone)) continue;
    if (entry->path().filename() == name) found.push_back(entry->path());
    find_named(entry->path(), name, found);
  }
}

}  // namespace

bool limits_can_be_had(const std::string& kind) { return limits_of_kind(kind).available; }

bool requires_limits(std::initializer_list<const char*> kinds) {
  for (const char* kind : kinds) {
    if (const Feature feature = limits_of_kind(kind); !feature.available) {
      skip(feature.name + " cannot be had: " + feature.detail);
      return false;
    }
  }
  return true;
}

std::set<std::string> cgroups_of(const Container& container) {
  const std::set<std::string> all = paths_in("/proc/" + std::to_string(container.pid()) + "/cgroup");
  std::set<std::string> own;
  std::ranges::copy_if(all, std::inserter(own, own.end()),
                       [&](const std::string& path) { return path.ends_with(container.id()); });
  return own.empty() ? all : own;
}

std::set<std::string> cgroups_of_this_process() { return paths_in("/proc/self/cgroup"); }

std::vector<fs::path> directories_named(const std::string& name) {
  std::vector<fs::path> found;
  find_named("/sys/fs/cgroup", name, found);
  return found;
}

std::set<std::string> siblings_of(const Container& container) {
  std::set<std::string> siblings;
  for (const fs::path& own : directories_named(container.id())) {
    for (const auto& entry : fs::directory_iterator{own.parent_path()}) {
      if (entry.is_directory()) siblings.insert(entry.path().string());
    }
  }
  return siblings;
}

}  // namespace dunnage::test
