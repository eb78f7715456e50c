// SPDX-License-Identifier: Apache-2.0
#include <dunnage/container_store.hpp>

#include "cgroup/resources_json.hpp"
#include "model/json_text.hpp"
#include "model/option_json.hpp"
#include "volume/timestamp.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace dunnage {
namespace {

using Json = nlohmann::ordered_json;
using model::to_json_text;

/// Docker's word for "not yet" is the first second of its language's clock.
Json time_of(std::chrono::system_clock::time_point time) {
  return time == std::chrono::system_clock::time_point{} ? "0001-01-01T00:00:00Z"
                                                         : volume::format_time(time, volume::Precision::Nanoseconds);
}

Json texts(std::vector<std::string>::const_iterator begin, std::vector<std::string>::const_iterator end) {
  Json value = Json::array();
  for (; begin != end; ++begin) {
    value.push_back(to_json_text(*begin));
  }
  return value;
}

Json environment_of(const Environment& environment) {
  Json value = Json::array();
  for (const auto& [name, text] : environment) {
    value.push_back(to_json_text(name + "=" + text));
  }
  return value;
}

Json labels_of(const Labels& labels) {
  Json value = Json::object();
  for (const auto& [key, text] : labels) {
    value[key] = to_json_text(text);
  }
  return value;
}

Json state_of(const ContainerInfo& container) {
  const ContainerStatus status = container.status;
  const bool paused = status == ContainerStatus::Paused;
  const bool restarting = status == ContainerStatus::Restarting;
  // to Docker what is paused or about to start again runs as well
  return {{"Status", to_string(status)},
          {"Running", status == ContainerStatus::Running || paused || restarting},
          {"Paused", paused},
          {"Restarting", restarting},
          {"OOMKilled", container.exit && container.exit->oom_killed()},
          {"Dead", status == ContainerStatus::Dead},
          {"Pid", container.pid},
          {"ExitCode", container.exit ? container.exit->code() : 0},
          {"Error", container.exit ? to_json_text(container.exit->cause()) : Json("")},
          {"StartedAt", time_of(container.started_at)},
          {"FinishedAt", time_of(container.finished_at)}};
}

Json mount_of(const ResolvedMount& mount) {
  const bool is_volume = mount.kind == MountKind::Volume;
  const bool is_image = mount.kind == MountKind::Image;
  Json value{{"Type", to_string(mount.kind)},
             {"Name", to_json_text(is_image ? mount.image : mount.volume)},
             {"Source", to_json_text(mount.source.native())},
             {"Destination", to_json_text(mount.target)},
             {"Driver", is_volume ? "local" : ""},
             {"Mode", mount.read_only && !is_image ? "ro" : ""},
             {"RW", !mount.read_only},
             {"Propagation", mount.kind == MountKind::Bind || is_image ? to_string(mount.propagation) : ""}};
  if (mount.follow != Follow::Inode) {
    value["Follow"] = to_string(mount.follow);
  }
  if (mount.on_loss != SourceLoss{}) {
    value["OnLoss"] = model::to_value(mount.on_loss);
  }
  return value;
}

Json config_of(const ContainerInfo& container) {
  return {{"Hostname", to_json_text(container.hostname)},
          {"User", to_json_text(container.user)},
          {"Env", environment_of(container.env)},
          {"Cmd", texts(container.argv.begin(), container.argv.end())},
          {"WorkingDir", to_json_text(container.cwd)},
          {"Labels", labels_of(container.labels)},
          {"Tty", container.terminal},
          {"StopSignal", signal_name(container.stop_signal)}};
}

/// As `--security-opt` takes it; a profile that was given as a text is the text.
std::string security_option_of(const Seccomp& seccomp) {
  switch (seccomp.kind()) {
    case Seccomp::Kind::Standard:
      return "seccomp=builtin";
    case Seccomp::Kind::Text:
      return "seccomp=" + seccomp.text();
    default:
      return "seccomp=" + seccomp.to_string();
  }
}

Json host_config_of(const ContainerInfo& container) {
  RestartPolicy policy = container.restart;
  policy.max_retries = 0;  // the number has a field of its own
  Json value{{"RestartPolicy", {{"Name", policy.to_string()}, {"MaximumRetryCount", container.restart.max_retries}}},
             {"AutoRemove", container.remove_on_exit},
             {"SecurityOpt", Json::array({to_json_text(security_option_of(container.seccomp))})}};
  if (container.changes_limit_way != LimitWay::None) {
    value["StorageOpt"] = {{"size", std::to_string(container.changes_limit)}};
  }
  value.update(cgroup::to_value(container.resources));
  return value;
}

/// Where the root file system comes from, as Docker tells it of overlay2. The layers are the image's.
Json graph_driver_of(const ContainerInfo& container) {
  Json data = Json::object();
  const LimitWay way = container.changes_limit_way;
  if (way != LimitWay::None) {
    data["LimitWay"] = to_string(way);
  }
  if (way == LimitWay::XfsImage || way == LimitWay::Ext4Image) {
    data["ImageFile"] = to_json_text(container.changes.native());  // which has these two
  } else if (!container.changes.empty()) {
    data["UpperDir"] = to_json_text(container.changes.native());
    data["WorkDir"] = to_json_text((container.changes.parent_path() / "work").native());
  }
  return {{"Name", "overlay"}, {"Data", std::move(data)}};
}

}  // namespace

std::string to_json(const ContainerInfo& container) {
  Json mounts = Json::array();
  for (const ResolvedMount& mount : container.mounts) {
    mounts.push_back(mount_of(mount));
  }
  const auto& argv = container.argv;
  Json value{{"Id", container.id},
             {"Name", container.name},
             {"Created", time_of(container.created_at)},
             {"Path", argv.empty() ? Json("") : to_json_text(argv.front())},
             {"Args", texts(argv.empty() ? argv.begin() : argv.begin() + 1, argv.end())},
             {"State", state_of(container)},
             {"Rootfs", to_json_text(container.rootfs)},
             {"Mounts", mounts},
             {"Config", config_of(container)},
             {"HostConfig", host_config_of(container)},
             {"RestartCount", container.restart_count},
             {"LogPath", to_json_text(container.log.native())}};
  if (!container.image_id.empty()) {
    value["Image"] = to_json_text(container.image_id);
    value["Config"]["Image"] = to_json_text(container.image);
    value["GraphDriver"] = graph_driver_of(container);
  }
  // the key of a label has to be a JSON key; one that is not Unicode gets replacement characters
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace dunnage
