// SPDX-License-Identifier: Apache-2.0
#include "compose/model.hpp"
#include "compose/normal.hpp"
#include "compose/reading.hpp"

#include <string>

namespace dunnage::compose {

ProjectVolume volume_of(const Value& value) {
  return {.name = value.text_of("name"),
          .external = truth(value.find("external")),
          .driver = value.text_of("driver"),
          .driver_options = labels_of(value.find("driver_opts")),
          .labels = labels_of(value.find("labels"))};
}

ProjectFile file_of(const Value& value) {
  ProjectFile file{.name = value.text_of("name")};
  if (value.find("file") != nullptr) {
    file.file = value.text_of("file");
  }
  if (value.find("content") != nullptr) {
    file.content = value.find("content")->scalar_text();
  }
  file.environment = value.text_of("environment");
  if (!file.environment.empty() && value.find(kContentKey) != nullptr) {
    file.content = value.text_of(kContentKey);
  }
  file.external = truth(value.find("external"));
  file.labels = labels_of(value.find("labels"));
  return file;
}

}  // namespace dunnage::compose
