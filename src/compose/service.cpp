// SPDX-License-Identifier: Apache-2.0
#include "compose/model.hpp"

#include "compose/cast.hpp"
#include "compose/files.hpp"
#include "compose/reading.hpp"
#include "compose/resources.hpp"
#include "compose/security_option.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dunnage::compose {
namespace {

std::optional<std::vector<std::string>> command_of(const Value* value) {
  if (value == nullptr || value->is_null()) {
    return std::nullopt;
  }
  return value->is_text() ? words_of(value->text()).value_or(Words{}).words : texts_of(value);
}

std::chrono::nanoseconds duration_in(const Value& map, std::string_view name) {
  return duration_of(map.text_of(name)).value_or(std::chrono::nanoseconds{});
}

/// Read again as one entry of its own, by the reader that knows all there is about mounts.
SpecMount mount_of(const Texts& texts, const Value& value, const SpecContext& context, const Path& path) {
  std::string text = json_text(printed(value, *find_key(service_shape(), "volumes")->shape, Form::Json), 0);
  for (std::size_t at = text.find('$'); at != std::string::npos; at = text.find('$', at + 2)) {
    text.insert(at, 1, '$');
  }
  try {
    SpecMount mount = read_compose_long(text, context);
    if (const Value* const mode = value.find("tmpfs"); mode != nullptr && mount.type == SpecType::Tmpfs) {
      const Value* const bits = mode->find("mode");
      mount.tmpfs_mode = bits == nullptr ? std::nullopt : std::optional{static_cast<std::uint32_t>(whole(*bits))};
    }
    return mount;
  } catch (const SpecError& error) {
    const std::string_view what = error.what();
    const std::string_view line = what.substr(0, what.find('\n'));
    const std::size_t colon = line.find(": ");
    texts.refuse(value.mark, to_string(path), std::string{line.substr(colon == std::string_view::npos ? 0 : colon + 2)},
                 "", error.code() == errc::not_supported ? errc::not_supported : errc::invalid_spec);
  }
}

class ServiceReader {
 public:
  ServiceReader(const Texts& texts, const Value& value, const SpecContext& context, Path path)
      : texts_{texts}, value_{value}, context_{context}, path_{std::move(path)} {}

  Service read() {
    service_.name = path_.back();
    read_program();
    read_storage();
    read_isolation();
    service_.resources = resources_of(value_);
    read_life();
    read_dependencies();
    return std::move(service_);
  }

 private:
  [[nodiscard]] const Value* find(std::string_view name) const { return value_.find(name); }

  void read_program() {
    service_.image = value_.text_of("image");
    const std::string policy = value_.text_of("pull_policy");
    service_.pull = policy == "always"  ? PullPolicy::Always
                    : policy == "never" ? PullPolicy::Never
                                        : PullPolicy::Missing;
    service_.container_name = value_.text_of("container_name");
    service_.command = command_of(find("command"));
    service_.entrypoint = command_of(find("entrypoint"));
    if (const Value* const variables = find("environment"); variables != nullptr && variables->is_map()) {
      for (const auto& [name, value] : variables->map()) {
        service_.environment.emplace(name, value.is_null() ? std::nullopt : std::optional{value.scalar_text()});
      }
    }
    service_.working_dir = value_.text_of("working_dir");
    service_.user = value_.text_of("user");
    service_.group_add = texts_of(find("group_add"));
    service_.hostname = value_.text_of("hostname");
    service_.labels = labels_of(find("labels"));
    service_.profiles = texts_of(find("profiles"));
    if (const Value* const own = find("x-dunnage"); own != nullptr && own->find("rootfs") != nullptr) {
      const std::string rootfs = own->text_of("rootfs");
      service_.rootfs = rootfs == "host" ? rootfs : absolute_path(rootfs, *context_.project_directory, "");
    }
  }

  void read_storage() {
    if (const Value* const volumes = find("volumes")) {
      for (std::size_t index = 0; index < volumes->list().size(); ++index) {
        const Step step{path_, fmt::format("volumes[{}]", index)};
        service_.volumes.push_back(mount_of(texts_, volumes->list()[index], context_, path_));
      }
    }
    if (const Value* const tmpfs = find("tmpfs")) {
      for (const Value& one : tmpfs->list()) {
        read_tmpfs_text(one);
      }
    }
    for (const std::string& text : texts_of(find("volumes_from"))) {
      SpecVolumesFrom from = read_volumes_from(text, Engine::Compose);
      from.read_only = text.ends_with(":ro");
      service_.volumes_from.push_back(std::move(from));
    }
    if (const Value* const options = find("storage_opt"); options != nullptr && options->is_map()) {
      for (const auto& [name, value] : options->map()) {
        service_.storage_opt.emplace(name, value.scalar_text());
      }
    }
    read_files(find("configs"), "/", service_.configs);
    read_files(find("secrets"), "/run/secrets/", service_.secrets);
  }

  void read_tmpfs_text(const Value& one) {
    try {
      service_.volumes.push_back(read_tmpfs(one.text(), Engine::Compose));
    } catch (const SpecError& error) {
      const std::string_view what = error.what();
      const Step step{path_, "tmpfs"};
      texts_.refuse(one.mark, to_string(path_), std::string{what.substr(0, what.find('\n'))}, "");
    }
  }

