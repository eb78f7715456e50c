// SPDX-License-Identifier: Apache-2.0
#include "strings.hpp"

namespace dunnage::python {

std::optional<std::string> text_from(py::handle object) {
  auto plain = py::reinterpret_steal<py::object>(PyOS_FSPath(object.ptr()));
  if (!plain) {
    PyErr_Clear();
    return std::nullopt;
  }
  if (PyUnicode_Check(plain.ptr()) != 0) {
    plain = py::reinterpret_steal<py::object>(PyUnicode_AsEncodedString(plain.ptr(), "utf-8", "surrogateescape"));
    if (!plain) throw py::error_already_set{};
  }
  char* data = nullptr;
  Py_ssize_t size = 0;
  if (PyBytes_AsStringAndSize(plain.ptr(), &data, &size) != 0) throw py::error_already_set{};
  return std::string{data, static_cast<std::size_t>(size)};
}

py::str text_to(std::string_view text) {
  auto decoded = py::reinterpret_steal<py::str>(
      PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "surrogateescape"));
  if (!decoded) throw py::error_already_set{};
  return decoded;
}

py::object path_to(const std::filesystem::path& path) {
  if (path.empty()) return py::none{};
  return py::module_::import("pathlib").attr("Path")(text_to(path.native()));
}

}  // namespace dunnage::python
