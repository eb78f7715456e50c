// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fields.hpp"
#include "strings.hpp"

#include <filesystem>
#include <string>
#include <variant>

namespace dunnage::python {

/// A path, or a descriptor that stays the caller's.
using FileOrPath = std::variant<std::filesystem::path, int>;

/// A path, a descriptor, or an open file, which stays its owner's.
[[nodiscard]] inline FileOrPath file_or_path_from(py::handle object, const std::string& name) {
  if (py::isinstance<py::int_>(object) && !py::isinstance<py::bool_>(object)) return value_from<int>(object, name);
  if (!py::hasattr(object, "__fspath__") && py::hasattr(object, "fileno")) {
    return value_from<int>(object.attr("fileno")(), name);
  }
  if (!text_from(object)) refuse_value(name, "a path, a descriptor or an open file", object);
  return value_from<std::filesystem::path>(object, name);
}

}  // namespace dunnage::python
