// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Writing OCI image layouts: layers from entries, and a configuration.

#include <filesystem>
#include <string>
#include <vector>

namespace dunnage::test {

/// An entry of a layer.
struct Entry {
  std::string path;
  std::string content{};  ///< or where a link leads
  char type = '0';        ///< as in tar(5): '0' file, '2' symbolic link, '5' directory
  unsigned mode = 0644;
  unsigned uid = 0;
  unsigned gid = 0;
};

[[nodiscard]] Entry directory(std::string path, unsigned mode = 0755, unsigned uid = 0, unsigned gid = 0);

using Layer = std::vector<Entry>;

/// A layout of one image, which has no name. \param config the JSON object "config" of its configuration
void write_image(const std::filesystem::path& path, const std::vector<Layer>& layers, const std::string& config = "{}");

}  // namespace dunnage::test
