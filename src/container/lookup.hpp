// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Finding records by what people call them.

#include "container/failure.hpp"
#include "kernel/file_descriptor.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage::container {

struct Found {
  std::string name;
  kernel::FileDescriptor directory;
};

/// The names of all records, sorted. Throws: kernel::CallError.
[[nodiscard]] std::vector<std::string> record_names(int containers);

/// Nothing if there is no record of that name. Throws: kernel::CallError.
[[nodiscard]] std::optional<Found> open_record(int containers, const std::string& name);

/// By name, id or unambiguous beginning of an id, in this order.
/// Throws: LaunchError(invalid_argument) naming all that the beginning fits, kernel::CallError.
[[nodiscard]] std::optional<Found> find_record(const Deed& deed, int containers, std::string_view word);

/// Throws: as find_record(), LaunchError(container_missing) with the nearest name.
[[nodiscard]] Found get_record(const Deed& deed, int containers, std::string_view word);

}  // namespace dunnage::container
