// SPDX-License-Identifier: Apache-2.0
#include <dunnage/project.hpp>

#include <array>
#include <filesystem>
#include <optional>
#include <system_error>
#include <vector>

namespace dunnage {
namespace {

template <std::size_t Count>
std::optional<std::filesystem::path> first_of(const std::filesystem::path& directory,
                                              const std::array<const char*, Count>& names) {
  for (const char* const name : names) {
    std::error_code error;
    if (std::filesystem::exists(directory / name, error)) {
      return directory / name;
    }
  }
  return std::nullopt;
}

}  // namespace

std::vector<std::filesystem::path> find_project_files(const std::filesystem::path& directory) {
  constexpr std::array kNames{"compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"};
  constexpr std::array kOverrides{"compose.override.yml", "compose.override.yaml", "docker-compose.override.yml",
                                  "docker-compose.override.yaml"};
  std::filesystem::path here = std::filesystem::absolute(directory).lexically_normal();
  while (true) {
    if (auto found = first_of(here, kNames)) {
      std::vector<std::filesystem::path> files{*std::move(found)};
      if (auto over = first_of(here, kOverrides)) {
        files.push_back(*std::move(over));
      }
      return files;
    }
    const std::filesystem::path parent = here.parent_path();
    if (parent == here || parent.empty()) {
      return {};
    }
    here = parent;
  }
}

}  // namespace dunnage
