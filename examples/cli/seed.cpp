// SPDX-License-Identifier: Apache-2.0
#include "seed.hpp"

#include <stdexcept>

namespace cli {

dunnage::VolumeSeed parse_seed(const std::string& text) {
  if (text.empty()) return {};
  const std::size_t equals = text.find('=');
  const std::string kind = text.substr(0, equals);
  const std::string what = equals == std::string::npos ? "" : text.substr(equals + 1);
  const std::size_t at = what.find('@');
  if (!what.empty() && kind == "dir") return dunnage::SeedDirectory{what};
  if (!what.empty() && kind == "tar") return dunnage::SeedArchive{what};
  if (kind == "snapshot" && at != std::string::npos) {
    return dunnage::SeedSnapshot{what.substr(0, at), what.substr(at + 1)};
  }
  throw std::invalid_argument{"\"" + text + "\" is no seed; write dir=PATH, tar=FILE or snapshot=VOLUME@SNAPSHOT"};
}

}  // namespace cli
