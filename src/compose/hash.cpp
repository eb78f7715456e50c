// SPDX-License-Identifier: Apache-2.0
#include "compose/hash.hpp"

#include "image/digest.hpp"

#include <fmt/format.h>

#include <array>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace dunnage::compose {
namespace {

/// The order of the keys from which Docker Compose computes, whatever it prints; others follow by name.
constexpr std::array kOrder{"annotations",
                            "attach",
                            "develop",
                            "blkio_config",
                            "cap_add",
                            "cap_drop",
                            "cgroup_parent",
                            "cgroup",
                            "cpu_count",
                            "cpu_percent",
                            "cpu_period",
                            "cpu_quota",
                            "cpu_rt_period",
                            "cpu_rt_runtime",
                            "cpus",
                            "cpuset",
                            "cpu_shares",
                            "command",
                            "configs",
                            "container_name",
                            "credential_spec",
                            "deploy",
                            "device_cgroup_rules",
                            "devices",
                            "dns",
                            "dns_opt",
                            "dns_search",
                            "domainname",
                            "entrypoint",
                            "provider",
                            "environment",
                            "env_file",
                            "expose",
                            "extends",
                            "external_links",
                            "extra_hosts",
                            "group_add",
                            "gpus",
                            "hostname",
                            "healthcheck",
                            "image",
                            "init",
                            "ipc",
                            "isolation",
                            "labels",
                            "label_file",
                            "links",
                            "logging",
                            "mem_limit",
                            "mem_reservation",
                            "memswap_limit",
                            "mem_swappiness",
                            "mac_address",
                            "models",
                            "network_mode",
                            "networks",
                            "oom_kill_disable",
                            "oom_score_adj",
                            "pid",
                            "pids_limit",
                            "platform",
                            "ports",
                            "privileged",
                            "read_only",
                            "restart",
                            "runtime",
                            "secrets",
                            "security_opt",
                            "shm_size",
                            "stdin_open",
                            "stop_grace_period",
                            "stop_signal",
                            "storage_opt",
                            "sysctls",
                            "tmpfs",
                            "tty",
                            "ulimits",
                            "use_api_socket",
                            "user",
                            "userns_mode",
                            "uts",
                            "volumes",
                            "volumes_from",
                            "working_dir",
                            "pre_start",
                            "post_start",
                            "pre_stop",
                            "pull_refresh_after",
                            "umask"};

/// What may differ without the container's being another one.
constexpr std::array kLeftOut{"build", "pull_policy", "scale", "depends_on", "profiles"};

void add_contents(const std::map<std::string, ProjectFile>& all, const std::vector<ServiceFile>& used,
                  std::string& text) {
  for (const ServiceFile& file : used) {
    const auto found = all.find(file.source);
    if (found != all.end() && found->second.content) {
      text += fmt::format("\n{} {}", file.target, content_name(*found->second.content, file));
    }
  }
}

}  // namespace

std::string content_name(std::string_view content, const ServiceFile& file) {
  const std::string said =
      fmt::format("{} {} {}\n", file.mode.value_or(0444), file.uid ? fmt::to_string(*file.uid) : "",
                  file.gid ? fmt::to_string(*file.gid) : "");
  return image::hex_of(image::digest_of(said + std::string{content}));
}

std::string volume_hash(const ProjectVolume& volume) {
  Json json = Json::object();
  const auto add = [&](const char* name, const auto& value) {
    if (!value.empty()) {
      json[name] = value;
    }
  };
  add("name", volume.name);
  json["driver"] = volume.driver.empty() ? "local" : volume.driver;
  add("driver_opts", volume.driver_options);
  if (volume.external) {
    json["external"] = true;
  }
  add("labels", volume.labels);
  return image::hex_of(image::digest_of(json_text(json, 0)));
}

std::string service_hash(const Model& model, const Service& service) {
  const Value& value = *model.value.find("services")->find(service.name);
  Json json = printed(value, service_shape(), Form::Json);
  for (const char* const name : kLeftOut) {
    json.erase(name);
  }
  if (json.contains("deploy")) {
    json["deploy"].erase("replicas");
  }
  Json ordered = Json::object();
  auto& members = ordered.get_ref<Json::object_t&>();
  for (const char* const name : kOrder) {
    if (const auto found = json.find(name); found != json.end()) {
      members.emplace_back(name, std::move(*found));
      json.erase(found);
    }
  }
  std::map<std::string, Json> rest;
  for (auto& [name, part] : json.get_ref<Json::object_t&>()) {
    rest.emplace(name, std::move(part));
  }
  for (auto& [name, part] : rest) {
    members.emplace_back(name, std::move(part));
  }
  std::string text = json_text(ordered, 0);
  add_contents(model.configs, service.configs, text);
  add_contents(model.secrets, service.secrets, text);
  if (service.rootfs) {
    text += "\nrootfs " + *service.rootfs;
  }
  return image::hex_of(image::digest_of(text));
}

}  // namespace dunnage::compose
