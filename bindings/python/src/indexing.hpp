// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <pybind11/pybind11.h>

#include <cstddef>

namespace dunnage::python {

/// Python's index, which may count from the end, as an index of C++. Throws: IndexError.
template <class Sequence>
[[nodiscard]] std::size_t index_in(const Sequence& sequence, pybind11::ssize_t index, const char* noun = "mounts") {
  const auto size = static_cast<pybind11::ssize_t>(sequence.size());
  if (index < 0) index += size;
  if (index < 0 || index >= size) {
    throw pybind11::index_error{"there are " + std::to_string(size) + " " + noun};
  }
  return static_cast<std::size_t>(index);
}

/// Over copies: what is done to the sequence meanwhile is of no consequence.
template <class Sequence>
[[nodiscard]] pybind11::iterator iterator_over(const Sequence& sequence) {
  pybind11::list items;
  for (const auto& item : sequence) items.append(pybind11::cast(item));
  return pybind11::iter(items);
}

}  // namespace dunnage::python
