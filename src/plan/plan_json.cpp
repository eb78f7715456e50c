// SPDX-License-Identifier: Apache-2.0
#include "plan/plan_json.hpp"

#include "model/json_text.hpp"
#include "model/option_json.hpp"
#include "model/words.hpp"

#include <dunnage/error.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <exception>
#include <iterator>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dunnage {
namespace plan {
namespace {

using Json = nlohmann::ordered_json;
using model::from_json_text;
using model::to_json_text;

Json optional_number(const std::optional<std::uint32_t>& number) { return number ? Json(*number) : Json(nullptr); }

/// Members that are there only where they say something.
void add_further(Json& value, const ResolvedMount& mount) {
  const ResolvedMount plain;
  const auto add = [&](const char* name, bool given, const Json& json) {
    if (given) {
      value[name] = json;
    }
  };
  add("NrInodes", mount.nr_inodes.has_value(), mount.nr_inodes.value_or(0));
  add("NoSwap", mount.no_swap, true);
  add("CreateMode", mount.create_mode != plain.create_mode, mount.create_mode);
  add("CreateUid", mount.create_uid.has_value(), mount.create_uid.value_or(0));
  add("CreateGid", mount.create_gid.has_value(), mount.create_gid.value_or(0));
  add("RequireMountpoint", mount.require_mountpoint, true);
  add("Follow", mount.follow != Follow::Inode, to_string(mount.follow));
  add("Transaction", !mount.transaction.empty(), model::to_json_text(mount.transaction));
  add("LeftOut", mount.left_out, true);
  add("CopyUp", mount.copy_up, true);
  add("Subpath", !mount.subpath.empty(), to_json_text(mount.subpath));
  add("Image", !mount.image.empty(), to_json_text(mount.image));
  add("ImageId", !mount.image_id.empty(), to_json_text(mount.image_id));
  add("Driver", !mount.driver.empty(), to_json_text(mount.driver));
  add("DriverOptions", !mount.driver_options.empty(), model::pairs_to_value(mount.driver_options));
  add("LimitWay", mount.limit_way != LimitWay::None, to_string(mount.limit_way));
  add("Access", mount.access != AccessMode::Shared, to_string(mount.access));
  add("AccessTimeout", mount.access_timeout.count() != 0, mount.access_timeout.count());
  add("Masked", !mount.masked.empty(), model::texts_to_value(mount.masked));
  model::add_options(value, mount);
}

Json to_value(const ResolvedMount& mount) {
  Json value = model::to_object({{"Type", to_string(mount.kind)},
                                 {"FileKind", mount.file_kind == FileKind::Directory ? "directory" : "file"},
                                 {"Target", to_json_text(mount.target)},
                                 {"Source", to_json_text(mount.source.string())},
                                 {"CreateSource", mount.create_source},
                                 {"ReadOnly", mount.read_only},
                                 {"RecursiveReadOnly", mount.recursive_read_only},
                                 {"Recursive", mount.recursive},
                                 {"Suid", mount.suid},
                                 {"Dev", mount.dev},
                                 {"Exec", mount.exec},
                                 {"Propagation", to_string(mount.propagation)},
                                 {"Volume", to_json_text(mount.volume)},
                                 {"Store", to_json_text(mount.store.string())},
                                 {"CreateVolume", mount.create_volume},
                                 {"NoCopy", mount.no_copy},
                                 {"Labels", model::pairs_to_value(mount.labels)},
                                 {"SizeBytes", mount.size},
                                 {"Mode", mount.mode},
                                 {"Uid", optional_number(mount.uid)},
                                 {"Gid", optional_number(mount.gid)},
                                 {"Reasons", model::texts_to_value(mount.reasons)}});
  add_further(value, mount);
  return value;
}

MountKind kind_named(const std::string& word) {
  for (const MountKind kind : {MountKind::Bind, MountKind::Volume, MountKind::Tmpfs, MountKind::Image}) {
    if (to_string(kind) == word) {
      return kind;
    }
  }
  throw std::invalid_argument{"unknown type \"" + word + "\""};
}

FileKind file_kind_named(const std::string& word) {
  if (word != "directory" && word != "file") {
    throw std::invalid_argument{"unknown kind of file \"" + word + "\""};
  }
  return word == "file" ? FileKind::File : FileKind::Directory;
}

Propagation propagation_named(const std::string& word) {
  if (const auto propagation = model::propagation_named(word)) {
    return *propagation;
  }
  throw std::invalid_argument{"unknown propagation \"" + word + "\""};
}

std::optional<std::uint32_t> optional_id(const Json& value) {
  return value.is_null() ? std::nullopt : std::optional{model::number_from<std::uint32_t>(value)};
}

void read_attributes(const Json& value, ResolvedMount& mount) {
  mount.create_source = value.at("CreateSource").get<bool>();
  mount.read_only = value.at("ReadOnly").get<bool>();
  mount.recursive_read_only = value.at("RecursiveReadOnly").get<bool>();
  mount.recursive = value.at("Recursive").get<bool>();
  mount.suid = value.at("Suid").get<bool>();
  mount.dev = value.at("Dev").get<bool>();
  mount.exec = value.at("Exec").get<bool>();
  mount.propagation = propagation_named(value.at("Propagation").get<std::string>());
}

template <typename Read>
void read_if_there(const Json& value, const char* name, Read&& read) {
  if (const auto found = value.find(name); found != value.end()) {
    read(*found);
  }
}

Relabel relabel_named(const std::string& word) {
  if (const auto relabel = model::relabel_named(word)) {
    return *relabel;
  }
  throw std::invalid_argument{"unknown relabel \"" + word + "\""};
}

AccessMode access_named(const std::string& word) {
  if (const auto mode = model::access_mode_named(word)) {
    return *mode;
  }
  throw std::invalid_argument{"unknown access mode \"" + word + "\""};
}

LimitWay limit_way_from(const std::string& word) {
  if (const auto way = model::limit_way_named(word)) {
    return *way;
  }
  throw std::invalid_argument{"unknown way of a limit \"" + word + "\""};
}

void read_options(const Json& value, ResolvedMount& mount) {
  read_if_there(value, "Owner", [&](const Json& json) { mount.owner = model::ownership_from(json); });
  read_if_there(value, "Chown", [&](const Json& json) { mount.chown = json.get<bool>(); });
  read_if_there(value, "Relabel", [&](const Json& json) { mount.relabel = relabel_named(json.get<std::string>()); });
  read_if_there(value, "Exclude", [&](const Json& json) { mount.exclude = model::texts_from(json); });
  read_if_there(value, "Overlay", [&](const Json& json) { mount.overlay = model::overlay_from(json); });
  read_if_there(value, "OnLoss", [&](const Json& json) { mount.on_loss = model::source_loss_from(json); });
  read_if_there(value, "Access", [&](const Json& json) { mount.access = access_named(json.get<std::string>()); });
  read_if_there(value, "AccessTimeout", [&](const Json& json) {
    mount.access_timeout = std::chrono::milliseconds{model::number_from<std::uint32_t>(json)};
  });
  read_if_there(value, "Masked", [&](const Json& json) { mount.masked = model::texts_from(json); });
}

void read_further(const Json& value, ResolvedMount& mount) {
  read_if_there(value, "NrInodes",
                [&](const Json& json) { mount.nr_inodes = model::number_from<std::uint64_t>(json); });
  read_if_there(value, "NoSwap", [&](const Json& json) { mount.no_swap = json.get<bool>(); });
  read_if_there(value, "CreateMode", [&](const Json& json) { mount.create_mode = model::number_from<unsigned>(json); });
  read_if_there(value, "CreateUid",
                [&](const Json& json) { mount.create_uid = model::number_from<std::uint32_t>(json); });
  read_if_there(value, "CreateGid",
                [&](const Json& json) { mount.create_gid = model::number_from<std::uint32_t>(json); });
  read_if_there(value, "Transaction", [&](const Json& json) { mount.transaction = model::from_json_text(json); });
  read_if_there(value, "RequireMountpoint", [&](const Json& json) { mount.require_mountpoint = json.get<bool>(); });
  read_if_there(value, "Follow", [&](const Json& json) {
    mount.follow = model::follow_named(json.get<std::string>()).value_or(Follow::Inode);
  });
  read_if_there(value, "LeftOut", [&](const Json& json) { mount.left_out = json.get<bool>(); });
  read_if_there(value, "CopyUp", [&](const Json& json) { mount.copy_up = json.get<bool>(); });
  read_if_there(value, "Subpath", [&](const Json& json) { mount.subpath = from_json_text(json); });
  read_if_there(value, "Image", [&](const Json& json) { mount.image = from_json_text(json); });
  read_if_there(value, "ImageId", [&](const Json& json) { mount.image_id = from_json_text(json); });
  read_if_there(value, "Driver", [&](const Json& json) { mount.driver = from_json_text(json); });
  read_if_there(value, "LimitWay",
                [&](const Json& json) { mount.limit_way = limit_way_from(json.get<std::string>()); });
  read_if_there(value, "DriverOptions", [&](const Json& json) { mount.driver_options = model::pairs_from(json); });
  read_options(value, mount);
}

ResolvedMount to_mount(const Json& value) {
  ResolvedMount mount;
  mount.kind = kind_named(value.at("Type").get<std::string>());
  mount.file_kind = file_kind_named(value.at("FileKind").get<std::string>());
  mount.target = from_json_text(value.at("Target"));
  mount.source = from_json_text(value.at("Source"));
  read_attributes(value, mount);
  mount.volume = from_json_text(value.at("Volume"));
  mount.store = from_json_text(value.at("Store"));
  mount.create_volume = value.at("CreateVolume").get<bool>();
  mount.no_copy = value.at("NoCopy").get<bool>();
  mount.labels = model::pairs_from(value.at("Labels"));
  mount.size = model::number_from<std::uint64_t>(value.at("SizeBytes"));
  mount.mode = model::number_from<unsigned>(value.at("Mode"));
  mount.uid = optional_id(value.at("Uid"));
  mount.gid = optional_id(value.at("Gid"));
  mount.reasons = model::texts_from(value.at("Reasons"));
  read_further(value, mount);
  return mount;
}

[[noreturn]] void refuse(const std::exception& fault) {
  throw MountError{{.stage = Stage::Resolve,
                    .operation = "read a mount plan",
                    .subject = "",
                    .detail = "",
                    .cause = fault.what(),
                    .code = errc::invalid_argument,
                    .remedy = "give the text that MountPlan::to_json() made"},
                   "",
                   ""};
}

}  // namespace

nlohmann::ordered_json to_value(const MountPlan& plan) {
  Json array = Json::array();
  for (const ResolvedMount& mount : plan) {
    array.push_back(to_value(mount));
  }
  return array;
}

MountPlan from_value(const nlohmann::ordered_json& value) {
  std::vector<ResolvedMount> mounts;
  try {
    if (!value.is_array()) {
      throw std::invalid_argument{"it is not an array"};
    }
    for (const Json& mount : value) {
      mounts.push_back(to_mount(mount));
    }
  } catch (const Json::exception& fault) {
    refuse(fault);
  } catch (const std::invalid_argument& fault) {
    refuse(fault);
  }
  return MountPlan{std::move(mounts)};
}

MountPlan from_json(std::string_view text) {
  Json value;
  try {
    value = Json::parse(text);
  } catch (const Json::exception& fault) {
    refuse(fault);
  }
  return from_value(value);
}

}  // namespace plan

std::string MountPlan::to_json() const { return plan::to_value(*this).dump(2); }

}  // namespace dunnage
