// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A run, as Markdown for people and as JSON for programs.

#include "bench/launch/residency.hpp"
#include "bench/launch/row.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace dunnage::bench {

struct Report {
  std::string load_before;
  std::string load_after;
  std::vector<Session> sessions;
  Residency residency;
};

/// The three load averages of this moment.
[[nodiscard]] std::string load_now();

void print_markdown(const Report& report);
/// Throws: std::runtime_error.
void write_json(const Report& report, const std::filesystem::path& file);

}  // namespace dunnage::bench
