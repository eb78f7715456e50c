// SPDX-License-Identifier: Apache-2.0
#include "image/config.hpp"

#include "image/digest.hpp"
#include "image/failure.hpp"
#include "image/json.hpp"
#include "image/platform.hpp"
#include "volume/timestamp.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>

namespace dunnage::image {
namespace {

/// RFC 3339 with any offset. What cannot be read is the epoch: when an image was made changes nothing.
std::chrono::system_clock::time_point read_time(std::string text) {
  constexpr std::size_t kOffset = 6;  // "+02:00"
  std::chrono::minutes ahead{0};
  if (text.size() > kOffset && text.back() != 'Z') {
    const std::string offset = text.substr(text.size() - kOffset);
    if ((offset[0] != '+' && offset[0] != '-') || offset[3] != ':') {
      return {};
    }
    const auto two = [&](std::size_t at) { return (offset[at] - '0') * 10 + (offset[at + 1] - '0'); };
    ahead = std::chrono::minutes{two(1) * 60 + two(4)} * (offset[0] == '-' ? -1 : 1);
    text.replace(text.size() - kOffset, kOffset, "Z");
  }
  const auto time = volume::parse_time(text);
  return time ? *time - ahead : std::chrono::system_clock::time_point{};
}

/// Go's durations are signed, and Docker takes none below zero.
std::chrono::nanoseconds duration_in(const Json& object, const char* name) {
  const std::uint64_t value = number_in(object, name);
  if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    throw malformed(fmt::format("its \"{}\" is too long", name));
  }
  return std::chrono::nanoseconds{static_cast<std::int64_t>(value)};
}

std::optional<Healthcheck> read_healthcheck(const Json& json) {
  if (!json.is_object()) {
    return std::nullopt;
  }
  Healthcheck check;
  check.test = texts_in(json, "Test");
  check.interval = duration_in(json, "Interval");
  check.timeout = duration_in(json, "Timeout");
  check.start_period = duration_in(json, "StartPeriod");
  check.start_interval = duration_in(json, "StartInterval");
  check.retries =
      static_cast<unsigned>(std::min<std::uint64_t>(number_in(json, "Retries"), std::numeric_limits<unsigned>::max()));
  return check;
}

ImageConfig read_config(const Json& json) {
  ImageConfig config;
  config.entrypoint = texts_in(json, "Entrypoint");
  config.cmd = texts_in(json, "Cmd");
  for (const std::string& variable : texts_in(json, "Env")) {
    const std::size_t equals = variable.find('=');
    if (equals != std::string::npos && equals > 0) {
      config.env.insert_or_assign(variable.substr(0, equals), variable.substr(equals + 1));
    }
  }
  config.cwd = text_in(json, "WorkingDir");
  config.user = text_in(json, "User");
  config.volumes = keys_in(json, "Volumes");
  config.stop_signal = text_in(json, "StopSignal");
  config.labels = text_map_in(json, "Labels");
  config.exposed_ports = keys_in(json, "ExposedPorts");
  config.healthcheck = read_healthcheck(member(json, "Healthcheck"));
  return config;
}

Json keys_of(const std::vector<std::string>& names) {
  Json object = Json::object();
  for (const std::string& name : names) {
    object[name] = Json::object();
  }
  return object;
}

Json write_healthcheck(const Healthcheck& check) {
  Json json{{"Test", check.test}};
  const auto put = [&](const char* name, std::chrono::nanoseconds value) {
    if (value.count() != 0) {
      json[name] = value.count();
    }
  };
  put("Interval", check.interval);
  put("Timeout", check.timeout);
  put("StartPeriod", check.start_period);
  put("StartInterval", check.start_interval);
  if (check.retries != 0) {
    json["Retries"] = check.retries;
  }
  return json;
}

/// What is empty is left out, as others do.
Json write_config(const ImageConfig& config) {
  Json json = Json::object();
  const auto put = [&](const char* name, Json value) {
    if (!value.empty()) {
      json[name] = std::move(value);
    }
  };
  const auto put_text = [&](const char* name, const std::string& value) {
    if (!value.empty()) {
      json[name] = value;
    }
  };
  Json env = Json::array();
  for (const auto& [name, value] : config.env) {
    env.push_back(fmt::format("{}={}", name, value));
  }
  put("Entrypoint", config.entrypoint);
  put("Cmd", config.cmd);
  put("Env", std::move(env));
  put_text("WorkingDir", config.cwd);
  put_text("User", config.user);
  put("Volumes", keys_of(config.volumes));
  put_text("StopSignal", config.stop_signal);
  put("Labels", config.labels);
  put("ExposedPorts", keys_of(config.exposed_ports));
  if (config.healthcheck) {
    json["Healthcheck"] = write_healthcheck(*config.healthcheck);
  }
  return json;
}

}  // namespace

Configuration parse_configuration(std::string_view text) {
  const Json json = parse_object(text, "its configuration");
  Configuration configuration;
  configuration.platform = {
      .os = text_in(json, "os"), .architecture = text_in(json, "architecture"), .variant = text_in(json, "variant")};
  if (configuration.platform.os.empty()) {
    configuration.platform.os = "linux";
  }
  configuration.author = text_in(json, "author");
  configuration.created_at = read_time(text_in(json, "created"));
  const Json& config = member(json, "config");
  if (config.is_object()) {
    configuration.config = read_config(config);
  } else if (!config.is_null()) {
    throw malformed("its \"config\" is not an object");
  }
  const Json& rootfs = member(json, "rootfs");
  if (!rootfs.is_object()) {
    throw malformed("its configuration names no layers");
  }
  configuration.diff_ids = texts_in(rootfs, "diff_ids");
  for (const std::string& diff_id : configuration.diff_ids) {
    (void)hex_of(diff_id);  // for its check alone
  }
  return configuration;
}

std::string write_configuration(const Configuration& configuration, const std::string& history) {
  const std::string created = volume::format_time(configuration.created_at, volume::Precision::Nanoseconds);
  const Platform& platform = configuration.platform;
  Json json{{"created", created},
            {"os", platform.os},
            {"architecture", platform.architecture.empty() ? machine_architecture() : platform.architecture},
            {"config", write_config(configuration.config)},
            {"rootfs", {{"type", "layers"}, {"diff_ids", configuration.diff_ids}}},
            {"history", Json::array()}};
  if (!platform.variant.empty()) {
    json["variant"] = platform.variant;
  }
  if (!configuration.author.empty()) {
    json["author"] = configuration.author;
  }
  for (std::size_t layer = 0; layer < configuration.diff_ids.size(); ++layer) {
    json["history"].push_back({{"created", created}, {"comment", history}});
  }
  try {
    return json.dump();
  } catch (const Json::type_error&) {
    throw Fault{errc::invalid_argument, "a text of its configuration is not UTF-8", "write it in UTF-8"};
  }
}

std::vector<std::string> chain_ids(const std::vector<std::string>& diff_ids) {
  std::vector<std::string> chains;
  chains.reserve(diff_ids.size());
  for (const std::string& diff_id : diff_ids) {
    chains.push_back(chains.empty() ? diff_id : digest_of(chains.back() + " " + diff_id));
  }
  return chains;
}

std::string to_json(const ImageConfig& config) {
  return write_config(config).dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace dunnage::image
