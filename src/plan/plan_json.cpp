// SPDX-License-Identifier: Apache-2.0
#include "plan/plan_json.hpp"

#include "model/json_text.hpp"
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

Json labels_to_value(const Labels& labels) {
  Json value = Json::array();
  for (const auto& [key, text] : labels) {
    value.push_back({{"Key", to_json_text(key)}, {"Value", to_json_text(text)}});
  }
  return value;
}

Json to_value(const ResolvedMount& mount) {
  Json reasons = Json::array();
  std::transform(mount.reasons.begin(), mount.reasons.end(), std::back_inserter(reasons),
                 [](const std::string& reason) { return to_json_text(reason); });
  return {{"Type", to_string(mount.kind)},
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
          {"Labels", labels_to_value(mount.labels)},
          {"SizeBytes", mount.size},
          {"Mode", mount.mode},
          {"Uid", optional_number(mount.uid)},
          {"Gid", optional_number(mount.gid)},
          {"Reasons", reasons}};
}

MountKind kind_named(const std::string& word) {
  for (const MountKind kind : {MountKind::Bind, MountKind::Volume, MountKind::Tmpfs}) {
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

/// Unlike get<unsigned>(), which would take a negative number or a fraction and cut it.
template <typename Number>
Number number_of(const Json& value) {
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() > std::numeric_limits<Number>::max()) {
    throw std::invalid_argument{"a number is out of range"};
  }
  return value.get<Number>();
}

std::optional<std::uint32_t> optional_id(const Json& value) {
  return value.is_null() ? std::nullopt : std::optional{number_of<std::uint32_t>(value)};
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
  for (const Json& label : value.at("Labels")) {
    mount.labels.emplace(from_json_text(label.at("Key")), from_json_text(label.at("Value")));
  }
  mount.size = number_of<std::uint64_t>(value.at("SizeBytes"));
  mount.mode = number_of<unsigned>(value.at("Mode"));
  mount.uid = optional_id(value.at("Uid"));
  mount.gid = optional_id(value.at("Gid"));
  for (const Json& reason : value.at("Reasons")) {
    mount.reasons.push_back(from_json_text(reason));
  }
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
