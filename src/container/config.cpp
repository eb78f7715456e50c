// SPDX-License-Identifier: Apache-2.0
#include "container/config.hpp"

#include "container/mount_events.hpp"
#include "container/renamed_volumes.hpp"

#include <dunnage/error.hpp>

#include "cgroup/resources_json.hpp"
#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "model/json_text.hpp"
#include "model/words.hpp"
#include "plan/plan_json.hpp"
#include "volume/metadata.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <limits>
#include <stdexcept>
#include <utility>
#include <vector>

namespace dunnage::container {
namespace {

using Json = nlohmann::ordered_json;
using model::from_json_text;
using model::to_json_text;
using TimePoint = std::chrono::system_clock::time_point;

constexpr int kFormat = 1;
/// How records begin that were written before they had a checksum.
constexpr std::string_view kWithoutChecksum = "{\n";
constexpr std::string_view kStateWithoutChecksum = "{\"status\"";

std::int64_t to_nanoseconds(TimePoint time) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
}

TimePoint from_nanoseconds(std::int64_t count) {
  return TimePoint{std::chrono::duration_cast<TimePoint::duration>(std::chrono::nanoseconds{count})};
}

Json texts_to_value(const std::vector<std::string>& texts) {
  Json value = Json::array();
  std::transform(texts.begin(), texts.end(), std::back_inserter(value),
                 [](const auto& text) { return to_json_text(text); });
  return value;
}

std::vector<std::string> texts_from_value(const Json& value) {
  std::vector<std::string> texts;
  for (const Json& text : value) {
    texts.push_back(from_json_text(text));
  }
  return texts;
}

/// Pairs, because a key of a JSON object has to be Unicode.
Json pairs_to_value(const std::map<std::string, std::string>& pairs) {
  Json value = Json::array();
  for (const auto& [key, text] : pairs) {
    value.push_back(Json::array({to_json_text(key), to_json_text(text)}));
  }
  return value;
}

std::map<std::string, std::string> pairs_from_value(const Json& value) {
  std::map<std::string, std::string> pairs;
  for (const Json& pair : value) {
    pairs.emplace(from_json_text(pair.at(0)), from_json_text(pair.at(1)));
  }
  return pairs;
}

/// Unlike get<unsigned>(), which would take a negative number or a fraction and cut it.
template <typename Number>
Number number_of(const Json& value) {
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() > std::numeric_limits<Number>::max()) {
    throw std::invalid_argument{"a number is out of range"};
  }
  return value.get<Number>();
}

Json to_value(const Relaunch& relaunch) {
  Json value{{"ReadOnlyRoot", relaunch.read_only_root},
             {"HostNetwork", relaunch.network == Network::Host},
             {"AddCapabilities", texts_to_value(relaunch.add_capabilities)},
             {"DropCapabilities", texts_to_value(relaunch.drop_capabilities)},
             {"RootChanges", to_string(relaunch.root_changes.kind)},
             {"RootChangesSize", relaunch.root_changes.size}};
  if (relaunch.root_changes.limit) {
    value["RootChangesLimit"] = *relaunch.root_changes.limit;
    value["RootChangesWay"] = to_string(relaunch.limit_way);
  }
  return value;
}

Relaunch relaunch_of(const Json& value) {
  Relaunch relaunch;
  relaunch.read_only_root = value.at("ReadOnlyRoot").get<bool>();
  relaunch.network = value.at("HostNetwork").get<bool>() ? Network::Host : Network::Private;
  relaunch.add_capabilities = texts_from_value(value.at("AddCapabilities"));
  relaunch.drop_capabilities = texts_from_value(value.at("DropCapabilities"));
  if (const auto kind = value.find("RootChanges"); kind != value.end()) {  // absent in records of earlier versions
    const bool memory = kind->get<std::string>() == to_string(RootChanges::Kind::Memory);
    relaunch.root_changes.kind = memory ? RootChanges::Kind::Memory : RootChanges::Kind::Disk;
    relaunch.root_changes.size = number_of<std::uint64_t>(value.at("RootChangesSize"));
  }
  if (const auto limit = value.find("RootChangesLimit"); limit != value.end()) {
    const auto way = model::limit_way_named(value.at("RootChangesWay").get<std::string>());
    if (!way) {
      throw std::invalid_argument{"unknown way to hold a limit"};
    }
    relaunch.root_changes.limit = number_of<std::uint64_t>(*limit);
    relaunch.limit_way = *way;
  }
  return relaunch;
}

