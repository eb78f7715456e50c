// SPDX-License-Identifier: Apache-2.0
#include <dunnage/project.hpp>
#include <dunnage/version.hpp>

#include "compose/hash.hpp"
#include "compose/model.hpp"
#include "model/compose_labels.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dunnage {
namespace {

using compose::Model;

[[noreturn]] void refuse(const Model& model, const Service& service, std::string_view member, std::string cause,
                         std::string remedy, errc code = errc::not_supported) {
  const auto place = model.places.find(service.name);
  throw ProjectError{{.stage = Stage::Parse,
                      .operation = "launch service",
                      .subject = fmt::format("services.{}.{}", service.name, member),
                      .detail = "",
                      .cause = std::move(cause),
                      .code = code,
                      .remedy = std::move(remedy)},
                     place == model.places.end() ? ProjectPlace{} : place->second,
                     service.name + ":",
                     service.name.size()};
}

/// A config or secret as a mount.
Mount file_mount(const Model& model, const Service& service, const std::map<std::string, ProjectFile>& all,
                 const ServiceFile& wanted, const std::filesystem::path& files, std::string_view list) {
  const ProjectFile& file = all.at(wanted.source);
  BindMount mount{{}, wanted.target, {.read_only = true}};
  if (file.external) {
    refuse(model, service, list, fmt::format("\"{}\" is external, and nobody else keeps such files", wanted.source),
           "give it a file");
  }
  if (file.file) {
    mount.source = *file.file;
  } else if (!file.content) {
    refuse(model, service, list, fmt::format("the variable {} of \"{}\" is not set", file.environment, wanted.source),
           "set it in \".env\", or give it in the environment", errc::source_missing);
  } else if (files.empty()) {
    refuse(model, service, list, fmt::format("\"{}\" is no file yet", wanted.source),
           "write it with write_files(), and say where it is");
  } else {
    mount.source = files / compose::content_name(*file.content, wanted);
  }
  return mount;
}

/// Compose takes the name of a service for the image it is made of.
void name_image(const Model& model, SpecMount& mount) {
  if (mount.type == SpecType::Image) {
    const auto found = model.services.find(mount.source);
    mount.source = found != model.services.end() ? found->second.image : mount.source;
  }
}

Rootfs rootfs_of(const Model& model, const Service& service) {
  if (service.rootfs) {
    return *service.rootfs == "host" ? Rootfs::host() : Rootfs::directory(*service.rootfs);
  }
  if (service.image.empty()) {
    refuse(model, service, "image", "it has no image, and none is built here", "build one and name it with image");
  }
  return Rootfs::image(service.image);
}

std::string dependencies_of(const Service& service) {
  std::string text;
  for (const auto& [name, dependency] : service.depends_on) {
    const std::string_view condition = dependency.condition == ServiceDependency::Condition::Healthy ? "service_healthy"
                                       : dependency.condition == ServiceDependency::Condition::CompletedSuccessfully
                                           ? "service_completed_successfully"
                                           : "service_started";
    text += fmt::format("{}{}:{}:{}", text.empty() ? "" : ",", name, condition, dependency.restart);
  }
  return text;
}

Labels labels_of(const Project& project, const Service& service, unsigned number) {
  std::string files;
  for (const std::filesystem::path& file : project.files()) {
    files += (files.empty() ? "" : ",") + file.string();
  }
  Labels labels = service.labels;
  const auto put = [&](const char* name, std::string value) {
    labels.insert_or_assign(std::string{model::kComposeLabels} + name, std::move(value));
  };
  put("project", project.name());
  put("service", service.name);
  put("container-number", fmt::to_string(number));
  put("oneoff", "False");
  put("config-hash", project.config_hash(service.name));
  put("depends_on", dependencies_of(service));
  put("project.working_dir", project.directory().string());
  put("project.config_files", std::move(files));
  put("version", DUNNAGE_VERSION);
  return labels;
}

RootChanges changes_of(const Model& model, const Service& service) {
  RootChanges changes;
  for (const auto& [name, value] : service.storage_opt) {
    try {
      changes = RootChanges::parse_storage_option(fmt::format("{}={}", name, value));
    } catch (const LaunchError& error) {
      const bool known = error.code() != errc::not_supported;
      refuse(model, service, "storage_opt." + name,
             known ? fmt::format("\"{}\" is no size", value) : "there is no such option", error.remedy(),
             known ? errc::invalid_argument : errc::not_supported);
    }
  }
  return changes;
}

RestartPolicy restart_of(const Service& service) {
  return RestartPolicy::parse(service.restart == "unless-stopped" ? "always" : service.restart);
}

}  // namespace

