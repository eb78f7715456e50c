// SPDX-License-Identifier: Apache-2.0
#include "project/fields.hpp"
#include "project/labels.hpp"
#include "project/steps.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace dunnage::project {
namespace {

std::string label_of(const PresentContainer& container, const char* name) {
  const auto found = container.labels.find(name);
  return found == container.labels.end() ? std::string{} : found->second;
}

void compare_configuration(const Wanted& wanted, const Service& service, const PresentContainer& container,
                           Difference& result) {
  const auto hash = wanted.hashes.find(service.name);
  if (hash != wanted.hashes.end() && hash->second == label_of(container, label::kConfigHash)) {
    return;
  }
  const std::string before = label_of(container, label::kFields);
  if (before.empty()) {
    result.reasons.emplace_back("it was made of another configuration, and does not say which");
    return;
  }
  result.fields = difference(decode_fields(before), fields_of(service));
  if (result.fields.empty()) {
    result.reasons.emplace_back(service.configs.empty() && service.secrets.empty()
                                    ? "the files say something else of it by now, in what this library does not use"
                                    : "the content of a config or secret, or something this library does not use, is "
                                      "another one by now");
  } else {
    result.reasons.push_back(fmt::format("changed: {}", fmt::join(result.fields, ", ")));
  }
}

void add_field(Difference& result, const char* field, std::string reason) {
  if (std::find(result.fields.begin(), result.fields.end(), field) == result.fields.end()) {
    result.fields.emplace_back(field);
  }
  result.reasons.push_back(std::move(reason));
}

void compare_image(const Present& present, const Service& service, const PresentContainer& container,
                   Difference& result) {
  const auto image = present.images.find(service.image);
  const bool said = std::find(result.fields.begin(), result.fields.end(), "image") != result.fields.end();
  if (!said && !service.rootfs && image != present.images.end() && !container.image_id.empty() &&
      image->second != container.image_id) {
    add_field(result, "image", fmt::format("\"{}\" is another image by now", service.image));
  }
}

void compare_volumes(const Wanted& wanted, const Present& present, const Service& service,
                     const PresentContainer& container, Difference& result) {
  for (const auto& [target, name] : named_mounts_of(wanted, service)) {
    const auto mounted = container.volumes.find(target);
    if (mounted == container.volumes.end()) {
      continue;  // a change of the configuration, which has been told
    }
    if (mounted->second != name) {
      add_field(result, "volumes",
                fmt::format("\"{}\" shows volume \"{}\", and is to show \"{}\"", target, mounted->second, name));
    } else if (!present.volumes.contains(name)) {
      add_field(result, "volumes", fmt::format("its volume \"{}\" is gone", name));
    }
  }
}

}  // namespace

Difference difference(const Wanted& wanted, const Present& present, const Service& service,
                      const PresentContainer& container) {
  Difference result;
  compare_configuration(wanted, service, container, result);
  compare_image(present, service, container, result);
  compare_volumes(wanted, present, service, container, result);
  return result;
}

}  // namespace dunnage::project
