// SPDX-License-Identifier: Apache-2.0
#include "project/launch_service.hpp"

#include "kernel/file_descriptor.hpp"
#include "kernel/random_hex.hpp"
#include "kernel/remove_tree.hpp"
#include "project/fields.hpp"
#include "project/labels.hpp"
#include "project/wanted.hpp"

#include <dunnage/project_plan.hpp>
#include <dunnage/version.hpp>

#include <dunnage/volume_store.hpp>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace dunnage {
namespace project {
namespace {

constexpr const char* kProjects = "projects";

/// By which a later plan tells what has changed.
void add_fields(const Project& project, const std::string& service, Labels& labels) {
  labels[label::kFields] = encode_fields(fields_of(project.service(service)));
}

}  // namespace

std::filesystem::path files_of(const Project& project, const std::filesystem::path& store) {
  return store / kProjects / project.name();
}

void write_files(const Project& project, const std::filesystem::path& store) {
  const auto any = [](const auto& files) {
    return std::any_of(files.begin(), files.end(), [](const auto& entry) { return entry.second.content.has_value(); });
  };
  if (!any(project.configs()) && !any(project.secrets())) {
    return;
  }
  const std::filesystem::path place = files_of(project, store);
  const std::filesystem::path parent = place.parent_path();
  if (::mkdir(parent.c_str(), S_IRWXU) != 0 && errno != EEXIST) {
    throw LaunchError{{.stage = Stage::Prepare,
                       .operation = "write configs and secrets",
                       .subject = parent.string(),
                       .detail = {},
                       .cause = "mkdir",
                       .code = {errno, std::generic_category()},
                       .remedy = "see what keeps this user from writing to its store"}};
  }
  project.write_files(place);
}

void remove_files(const Project& project, const std::filesystem::path& store) {
  const kernel::FileDescriptor parent{
      ::open((store / kProjects).c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
  std::error_code code{errno, std::system_category()};
  code = parent ? kernel::remove_tree(parent.get(), project.name()) : code;
  if (code && code != std::errc::no_such_file_or_directory) {
    throw LaunchError{{.stage = Stage::Prepare,
                       .operation = "remove configs and secrets",
                       .subject = files_of(project, store).string(),
                       .detail = {},
                       .cause = parent ? "remove the directory" : "open its directory",
                       .code = code,
                       .remedy = "see what keeps this user from removing it, and take the project down again"}};
  }
}

LaunchSpec detached_spec(const Project& project, const std::string& service, unsigned number, const std::string& name,
                         const std::filesystem::path& store) {
  LaunchSpec spec = project.launch_spec(service, number, files_of(project, store));
  add_fields(project, service, spec.labels);
  spec.name = name;
  spec.record = true;
  spec.lifetime = Lifetime::Detached;
  spec.remove_on_exit = false;
  spec.terminal = false;  // the plan says so
  spec.in = Stdio::null();
  spec.out = Stdio::log();
  spec.err = Stdio::log();
  spec.store = store;
  spec.pull = PullPolicy::Missing;  // the plan has a step of its own for it
  return spec;
}

VolumeOptions volume_options(const Project& project, const std::string& key) {
  const ProjectVolume& volume = project.volumes().at(key);
  VolumeOptions options{.labels = volume.labels, .driver_options = volume.driver_options};
  if (!volume.driver.empty()) {
    options.driver = volume.driver;
  }
  options.labels[label::kProject] = project.name();
  options.labels[label::kVolume] = key;
  options.labels[label::kVersion] = DUNNAGE_VERSION;
  options.labels[label::kConfigHash] = hash_of(volume);
  return options;
}

}  // namespace project

LaunchSpec one_off_spec(const Project& project, std::string_view service, const std::filesystem::path& store) {
  constexpr std::size_t kDigits = 12;
  const std::string name{service};
  LaunchSpec spec = project.launch_spec(name, 1, project::files_of(project, store.empty() ? default_store() : store));
  project::add_fields(project, name, spec.labels);
  spec.labels[project::label::kOneOff] = "True";
  spec.name = fmt::format("{}-{}-run-{}", project.name(), name, kernel::random_hex(kDigits));
  spec.record = true;
  spec.lifetime = Lifetime::WithHost;
  spec.remove_on_exit = false;
  spec.restart = {};
  spec.store = store;
  return spec;
}

}  // namespace dunnage
