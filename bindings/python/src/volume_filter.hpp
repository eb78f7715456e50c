// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fields.hpp"

#include <dunnage/volume_store.hpp>

#include <optional>
#include <string>
#include <vector>

namespace dunnage::python {

/// {"key": "value", "other": None}, or Docker's ["key=value", "other"].
inline decltype(VolumeFilter::labels) filter_labels_from(py::handle object, const std::string& name) {
  decltype(VolumeFilter::labels) labels;
  if (py::isinstance<py::dict>(object)) {
    for (const auto& [key, value] : py::reinterpret_borrow<py::dict>(object)) {
      labels.emplace_back(value_from<std::string>(key, name), value_from<std::optional<std::string>>(value, name));
    }
    return labels;
  }
  for (const auto& text : value_from<std::vector<std::string>>(object, name)) {
    const auto equals = text.find('=');
    labels.emplace_back(text.substr(0, equals), equals == std::string::npos
                                                    ? std::nullopt
                                                    : std::optional<std::string>{text.substr(equals + 1)});
  }
  return labels;
}

}  // namespace dunnage::python
