// SPDX-License-Identifier: Apache-2.0
#include "compose/keys.hpp"

#include "compose/nested_keys.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace dunnage::compose {
namespace {

/// One row after the other.
template <std::size_t... Sizes>
constexpr auto join(const std::array<Key, Sizes>&... parts) {
  std::array<Key, (Sizes + ...)> all{};
  auto to = all.begin();
  ((to = std::copy(parts.begin(), parts.end(), to)), ...);
  return all;
}

/// What services, jobs and hooks have in common.
constexpr std::array kContainerKeys{
    Key{"annotations", KeyValues, nullptr, Reported, "there is no runtime that reads annotations"},
    Key{"blkio_config", Object, &kBlkio, Partly},
    Key{"cap_add", TextList},
    Key{"cap_drop", TextList},
    Key{"cgroup_parent", Text, nullptr, Reported, kNoLimits},
    Key{"cgroup", Text, nullptr, Reported, kNoNamespace, "host private"},
    Key{"cpu_count", Integer, nullptr, Reported, kNoLimits},
    Key{"cpu_percent", Float, nullptr, Reported, kNoLimits},
    Key{"cpu_period", Integer},
    Key{"cpu_quota", Integer},
    Key{"cpu_rt_period", Integer, nullptr, Reported, kNoLimits},
    Key{"cpu_rt_runtime", Integer, nullptr, Reported, kNoLimits},
    Key{"cpus", Float},
    Key{"cpuset"},
    Key{"cpu_shares", Integer},
    Key{"command", Command},
    Key{"configs", ObjectList, &kFileReference},
    Key{"credential_spec", Object, &kCredential, Reported, kNoWindows},
    Key{"device_cgroup_rules", TextList, nullptr, Reported, kNoDevices},
    Key{"devices", ObjectList, &kDevice, Reported, kNoDevices},
    Key{"dns", TextOrList, nullptr, Reported, kNoNetwork},
    Key{"dns_opt", TextList, nullptr, Reported, kNoNetwork},
    Key{"dns_search", TextOrList, nullptr, Reported, kNoNetwork},
    Key{"domainname", Text, nullptr, Reported, "only the host name is set"},
    Key{"entrypoint", Command},
    Key{"environment", Environment},
    Key{"env_file", ObjectList, &kEnvFile, Loader},
    Key{"extra_hosts", Hosts, nullptr, Reported, kNoNetwork},
    Key{"group_add", ScalarList},
    Key{"gpus", ObjectList, &kGpu, Reported, kNoDevices},
    Key{"hostname"},
    Key{"image"},
    Key{"init", OptionalBool, nullptr, Reported, "the program is process 1 itself"},
    Key{"ipc", Text, nullptr, Reported, kNoNamespace},
    Key{"isolation", Text, nullptr, Reported, kNoWindows},
    Key{"labels", KeyValues},
    Key{"label_file", TextOrList, nullptr, Loader},
    Key{"logging", Object, &kLogging, Reported, kNoLogging},
    Key{"mem_limit", Bytes},
    Key{"mem_reservation", Bytes},
    Key{"memswap_limit", Bytes},
    Key{"mem_swappiness", Bytes, nullptr, Reported, kNoLimits},
    Key{"mac_address", Text, nullptr, Reported, kNoNetwork},
    Key{"models", ObjectMap, &kServiceModel, Reported, kNoModels},
    Key{"network_mode", Text, nullptr, Partly},
    Key{"networks", ObjectMap, &kServiceNetwork, Reported, kNoNetwork},
    Key{"oom_kill_disable", Bool, nullptr, Reported, kNoLimits},
    Key{"oom_score_adj", Integer, nullptr, Reported, kNoLimits},
    Key{"pid", NullableText, nullptr, Reported, kNoNamespace},
    Key{"pids_limit", Integer},
    Key{"platform", Text, nullptr, Reported, "images are taken for this machine"},
    Key{"privileged", Bool, nullptr, Reported, "no container has all of the host's privileges"},
    Key{"pull_policy", Text, nullptr, Partly},
    Key{"pull_refresh_after", Text, nullptr, Reported, "an image is pulled if it is missing, each time, or never"},
    Key{"read_only", Bool},
    Key{"runtime", Text, nullptr, Reported, "there is one runtime, this library"},
    Key{"secrets", ObjectList, &kFileReference},
    Key{"security_opt", TextList, nullptr, Partly},
    Key{"shm_size", Bytes, nullptr, Reported, "give a tmpfs at /dev/shm a size instead"},
    Key{"stop_grace_period", Duration},
    Key{"stop_signal"},
    Key{"storage_opt", Options},
    Key{"sysctls", KeyValues, nullptr, Reported, "parameters of the kernel are not set"},
    Key{"tmpfs", TextOrList},
    Key{"ulimits", Ulimits, nullptr, Reported, kNoLimits},
    Key{"umask", OptionalInteger, nullptr, Reported, "a container begins with the mask 022"},
    Key{"use_api_socket", Bool, nullptr, Reported, "there is no engine with a socket"},
    Key{"user"},
    Key{"userns_mode", Text, nullptr, Reported, kNoNamespace},
    Key{"uts", Text, nullptr, Reported, kNoNamespace},
    Key{"volumes", ObjectList, &kMount},
    Key{"volumes_from", TextList},
    Key{"working_dir"}};

/// What services and jobs have in common.
constexpr std::array kWorkloadKeys{
    Key{"build", Object, &kBuild, Reported, kNoBuild},
    Key{"depends_on", ObjectMap, &kDependency},
    Key{"expose", ScalarList, nullptr, Reported, kNoNetwork},
    Key{"healthcheck", Object, &kHealthcheck},
    Key{"ports", ObjectList, &kPort, Reported, "no port of the host leads to a container"},
    Key{"stdin_open", Bool},
    Key{"tty", Bool}};

constexpr std::array kPerReplica{Key{"per_replica", Bool}};
constexpr auto kPreStartKeys = join(kContainerKeys, kPerReplica);
constexpr Shape kPreStart{"a hook", kPreStartKeys};

constexpr std::array kServiceOnlyKeys{Key{"profiles", TextList, nullptr, Loader},
                                      Key{"deploy", Object, &kDeploy, Partly},
                                      Key{"develop", Object, &kDevelop, Reported, kNoWatch},
                                      Key{"restart"},
                                      Key{"scale", OptionalInteger},
                                      Key{"attach", OptionalBool, nullptr, Reported,
                                          "the logs of all services are shown; who shows them may leave some out"},
                                      Key{"container_name"},
                                      Key{"provider", Object, &kProvider, Reported, "a service is a container"},
                                      Key{"extends", Object, &kExtends, Loader},
                                      Key{"external_links", TextList, nullptr, Reported, kNoNetwork},
                                      Key{"links", TextList, nullptr, Reported, kNoNetwork},
                                      Key{"pre_start", ObjectList, &kPreStart, Reported, kNoHooks},
                                      Key{"post_start", ObjectList, &kHook, Reported, kNoHooks},
                                      Key{"pre_stop", ObjectList, &kHook, Reported, kNoHooks}};

constexpr auto kServiceKeys = join(kServiceOnlyKeys, kContainerKeys, kWorkloadKeys);
constexpr Shape kService{"a service", kServiceKeys};

constexpr std::array kScheduleKeys{Key{"cron"}, Key{"timezone"},
                                   Key{"concurrency", Text, nullptr, Honoured, "", "forbid queue"},
                                   Key{"missed_fires", Text, nullptr, Honoured, "", "one skip"}};
constexpr Shape kSchedule{"a schedule", kScheduleKeys, "cron"};
constexpr std::array kTriggerKeys{Key{"manual", OptionalBool}, Key{"schedule", ObjectList, &kSchedule}};
constexpr Shape kTriggers{"triggers", kTriggerKeys};
constexpr std::array kJobOnlyKeys{Key{"profiles", TextList}, Key{"triggers", Object, &kTriggers}};
constexpr auto kJobKeys = join(kJobOnlyKeys, kContainerKeys, kWorkloadKeys);
constexpr Shape kJob{"a job", kJobKeys};

constexpr std::array kPoolKeys{Key{"subnet"}, Key{"gateway"}, Key{"ip_range"}, Key{"aux_addresses", KeyValues}};
constexpr Shape kPool{"a pool of addresses", kPoolKeys};
constexpr std::array kIpamKeys{Key{"driver"}, Key{"config", ObjectList, &kPool}, Key{"options", Options}};
constexpr Shape kIpam{"addresses of a network", kIpamKeys};
constexpr std::array kNetworkKeys{Key{"name"},
                                  Key{"driver"},
                                  Key{"driver_opts", Options},
                                  Key{"ipam", ObjectValue, &kIpam},
                                  Key{"external", External},
                                  Key{"internal", Bool},
                                  Key{"attachable", Bool},
                                  Key{"labels", KeyValues},
                                  Key{"enable_ipv4", OptionalBool},
                                  Key{"enable_ipv6", OptionalBool}};
constexpr Shape kNetwork{"a network", kNetworkKeys};
constexpr std::array kVolumeKeys{Key{"name"}, Key{"driver"}, Key{"driver_opts", Options}, Key{"external", External},
                                 Key{"labels", KeyValues}};
constexpr Shape kVolume{"a volume", kVolumeKeys};
constexpr std::string_view kNoDriver = "configs and secrets come from files, texts and variables";
constexpr std::array kSecretKeys{Key{"name"},
                                 Key{"file"},
                                 Key{"environment"},
                                 Key{"external", External},
                                 Key{"labels", KeyValues},
                                 Key{"driver", Text, nullptr, Reported, kNoDriver},
                                 Key{"driver_opts", Options, nullptr, Reported, kNoDriver},
                                 Key{"template_driver", Text, nullptr, Reported, kNoDriver}};
constexpr Shape kSecret{"a secret", kSecretKeys};
constexpr std::array kConfigKeys{Key{"name"},
                                 Key{"file"},
                                 Key{"environment"},
                                 Key{"content"},
                                 Key{"external", External},
                                 Key{"labels", KeyValues},
                                 Key{"template_driver", Text, nullptr, Reported, kNoDriver}};
constexpr Shape kConfig{"a config", kConfigKeys};
constexpr std::array kModelKeys{Key{"name"}, Key{"model"}, Key{"context_size", Integer},
                                Key{"runtime_flags", TextList}};
constexpr Shape kModel{"a model", kModelKeys, "model"};

constexpr std::array kIncludeKeys{Key{"path", TextOrList}, Key{"env_file", TextOrList}, Key{"project_directory"}};
constexpr Shape kInclude{"an include", kIncludeKeys};

constexpr std::array kProjectKeys{Key{"version", Text, nullptr, Loader},
                                  Key{"name"},
                                  Key{"include", ObjectList, &kInclude, Loader},
                                  Key{"services", ObjectMap, &kService, Partly},
                                  Key{"jobs", ObjectMap, &kJob, Reported, kNoJobs},
                                  Key{"networks", ObjectMap, &kNetwork, Reported, kNoNetwork},
                                  Key{"volumes", ObjectMap, &kVolume},
                                  Key{"secrets", ObjectMap, &kSecret, Partly},
                                  Key{"configs", ObjectMap, &kConfig, Partly},
                                  Key{"models", ObjectMap, &kModel, Reported, kNoModels}};
constexpr Shape kProject{"a project", kProjectKeys};

}  // namespace

const Key* find_key(const Shape& shape, std::string_view name) {
  const auto found =
      std::find_if(shape.keys.begin(), shape.keys.end(), [&](const Key& key) { return key.name == name; });
  return found == shape.keys.end() ? nullptr : &*found;
}

const Shape& project_shape() { return kProject; }
const Shape& service_shape() { return kService; }
const Shape& volume_shape() { return kVolume; }
const Shape& network_shape() { return kNetwork; }
const Shape& secret_shape() { return kSecret; }
const Shape& config_shape() { return kConfig; }

}  // namespace dunnage::compose
