// SPDX-License-Identifier: Apache-2.0
#include <dunnage/spec.hpp>

#include <nlohmann/json.hpp>

#include <fmt/format.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage {
namespace {

using Json = nlohmann::ordered_json;

std::string one_line(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

void add_text(Json& object, const char* name, std::string_view text) {
  if (!text.empty()) {
    object[name] = text;
  }
}

void add_true(Json& object, const char* name, bool value) {
  if (value) {
    object[name] = true;
  }
}

void add_pairs(Json& object, const char* name, const std::map<std::string, std::string>& pairs) {
  if (!pairs.empty()) {
    object[name] = pairs;
  }
}

void add_tmpfs(Json& options, const SpecMount& mount) {
  const bool compose = mount.engine == Engine::Compose;
  if (mount.tmpfs_size) {
    options[compose ? "size" : "tmpfs_size_bytes"] = *mount.tmpfs_size;
  }
  if (mount.tmpfs_mode) {
    options[compose ? "mode" : "tmpfs_mode"] =
        compose || mount.tmpfs_mode_text.empty() ? fmt::format("0{:o}", *mount.tmpfs_mode) : mount.tmpfs_mode_text;
  }
}

Json options_of(const SpecMount& mount) {
  Json options = Json::object();
  add_text(options, "selinux", mount.selinux);
  add_text(options, "consistency", mount.consistency);
  if (mount.create_host_path && mount.type == SpecType::Bind) {
    options["create_host_path"] = *mount.create_host_path;
  }
  add_text(options, mount.engine == Engine::Compose ? "recursive" : "bind_recursive", mount.recursive);
  add_true(options, "anonymous", mount.anonymous);
  add_text(options, "subpath", mount.subpath);
  add_pairs(options, "labels", mount.labels);
  add_text(options, "driver", mount.driver);
  if (!mount.flags) {  // Podman keeps them among the words
    add_pairs(options, "driver_opts", mount.driver_options);
  }
  add_tmpfs(options, mount);
  if (mount.flags) {
    options["flags"] = *mount.flags;
  }
  if (mount.words) {
    options[mount.flags ? "final" : "mount_options"] = *mount.words;
  }
  add_true(options, "nocreate", mount.no_create);
  add_text(options, "engine_name", mount.engine_name);
  return options;
}

Json value_of(const SpecVolumeCreate& value) {
  Json options = Json::object();
  if (value.uid) {
    options["uid"] = *value.uid;
  }
  if (value.gid) {
    options["gid"] = *value.gid;
  }
  if (value.size) {
    options["size_bytes"] = *value.size;
  }
  if (value.inodes) {
    options["inodes"] = *value.inodes;
  }
  add_true(options, "noquota", value.no_quota);
  options["needs_mount"] = value.needs_mount;
  options["stored_options"] = value.stored_options;
  return options;
}

}  // namespace

std::string to_json(const SpecMount& mount) {
  Json object{{"ok", true},
              {"type", to_string(mount.type)},
              {"source", mount.source},
              {"target", mount.target},
              {"read_only", mount.read_only},
              {"propagation", mount.propagation},
              {"nocopy", mount.no_copy},
              {"options", options_of(mount)}};
  add_text(object, "engine_error", mount.engine_error);
  return one_line(object);
}

std::string to_json(const SpecVolumesFrom& value) {
  Json options = Json::object();
  switch (value.engine) {
    case Engine::Docker:
      options["mode"] = value.mode;
      break;
    case Engine::Podman:
      options["flags"] = value.flags;
      break;
    case Engine::Compose:
      options["kind"] = value.service ? "service" : "container";
  }
  return one_line({{"ok", true},
                   {"type", "volumes-from"},
                   {"source", value.container},
                   {"read_only", value.read_only ? Json(*value.read_only) : Json(nullptr)},
                   {"options", options}});
}

std::string to_json(const SpecVolumeCreate& value) {
  return one_line({{"ok", true}, {"type", "volume"}, {"options", value_of(value)}});
}

std::string to_json(const ComposeVolumes& volumes) {
  Json all = Json::object();
  for (const auto& [key, volume] : volumes) {
    Json object{{"name", volume.name}, {"external", volume.external}};
    add_text(object, "driver", volume.driver);
    add_pairs(object, "driver_opts", volume.driver_options);
    add_pairs(object, "labels", volume.labels);
    all[key] = object;
  }
  return one_line({{"ok", true}, {"volumes", all}});
}

std::string to_json(const SpecError& error) {
  return one_line({{"ok", false},
                   {"code", to_string(error.spec_code())},
                   {"stage", to_string(error.spec_stage())},
                   {"engine_message", error.engine_words()},
                   {"line", error.line()},
                   {"column", error.column()},
                   {"length", error.length()},
                   {"message", error.what()}});
}

}  // namespace dunnage
