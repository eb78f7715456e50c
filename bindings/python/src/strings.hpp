// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <pybind11/pybind11.h>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace dunnage::python {

namespace py = pybind11;

/// The bytes of a str, bytes or os.PathLike. Names of files are bytes; what is no UTF-8 in them travels through Python
/// as os.fsencode() and os.fsdecode() have it. Empty for any other object.
[[nodiscard]] std::optional<std::string> text_from(py::handle object);
[[nodiscard]] py::str text_to(std::string_view text);
/// pathlib.Path, or None for no path.
[[nodiscard]] py::object path_to(const std::filesystem::path& path);

/// Makes `cls` known as dunnage.NAME, not as a class of the extension module.
inline void adopt(py::handle cls) { cls.attr("__module__") = "dunnage"; }

}  // namespace dunnage::python

namespace pybind11::detail {

/// Instead of pybind11's own, which knows neither os.PathLike nor names that are no UTF-8.
template <>
struct type_caster<std::string> {
  PYBIND11_TYPE_CASTER(std::string, const_name("str"));

  bool load(handle source, bool) {
    auto text = dunnage::python::text_from(source);
    if (text) value = std::move(*text);
    return text.has_value();
  }
  static handle cast(const std::string& text, return_value_policy, handle) {
    return dunnage::python::text_to(text).release();
  }
};

template <>
struct type_caster<std::filesystem::path> {
  PYBIND11_TYPE_CASTER(std::filesystem::path, const_name("os.PathLike"));

  bool load(handle source, bool) {
    if (source.is_none()) {
      value.clear();
      return true;
    }
    auto text = dunnage::python::text_from(source);
    if (text) value = std::move(*text);
    return text.has_value();
  }
  static handle cast(const std::filesystem::path& path, return_value_policy, handle) {
    return dunnage::python::path_to(path).release();
  }
};

}  // namespace pybind11::detail
