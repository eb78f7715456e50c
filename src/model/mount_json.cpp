// SPDX-License-Identifier: Apache-2.0
#include <dunnage/mount_set.hpp>

#include "model/json_text.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <variant>

namespace dunnage {
namespace {

using Json = nlohmann::ordered_json;
using model::to_json_text;

template <typename Options>
Json attributes_of(const Options& options) {
  return {{"Suid", options.suid}, {"Dev", options.dev}, {"Exec", options.exec}};
}

Json to_value(const BindMount& mount) {
  const BindOptions& options = mount.options;
  return {{"Type", "bind"},
          {"Source", to_json_text(mount.source.string())},
          {"Target", to_json_text(mount.target)},
          {"ReadOnly", options.read_only},
          {"BindOptions",
           {{"Propagation", to_string(options.propagation)},
            {"NonRecursive", options.recursion == Recursion::Disabled},
            {"CreateMountpoint", options.create_source},
            {"ReadOnlyNonRecursive", options.recursion == Recursion::Writable},
            {"ReadOnlyForceRecursive", options.recursion == Recursion::ReadOnly}}},
          {"Attributes", attributes_of(options)}};
}

Json to_value(const VolumeMount& mount) {
  Json labels = Json::object();
  for (const auto& [key, value] : mount.options.labels) {
    labels[key] = to_json_text(value);
  }
  Json volume{{"NoCopy", mount.options.no_copy}, {"Labels", labels}};
  if (!mount.store.empty()) {
    volume["Store"] = to_json_text(mount.store.string());
  }
  return {{"Type", "volume"},
          {"Source", to_json_text(mount.name)},
          {"Target", to_json_text(mount.target)},
          {"ReadOnly", mount.options.read_only},
          {"VolumeOptions", volume},
          {"Attributes", attributes_of(mount.options)}};
}

Json to_value(const Tmpfs& mount) {
  Json tmpfs{{"SizeBytes", mount.options.size}, {"Mode", mount.options.mode}};
  if (mount.options.uid) {
    tmpfs["Uid"] = *mount.options.uid;
  }
  if (mount.options.gid) {
    tmpfs["Gid"] = *mount.options.gid;
  }
  return {{"Type", "tmpfs"},
          {"Source", ""},
          {"Target", to_json_text(mount.target)},
          {"ReadOnly", mount.options.read_only},
          {"TmpfsOptions", tmpfs},
          {"Attributes", attributes_of(mount.options)}};
}

}  // namespace

std::string MountSet::to_json() const {
  Json array = Json::array();
  for (const Mount& mount : mounts_) {
    array.push_back(std::visit([](const auto& kind) { return to_value(kind); }, mount));
  }
  // A label's key is the one text that has to be a JSON key; one that is not Unicode gets replacement characters.
  return array.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace dunnage