  static std::optional<std::uint32_t> number_in(const Value& map, std::string_view name, int base) {
    const Value* const value = map.find(name);
    if (value == nullptr) {
      return std::nullopt;
    }
    if (value->is_integer()) {
      return static_cast<std::uint32_t>(value->integer());
    }
    std::uint32_t number = 0;
    const std::string text = value->scalar_text();
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number, base);
    return fault == std::errc{} && end == text.data() + text.size() ? std::optional{number} : std::nullopt;
  }

  static void read_files(const Value* list, std::string_view base, std::vector<ServiceFile>& to) {
    if (list == nullptr) {
      return;
    }
    for (const Value& item : list->list()) {
      ServiceFile file{.source = item.text_of("source"), .target = item.text_of("target")};
      if (file.target.empty()) {
        file.target = file.source;
      }
      if (!file.target.starts_with('/')) {
        file.target.insert(0, base);
      }
      constexpr int kDecimal = 10;
      constexpr int kOctal = 8;
      file.uid = number_in(item, "uid", kDecimal);
      file.gid = number_in(item, "gid", kDecimal);
      file.mode = number_in(item, "mode", kOctal);
      to.push_back(std::move(file));
    }
  }

  void read_isolation() {
    service_.read_only = truth(find("read_only"));
    service_.tty = truth(find("tty"));
    service_.stdin_open = truth(find("stdin_open"));
    service_.init = truth(find("init"));
    service_.host_network = value_.text_of("network_mode") == "host";
    service_.cap_add = texts_of(find("cap_add"));
    service_.cap_drop = texts_of(find("cap_drop"));
    for (const std::string& text : texts_of(find("security_opt"))) {
      if (const auto stricter = no_new_privileges_option(text)) {
        service_.no_new_privileges = *stricter;
      } else if (auto seccomp = seccomp_option(security_option(text), *context_.project_directory)) {
        service_.seccomp = std::move(*seccomp);
      }
    }
  }

  void read_life() {
    service_.stop_signal = value_.text_of("stop_signal");
    if (find("stop_grace_period") != nullptr) {
      service_.stop_grace_period = duration_in(value_, "stop_grace_period");
    }
    const Value* const deploy = find("deploy");
    const Value* const replicas = deploy == nullptr ? nullptr : deploy->find("replicas");
    if (const Value* const count = find("scale") != nullptr ? find("scale") : replicas) {
      service_.scale = static_cast<unsigned>(std::clamp<std::int64_t>(whole(*count), 0, 1000));
    }
    read_restart(deploy == nullptr ? nullptr : deploy->find("restart_policy"));
    if (const Value* const check = find("healthcheck")) {
      read_healthcheck(*check);
    }
  }

  void read_restart(const Value* policy) {
    const std::string restart = value_.text_of("restart");
    if (!restart.empty()) {
      service_.restart = restart;
    } else if (policy != nullptr && policy->is_map()) {
      const std::string condition = policy->text_of("condition");
      const Value* const most = policy->find("max_attempts");
      service_.restart = condition == "none" || condition == "no" ? "no"
                         : condition == "on-failure"
                             ? (most == nullptr ? "on-failure" : fmt::format("on-failure:{}", whole(*most)))
                             : "always";
    }
  }

  void read_healthcheck(const Value& check) {
    Healthcheck health;
    const Value* const test = check.find("test");
    if (truth(check.find("disable"))) {
      health.test = {"NONE"};
    } else if (test != nullptr) {
      health.test = test->is_text() ? std::vector<std::string>{"CMD-SHELL", test->text()} : texts_of(test);
    }
    health.interval = duration_in(check, "interval");
    health.timeout = duration_in(check, "timeout");
    health.start_period = duration_in(check, "start_period");
    health.start_interval = duration_in(check, "start_interval");
    if (const Value* const retries = check.find("retries")) {
      health.retries = static_cast<unsigned>(std::clamp<std::int64_t>(whole(*retries), 0, 1'000'000));
    }
    service_.healthcheck = std::move(health);
  }

  void read_dependencies() {
    const Value* const all = find("depends_on");
    if (all == nullptr) {
      return;
    }
    for (const auto& [name, value] : all->map()) {
      const std::string condition = value.text_of("condition");
      ServiceDependency dependency;
      dependency.condition = condition == "service_healthy" ? ServiceDependency::Condition::Healthy
                             : condition == "service_completed_successfully"
                                 ? ServiceDependency::Condition::CompletedSuccessfully
                                 : ServiceDependency::Condition::Started;
      dependency.restart = truth(value.find("restart"));
      dependency.required = value.find("required") == nullptr || truth(value.find("required"));
      service_.depends_on.emplace(name, dependency);
    }
  }

  const Texts& texts_;
  const Value& value_;
  const SpecContext& context_;
  Path path_;
  Service service_{};
};

}  // namespace

Service service_of(const Texts& texts, const std::string& name, const Value& value, const SpecContext& context) {
  return ServiceReader{texts, value, context, {"services", name}}.read();
}

}  // namespace dunnage::compose
