// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Copying into and out of a place that has a root: a container, running or not, or a volume.

#include <dunnage/copy.hpp>

#include "launcher/connection.hpp"

#include <filesystem>
#include <functional>
#include <string>
#include <system_error>
#include <vector>

namespace dunnage::container {

/// What failed, for the error of whoever asked.
struct CopyFault {
  std::string detail;  ///< `"/srv/a" -> "/b"`
  std::string cause;
  std::error_code code;
  std::string remedy;
};

struct CopyPlace {
  const launcher::Connection& connection;  ///< whose rights copy
  int root = -1;                           ///< O_PATH will do
  /// Throws the error of its kind.
  std::function<void(const CopyFault&)> fail;
  std::vector<int> locks{};        ///< to last as long as anybody writes there; not owned
  std::string read_only_remedy{};  ///< for what cannot be written to; empty: the usual one
};

/// \param source, target as in dunnage/copy.hpp
void copy_in(const CopyPlace& place, const std::filesystem::path& source, const std::string& target,
             const CopyOptions& options);
void copy_out(const CopyPlace& place, const std::string& source, const std::filesystem::path& target,
              const CopyOptions& options);

}  // namespace dunnage::container
