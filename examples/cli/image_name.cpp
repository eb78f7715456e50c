// SPDX-License-Identifier: Apache-2.0
#include "image_name.hpp"

#include <cstddef>

namespace cli {
namespace {

constexpr std::size_t kShortId = 12;

}  // namespace

std::string familiar(std::string_view full_name) {
  for (const std::string_view left_out : {"docker.io/library/", "docker.io/"}) {
    if (full_name.starts_with(left_out)) return std::string{full_name.substr(left_out.size())};
  }
  return std::string{full_name};
}

ImageName image_name(std::string_view full_name) {
  const std::string name = familiar(full_name.substr(0, full_name.find('@')));
  const auto colon = name.rfind(':');
  if (colon == std::string::npos || name.find('/', colon) != std::string::npos) return {.repository = name};
  return {.repository = name.substr(0, colon), .tag = name.substr(colon + 1)};
}

std::vector<ImageName> names_of(const dunnage::ImageInfo& image) {
  std::vector<ImageName> names;
  for (const auto& name : image.names) names.push_back(image_name(name));
  if (names.empty()) names.emplace_back();
  return names;
}

std::string image_id(const std::string& id, bool whole) { return whole ? id : id.substr(id.find(':') + 1, kShortId); }

}  // namespace cli
