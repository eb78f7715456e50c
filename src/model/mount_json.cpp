// SPDX-License-Identifier: Apache-2.0
#include <dunnage/mount_set.hpp>

#include "model/json_text.hpp"
#include "model/option_json.hpp"

#include <nlohmann/json.hpp>

#include <map>
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

/// Of what a source has to be; none of it is Docker's.
void add_source_options(Json& bind, const BindOptions& options) {
  if (options.create_mode != BindOptions{}.create_mode) {
    bind["CreateMode"] = options.create_mode;
  }
  if (options.create_uid) {
    bind["CreateUid"] = *options.create_uid;
  }
  if (options.create_gid) {
    bind["CreateGid"] = *options.create_gid;
  }
  if (options.optional) {
    bind["Optional"] = true;
  }
  if (!options.transaction.empty()) {
    bind["Transaction"] = to_json_text(options.transaction);
  }
  if (options.require_mountpoint) {
    bind["RequireMountpoint"] = true;
  }
  if (options.follow != Follow::Inode) {
    bind["Follow"] = to_string(options.follow);
  }
}

Json to_value(const BindMount& mount) {
  const BindOptions& options = mount.options;
  Json bind{{"Propagation", to_string(options.propagation)},
            {"NonRecursive", options.recursion == Recursion::Disabled},
            {"CreateMountpoint", options.create_source},
            {"ReadOnlyNonRecursive", options.recursion == Recursion::Writable},
            {"ReadOnlyForceRecursive", options.recursion == Recursion::ReadOnly}};
  add_source_options(bind, options);
  model::add_options(bind, options);
  return {{"Type", "bind"},
          {"Source", to_json_text(mount.source.string())},
          {"Target", to_json_text(mount.target)},
          {"ReadOnly", options.read_only},
          {"BindOptions", bind},
          {"Attributes", attributes_of(options)}};
}

Json object_of(const std::map<std::string, std::string>& pairs) {
  Json object = Json::object();
  for (const auto& [key, value] : pairs) {
    object[key] = to_json_text(value);
  }
  return object;
}

Json to_value(const VolumeMount& mount) {
  Json volume{{"NoCopy", mount.options.no_copy}, {"Labels", object_of(mount.options.labels)}};
  if (!mount.store.empty()) {
    volume["Store"] = to_json_text(mount.store.string());
  }
  if (!mount.options.subpath.empty()) {
    volume["Subpath"] = to_json_text(mount.options.subpath);
  }
  if (!mount.options.driver.empty() || !mount.options.driver_options.empty()) {
    volume["DriverConfig"] = {{"Name", to_json_text(mount.options.driver)},
                              {"Options", object_of(mount.options.driver_options)}};
  }
  if (!mount.options.create) {
    volume["NoCreate"] = true;
  }
  if (mount.options.access != AccessMode::Shared) {
    volume["Access"] = to_string(mount.options.access);
  }
  if (mount.options.access_timeout.count() != 0) {
    volume["AccessTimeout"] = mount.options.access_timeout.count();  // milliseconds
  }
  model::add_options(volume, mount.options);
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
  Json words = Json::array();  // Docker's form of what has no field of its own
  if (mount.options.nr_inodes) {
    words.push_back({"nr_inodes", std::to_string(*mount.options.nr_inodes)});
  }
  if (mount.options.no_swap) {
    words.push_back(Json::array({"noswap"}));
  }
  if (!words.empty()) {
    tmpfs["Options"] = words;
  }
  return {{"Type", "tmpfs"},
          {"Source", ""},
          {"Target", to_json_text(mount.target)},
          {"ReadOnly", mount.options.read_only},
          {"TmpfsOptions", tmpfs},
          {"Attributes", attributes_of(mount.options)}};
}

Json to_value(const ImageMount& mount) {
  Json image = Json::object();
  if (!mount.options.subpath.empty()) {
    image["Subpath"] = to_json_text(mount.options.subpath);
  }
  if (mount.options.overlay) {
    image["Overlay"] = model::to_value(*mount.options.overlay);
  }
  if (!mount.store.empty()) {
    image["Store"] = to_json_text(mount.store.string());
  }
  return {{"Type", "image"},
          {"Source", to_json_text(mount.image)},
          {"Target", to_json_text(mount.target)},
          {"ReadOnly", !mount.options.overlay.has_value()},
          {"ImageOptions", image},
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