/// A file is written down as it was read.
Json to_value(const Seccomp& seccomp) {
  switch (seccomp.kind()) {
    case Seccomp::Kind::File:
      return {{"Path", to_json_text(seccomp.path().string())}, {"Text", to_json_text(seccomp.text())}};
    case Seccomp::Kind::Text:
      return {{"Text", to_json_text(seccomp.text())}};
    default:
      return seccomp.to_string();
  }
}

Seccomp seccomp_of(const Json& value) {
  if (value.is_string()) {
    const auto word = value.get<std::string>();
    if (word != "default" && word != "unconfined") {
      throw std::invalid_argument{"unknown seccomp profile"};
    }
    return word == "default" ? Seccomp::standard() : Seccomp::unconfined();
  }
  std::string text = from_json_text(value.at("Text"));
  const auto path = value.find("Path");
  return path == value.end() ? Seccomp::json(std::move(text))
                             : Seccomp::file(from_json_text(*path)).with_text(std::move(text));
}

Config config_of(const Json& value) {
  if (number_of<unsigned>(value.at("Format")) != kFormat) {
    throw std::invalid_argument{kNewerRecord};
  }
  Config config;
  config.id = value.at("Id").get<std::string>();
  config.name = value.at("Name").get<std::string>();
  config.argv = texts_from_value(value.at("Argv"));
  config.rootfs = from_json_text(value.at("Rootfs"));
  if (const auto image = value.find("Image"); image != value.end()) {
    config.image = from_json_text(image->at("Name"));
    config.image_id = from_json_text(image->at("Id"));
  }
  config.env = pairs_from_value(value.at("Env"));
  config.cwd = from_json_text(value.at("Cwd"));
  config.user = from_json_text(value.at("User"));
  for (const Json& group : value.at("Groups")) {
    config.groups.push_back(number_of<std::uint32_t>(group));
  }
  config.hostname = from_json_text(value.at("Hostname"));
  config.labels = pairs_from_value(value.at("Labels"));
  config.restart = RestartPolicy::parse(value.at("Restart").get<std::string>());
  config.mounts = plan::from_value(value.at("Mounts"));
  config.anonymous_volumes = texts_from_value(value.at("AnonymousVolumes"));
  if (const auto volumes = value.find("Renames"); volumes != value.end()) {
    for (const Json& volume : *volumes) {
      config.volumes.push_back({from_json_text(volume.at("Store")), volume.at("Volume").get<std::string>(),
                                number_of<std::uint64_t>(volume.at("Position"))});
    }
  }
  config.terminal = value.at("Terminal").get<bool>();
  config.remove_on_exit = value.at("RemoveOnExit").get<bool>();
  config.detached = value.at("Detached").get<bool>();
  config.stop_signal = static_cast<int>(number_of<std::uint8_t>(value.at("StopSignal")));
  config.created_at = from_nanoseconds(value.at("CreatedAt").get<std::int64_t>());
  config.capabilities = number_of<std::uint64_t>(value.at("Capabilities"));
  config.no_new_privileges = value.at("NoNewPrivileges").get<bool>();
  if (const auto seccomp = value.find("Seccomp"); seccomp != value.end()) {  // absent in records of earlier versions
    config.seccomp = seccomp_of(*seccomp);
  }
  if (const auto resources = value.find("Resources"); resources != value.end()) {
    config.resources = cgroup::from_value(*resources);
  }
  if (const auto relaunch = value.find("Relaunch"); relaunch != value.end()) {
    config.relaunch = relaunch_of(*relaunch);
  }
  return config;
}

ContainerStatus status_named(const std::string& word) {
  for (const auto status : {ContainerStatus::Created, ContainerStatus::Running, ContainerStatus::Paused,
                            ContainerStatus::Restarting, ContainerStatus::Exited}) {
    if (to_string(status) == word) {
      return status;
    }
  }
  throw std::invalid_argument{"unknown status"};
}

}  // namespace

