// SPDX-License-Identifier: Apache-2.0
#include "project/launch_service.hpp"

#include "kernel/random_hex.hpp"
#include "project/fields.hpp"
#include "project/labels.hpp"
#include "project/wanted.hpp"

#include <dunnage/project_plan.hpp>
#include <dunnage/version.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace dunnage {
namespace project {
namespace {

/// What launch_spec() says already is not said otherwise.
void add_labels(const Project& project, const std::string& service, unsigned number, Labels& labels) {
  labels.emplace(label::kProject, project.name());
  labels.emplace(label::kService, service);
  labels.emplace(label::kNumber, std::to_string(number));
  labels.emplace(label::kOneOff, "False");
  labels.emplace(label::kVersion, DUNNAGE_VERSION);
  labels.emplace(label::kWorkingDirectory, project.directory().string());
  labels[label::kConfigHash] = project.config_hash(service);
  labels[label::kFields] = encode_fields(fields_of(project.service(service)));
}

}  // namespace

LaunchSpec detached_spec(const Project& project, const std::string& service, unsigned number, const std::string& name,
                         const std::filesystem::path& store) {
  LaunchSpec spec = project.launch_spec(service, number);
  add_labels(project, service, number, spec.labels);
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
  LaunchSpec spec = project.launch_spec(name);
  project::add_labels(project, name, 1, spec.labels);
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