MountSet Project::mounts(std::string_view name, const std::filesystem::path& files) const {
  const Service& service = this->service(name);
  MountSet mounts;
  std::vector<std::string> taken;
  for (std::size_t index = 0; index < service.volumes.size(); ++index) {
    SpecMount mount = service.volumes[index];
    name_image(*state_, mount);
    try {
      mounts.add(to_mount(mount));
    } catch (const SpecError& error) {
      const std::string_view what = error.what();
      refuse(*state_, service, fmt::format("volumes ({})", mount.target), std::string{what.substr(0, what.find('\n'))},
             "");
    }
    taken.push_back(target_of(mounts[mounts.size() - 1]));
  }
  const auto add = [&](const std::map<std::string, ProjectFile>& all, const std::vector<ServiceFile>& used,
                       std::string_view list) {
    for (const ServiceFile& file : used) {
      // As with Compose, a volume at the same place counts.
      if (std::find(taken.begin(), taken.end(), file.target) == taken.end()) {
        mounts.add(file_mount(*state_, service, all, file, files, list));
        taken.push_back(file.target);
      }
    }
  };
  add(state_->configs, service.configs, "configs");
  add(state_->secrets, service.secrets, "secrets");
  return mounts;
}

std::string Project::container_name(std::string_view name, unsigned number) const {
  const Service& service = this->service(name);
  return service.container_name.empty() ? fmt::format("{}-{}-{}", state_->name, service.name, number)
                                        : service.container_name;
}

LaunchSpec Project::launch_spec(std::string_view name, unsigned number, const std::filesystem::path& files) const {
  const Service& service = this->service(name);
  LaunchSpec spec;
  spec.rootfs = rootfs_of(*state_, service);
  spec.argv = service.command.value_or(std::vector<std::string>{});
  spec.entrypoint = service.entrypoint;
  spec.mounts = mounts(name, files);
  for (const SpecVolumesFrom& from : service.volumes_from) {
    spec.volumes_from.push_back({.container = from.service ? container_name(from.container) : from.container,
                                 .read_only = from.read_only.value_or(false)});
  }
  for (const auto& [variable, value] : service.environment) {
    if (value) {
      spec.env.emplace(variable, *value);
    }
  }
  spec.cwd = service.working_dir;
  spec.user = service.user;
  spec.groups = service.group_add;
  spec.hostname = service.hostname;
  spec.read_only_root = service.read_only;
  spec.root_changes = changes_of(*state_, service);
  spec.network = service.host_network ? Network::Host : Network::Private;
  spec.terminal = service.tty;
  spec.no_new_privileges = service.no_new_privileges;
  spec.add_capabilities = service.cap_add;
  spec.drop_capabilities = service.cap_drop;
  spec.seccomp = service.seccomp;
  spec.resources = service.resources;
  spec.lifetime = Lifetime::Detached;
  spec.restart = restart_of(service);
  spec.stop_signal = service.stop_signal.empty() ? 0 : parse_signal(service.stop_signal);
  spec.name = container_name(name, number);
  spec.labels = labels_of(*this, service, number);
  spec.record = true;
  spec.pull = service.pull;
  return spec;
}

}  // namespace dunnage