std::string encode_config(const Config& config) {
  Json value = model::to_object({{"Format", kFormat},
                                 {"Id", config.id},
                                 {"Name", config.name},
                                 {"Argv", texts_to_value(config.argv)},
                                 {"Rootfs", to_json_text(config.rootfs)},
                                 {"Env", pairs_to_value(config.env)},
                                 {"Cwd", to_json_text(config.cwd)},
                                 {"User", to_json_text(config.user)},
                                 {"Groups", config.groups},
                                 {"Hostname", to_json_text(config.hostname)},
                                 {"Labels", pairs_to_value(config.labels)},
                                 {"Restart", config.restart.to_string()},
                                 {"Mounts", plan::to_value(config.mounts)},
                                 {"AnonymousVolumes", texts_to_value(config.anonymous_volumes)},
                                 {"Terminal", config.terminal},
                                 {"RemoveOnExit", config.remove_on_exit},
                                 {"Detached", config.detached},
                                 {"StopSignal", config.stop_signal},
                                 {"CreatedAt", to_nanoseconds(config.created_at)},
                                 {"Capabilities", config.capabilities},
                                 {"NoNewPrivileges", config.no_new_privileges},
                                 {"Seccomp", to_value(config.seccomp)}});
  if (!config.image_id.empty()) {
    value["Image"] = {{"Name", to_json_text(config.image)}, {"Id", to_json_text(config.image_id)}};
  }
  if (!config.resources.empty()) {
    value["Resources"] = cgroup::to_value(config.resources);
  }
  for (const volume::KnownVolume& volume : config.volumes) {
    value["Renames"].push_back(
        {{"Store", to_json_text(volume.store.string())}, {"Volume", volume.name}, {"Position", volume.position}});
  }
  if (config.relaunch) {
    value["Relaunch"] = to_value(*config.relaunch);
  }
  return volume::with_checksum(value.dump(2).substr(kWithoutChecksum.size()) + "\n");  // its brace is in the first line
}

Config decode_config(std::string_view text) {
  if (!text.starts_with(kWithoutChecksum)) {
    if (const auto fault = volume::checksum_fault(text)) {
      throw std::invalid_argument{*fault};
    }
  }
  try {
    return config_of(Json::parse(text));
  } catch (const Json::exception& fault) {
    throw std::invalid_argument{fault.what()};
  } catch (const Error& fault) {
    throw std::invalid_argument{fault.what()};
  }
}

std::optional<SavedState> decode_state(std::string_view text) {
  if (!text.starts_with(kStateWithoutChecksum) && volume::checksum_fault(text)) {
    return std::nullopt;
  }
  try {
    const Json value = Json::parse(text);
    SavedState state;
    state.status = status_named(value.at("status").get<std::string>());
    state.restart_count = number_of<unsigned>(value.at("restart_count"));
    state.started_at = from_nanoseconds(value.at("started_at").get<std::int64_t>());
    state.finished_at = from_nanoseconds(value.at("finished_at").get<std::int64_t>());
    if (state.status == ContainerStatus::Exited) {
      const int signal = value.at("signal").get<int>();
      state.exit = signal != 0 ? ExitStatus::signaled(signal) : ExitStatus::exited(value.at("exit_code").get<int>());
      const auto killed = value.find("oom_killed");  // absent in records of earlier versions
      state.exit = state.exit->with_oom_killed(killed != value.end() && killed->get<int>() != 0);
      if (const auto loss = value.find("loss"); loss != value.end()) {
        launcher::Failure failure;
        failure.step = static_cast<launcher::Step>(value.at("loss_step").get<std::uint16_t>());
        failure.error = value.at("loss_error").get<int>();
        state.exit = state.exit->with_cause(cause_of_stop(failure, loss->dump()));
      }
    }
    return state;
  } catch (const Json::exception&) {
    return std::nullopt;
  } catch (const std::invalid_argument&) {
    return std::nullopt;
  }
}

void follow_renames(Config& config) {
  for (const RenamedVolume& volume : follow_renames(config.mounts, config.volumes)) {
    std::replace(config.anonymous_volumes.begin(), config.anonymous_volumes.end(), volume.from, volume.to);
  }
}

Config read_config(int record_directory) {
  std::string buffer;
  const auto [text, number] = kernel::read_small_file(record_directory, kConfigName, buffer, kMostConfigBytes);
  if (number != 0) {
    throw kernel::CallError{"read config.json", number};
  }
  Config config = decode_config(text);
  follow_renames(config);
  return config;
}

std::optional<SavedState> read_state(int record_directory) {
  std::string buffer;
  const auto [text, number] = kernel::read_small_file(record_directory, kStateName, buffer, kMostStateBytes);
  return number == 0 ? decode_state(text) : std::nullopt;
}

}  // namespace dunnage::container
