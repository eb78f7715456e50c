// SPDX-License-Identifier: Apache-2.0
#include <dunnage/error.hpp>
#include <dunnage/support.hpp>
#include <dunnage/volume_store.hpp>

#include "cgroup/limits.hpp"
#include "kernel/calls.hpp"
#include "kernel/file_descriptor.hpp"
#include "launch/capability.hpp"
#include "launch/support_probes.hpp"
#include "launcher/connection.hpp"
#include "launcher/identity.hpp"
#include "prepare/detach_mount.hpp"
#include "prepare/failure.hpp"
#include "seccomp/filter.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace dunnage {
namespace {

std::string words(const launcher::Failure& failure) { return launch::words_of_errno(failure.error); }

Feature probe_bind(prepare::MountSource& source) {
  launcher::DetachRequest request;
  request.recursive = 1;
  request.attributes = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
  request.attributes_recursive = 1;
  request.propagation = launcher::kPrivate;
  request.propagation_recursive = 1;
  const launcher::DetachResult result = source.bind(request, {.path = "/usr"});
  const kernel::FileDescriptor mount{result.fd};
  return {"detached bind mounts", result.failure.error == 0,
          result.failure.error == 0
              ? "open_tree(2), with recursive attributes by mount_setattr(2)"
              : words(result.failure) + "; Linux 5.12 and CAP_SYS_ADMIN or a user namespace are needed",
          true};
}

Feature probe_tmpfs(prepare::MountSource& source) {
  launcher::DetachRequest request;
  request.size = 4096;
  request.mode = 0755;
  const launcher::DetachResult result = source.tmpfs(request);
  const kernel::FileDescriptor mount{result.fd};
  return {"detached tmpfs", result.failure.error == 0,
          result.failure.error == 0 ? "fsopen(2), fsmount(2)" : words(result.failure), true};
}

/// Two directories every machine has serve as layers.
Feature probe_layers(prepare::MountSource& source) {
  const kernel::FileDescriptor usr{kernel::open_at2(AT_FDCWD, "/usr", O_PATH | O_DIRECTORY, 0)};
  const launcher::DetachResult result =
      source.layers({}, {.directory = "/usr", .opened = usr.get(), .layers = {"bin", "lib"}});
  const kernel::FileDescriptor mount{result.fd};
  return {"image layers", result.failure.error == 0,
          result.failure.error == 0 ? "overlayfs, up to 500 layers"
                                    : words(result.failure) +
                                          "; an overlay of descriptors needs Linux 6.5, one in "
                                          "memory Linux 6.13",
          false};
}

Feature probe_resolution() {
  const kernel::FileDescriptor fd{
      kernel::open_at2(AT_FDCWD, "/", O_PATH | O_DIRECTORY, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS)};
  return {"scoped path resolution", static_cast<bool>(fd),
          fd ? "openat2(2)" : "openat2(2) is missing or forbidden here; Linux 5.6 or another seccomp filter is needed",
          true};
}

Feature probe_seccomp() {
  const int number = seccomp::probe_filters();
  return {"seccomp filters", number == 0,
          number == 0 ? "seccomp(2); a container has a filter unless it is launched without"
                      : words({.error = number}) +
                            "; CONFIG_SECCOMP_FILTER is needed, or Seccomp::unconfined() for each container",
          true};
}

Feature describe_capabilities(const char* name, std::uint64_t wanted, std::uint64_t available) {
  const std::uint64_t missing = wanted & ~available;
  return {name, missing == 0,
          missing == 0 ? "a container can have every one of them"
                       : fmt::format("without {}: {}; {}", launch::names_of(missing), launch::cause_of_absence(missing),
                                     launch::remedy_of_absence()),
          false};
}

std::string mode_of(launcher::Privilege privilege) {
  switch (privilege) {
    case launcher::Privilege::Root:
      return "root";
    case launcher::Privilege::Range:
      return "rootless with a range of ids";
    case launcher::Privilege::Single:
      break;
  }
  return "rootless with a single id";
}

}  // namespace

Support support(const std::filesystem::path& store) {
  Support result;
  const launcher::Identity identity = launcher::identity_for(0, 0);
  result.mode = mode_of(identity.privilege);
  result.features.push_back(probe_resolution());
  result.features.push_back(probe_seccomp());
  try {
    const auto connection = launcher::Connection::get(identity);
    connection->await_readiness();
    result.features.push_back({"launcher", true,
                               identity.rootless()
                                   ? "namespaces of pid, mount, ipc, uts, network and cgroup, in a user namespace"
                                   : "namespaces of pid, mount, ipc, uts, network and cgroup",
                               true});
    prepare::MountSource source{identity};
    result.features.push_back(probe_bind(source));
    result.features.push_back(probe_tmpfs(source));
    result.features.push_back(probe_layers(source));
    const std::uint64_t capabilities = launch::capabilities_of(*connection);
    result.features.push_back(
        describe_capabilities("default capabilities", launch::default_capabilities(), capabilities));
    result.features.push_back(describe_capabilities("all capabilities", launch::all_capabilities(), capabilities));
  } catch (const Error& error) {
    result.mode = "none";
    result.features.push_back({"launcher", false, error.what(), true});
  }
  launch::add_ids_and_namespaces(identity, result.features);
  for (const cgroup::Offer& offer : cgroup::offers()) {
    result.features.push_back({"limits: " + offer.limits, offer.available, offer.detail, false});
  }
  launch::add_kernel_calls(result.features);
  launch::add_security_modules(result.features);
  launch::add_settings(result.features);
  launch::add_store(store.empty() ? default_store() : store, identity, result.features);
  return result;
}

bool Support::can_launch() const noexcept {
  return std::ranges::all_of(features, [](const Feature& feature) { return feature.available || !feature.required; });
}

std::string Support::to_string() const {
  std::string text = fmt::format("mode: {}\n", mode);
  for (const Feature& feature : features) {
    text += fmt::format("{:<32} {:<4} {}\n", feature.name, feature.available ? "yes" : "no", feature.detail);
  }
  return text;
}

std::string Support::to_json() const {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Feature& feature : features) {
    list.push_back({{"Name", feature.name},
                    {"Available", feature.available},
                    {"Required", feature.required},
                    {"Detail", feature.detail}});
  }
  return nlohmann::ordered_json{{"Mode", mode}, {"CanLaunch", can_launch()}, {"Features", std::move(list)}}.dump(2);
}

}  // namespace dunnage
