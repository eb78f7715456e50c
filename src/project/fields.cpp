// SPDX-License-Identifier: Apache-2.0
#include "project/fields.hpp"

#include "image/digest.hpp"

#include <dunnage/spec.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

namespace dunnage::project {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kDigits = 12;

std::string text_of(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

/// Collects fields that say something.
class Collector {
 public:
  void add(const std::string& name, const Json& value) {
    const bool nothing = value.is_null() || value == Json(false) || (value.is_string() && value == "") ||
                         ((value.is_array() || value.is_object()) && value.empty());
    if (!nothing) {
      fields_[name] = image::digest_of(text_of(value)).substr(image::kAlgorithm.size(), kDigits);
    }
  }
  template <typename Value>
  void add(const std::string& name, const std::optional<Value>& value) {
    if (value) {
      fields_[name] = image::digest_of(text_of(Json(*value))).substr(image::kAlgorithm.size(), kDigits);
    }
  }
  [[nodiscard]] Fields take() { return std::move(fields_); }

 private:
  Fields fields_;
};

Json mounts_of(const Service& service) {
  Json list = Json::array();
  for (const SpecMount& mount : service.volumes) {
    list.push_back(to_json(mount));
  }
  return list;
}

Json sources_of(const Service& service) {
  Json list = Json::array();
  for (const SpecVolumesFrom& from : service.volumes_from) {
    list.push_back(to_json(from));
  }
  return list;
}

Json files_of(const std::vector<ServiceFile>& files) {
  Json list = Json::array();
  for (const ServiceFile& file : files) {
    list.push_back(Json::array({file.source, file.target, file.uid.value_or(0), file.gid.value_or(0),
                                file.mode ? Json(*file.mode) : Json(nullptr)}));
  }
  return list;
}

Json check_of(const Healthcheck& check) {
  return Json::array({check.test, check.interval.count(), check.timeout.count(), check.start_period.count(),
                      check.start_interval.count(), check.retries});
}

/// A file is its path: as with Docker Compose, what it holds counts where a container is made.
std::string seccomp_of(const Seccomp& seccomp) {
  return seccomp.kind() == Seccomp::Kind::Standard ? std::string{} : seccomp.to_string();
}

void add_process(const Service& service, Collector& fields) {
  fields.add("image", service.image);
  fields.add("container_name", service.container_name);
  fields.add("command", service.command);
  fields.add("entrypoint", service.entrypoint);
  for (const auto& [name, value] : service.environment) {
    fields.add("environment." + name, Json::array({value ? Json(*value) : Json(nullptr)}));
  }
  for (const auto& [name, value] : service.labels) {
    fields.add("labels." + name, Json::array({value}));
  }
  fields.add("working_dir", service.working_dir);
  fields.add("user", service.user);
  fields.add("group_add", service.group_add);
  fields.add("hostname", service.hostname);
  fields.add("tty", service.tty);
  fields.add("stdin_open", service.stdin_open);
  fields.add("init", service.init);
}

void add_place(const Service& service, Collector& fields) {
  fields.add("volumes", mounts_of(service));
  fields.add("volumes_from", sources_of(service));
  fields.add("configs", files_of(service.configs));
  fields.add("secrets", files_of(service.secrets));
  fields.add("read_only", service.read_only);
  for (const auto& [name, value] : service.storage_opt) {
    fields.add("storage_opt." + name, value);
  }
  fields.add("network_mode", service.host_network);
  fields.add("security_opt", service.no_new_privileges);
  fields.add("security_opt.seccomp", seccomp_of(service.seccomp));
  fields.add("resources", Json::parse(service.resources.to_json()));
  fields.add("cap_add", service.cap_add);
  fields.add("cap_drop", service.cap_drop);
  fields.add("restart", service.restart == "no" ? std::string{} : service.restart);
  fields.add("stop_signal", service.stop_signal);
  if (service.stop_grace_period) {
    fields.add("stop_grace_period", Json(service.stop_grace_period->count()));
  }
  if (service.healthcheck) {
    fields.add("healthcheck", check_of(*service.healthcheck));
  }
  fields.add("x-dunnage.rootfs", service.rootfs);
}

}  // namespace

Fields fields_of(const Service& service) {
  Collector fields;
  add_process(service, fields);
  add_place(service, fields);
  return fields.take();
}

std::string encode_fields(const Fields& fields) { return text_of(Json(fields)); }

Fields decode_fields(std::string_view text) {
  Fields fields;
  const auto json = Json::parse(text, nullptr, false);
  if (json.is_object()) {
    for (const auto& [name, value] : json.items()) {
      if (value.is_string()) {
        fields[name] = value.get<std::string>();
      }
    }
  }
  return fields;
}

std::vector<std::string> difference(const Fields& before, const Fields& now) {
  std::vector<std::string> names;
  for (const auto& [name, digest] : now) {
    const auto old = before.find(name);
    if (old == before.end() || old->second != digest) {
      names.push_back(name);
    }
  }
  for (const auto& [name, digest] : before) {
    if (!now.contains(name)) {
      names.push_back(name);
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace dunnage::project
