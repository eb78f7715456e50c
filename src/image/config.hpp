// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The configuration of an image: for which machine, of which layers, and how it wants to be run.

#include <dunnage/image.hpp>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage::image {

struct Configuration {
  Platform platform{};
  std::string author{};
  std::chrono::system_clock::time_point created_at{};
  ImageConfig config{};
  std::vector<std::string> diff_ids{};  ///< lowest first; each is_digest()
};

/// Throws: Fault(image_invalid).
[[nodiscard]] Configuration parse_configuration(std::string_view text);

/// The text of a configuration, with a history of one line for each layer.
/// Throws: Fault(invalid_argument) if a text of it is not UTF-8.
[[nodiscard]] std::string write_configuration(const Configuration& configuration, const std::string& history);

/// What identifies each layer with all below it.
[[nodiscard]] std::vector<std::string> chain_ids(const std::vector<std::string>& diff_ids);

/// The member "Config" with Docker's names.
[[nodiscard]] std::string to_json(const ImageConfig& config);

}  // namespace dunnage::image
