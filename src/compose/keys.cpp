// SPDX-License-Identifier: Apache-2.0
#include "compose/keys.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace dunnage::compose {
namespace {

using enum Type;
using enum Support;

/// One row after the other.
template <std::size_t... Sizes>
constexpr auto join(const std::array<Key, Sizes>&... parts) {
  std::array<Key, (Sizes + ...)> all{};
  auto to = all.begin();
  ((to = std::copy(parts.begin(), parts.end(), to)), ...);
  return all;
}

constexpr std::string_view kNoBuild = "images are not built here; build it with another program and name it with image";
constexpr std::string_view kNoLimits = "limits on what a container may use are not set";
constexpr std::string_view kNoNetwork = "a container has no network but its own loopback device, or the host's";
constexpr std::string_view kNoSwarm = "there is no cluster to schedule for";
constexpr std::string_view kNoNamespace = "a container has namespaces of its own";
constexpr std::string_view kNoDevices = "no device of the machine is given to a container";
constexpr std::string_view kNoHooks = "hooks are not run";
constexpr std::string_view kNoWatch = "sources are not watched";
constexpr std::string_view kNoWindows = "it is about Windows";
constexpr std::string_view kNoModels = "there is nothing that runs models";
constexpr std::string_view kNoJobs = "jobs are not run";
constexpr std::string_view kNoLogging = "logs go to the container's own log, without rotation";

constexpr std::array kFileReferenceKeys{Key{"source"}, Key{"target"}, Key{"uid"}, Key{"gid"}, Key{"mode", FileMode}};
constexpr Shape kFileReference{"a config or secret of a service", kFileReferenceKeys};

constexpr std::array kBindKeys{Key{"selinux", Text, nullptr, Honoured, "", "z Z"}, Key{"propagation"},
                               Key{"create_host_path", OptOut},
                               Key{"recursive", Text, nullptr, Honoured, "", "enabled disabled writable readonly"}};
constexpr Shape kBind{"bind options", kBindKeys};
constexpr std::array kVolumeOptionKeys{Key{"labels", KeyValues}, Key{"nocopy", Bool}, Key{"subpath"}};
constexpr Shape kVolumeOptions{"volume options", kVolumeOptionKeys};
constexpr std::array kTmpfsKeys{Key{"size", Bytes}, Key{"mode", Mode}};
constexpr Shape kTmpfs{"tmpfs options", kTmpfsKeys};
constexpr std::array kImageOptionKeys{Key{"subpath"}};
constexpr Shape kImageOptions{"image options", kImageOptionKeys};
constexpr std::array kMountKeys{Key{"type", Text, nullptr, Honoured, "", "bind volume tmpfs cluster npipe image"},
                                Key{"source"},
                                Key{"target"},
                                Key{"read_only", Bool},
                                Key{"consistency"},
                                Key{"bind", Object, &kBind},
                                Key{"volume", Object, &kVolumeOptions},
                                Key{"tmpfs", Object, &kTmpfs},
                                Key{"image", Object, &kImageOptions}};
constexpr Shape kMount{"a volume of a service", kMountKeys, "type"};

constexpr std::array kPortKeys{
    Key{"name"},     Key{"mode"},        Key{"host_ip"}, Key{"target", Integer}, Key{"published", ScalarText},
    Key{"protocol"}, Key{"app_protocol"}};
constexpr Shape kPort{"a port", kPortKeys};

constexpr std::array kDependencyKeys{
    Key{"condition", Text, nullptr, Honoured, "", "service_started service_healthy service_completed_successfully"},
    Key{"restart", Bool}, Key{"required", RequiredBool}};
constexpr Shape kDependency{"a dependency", kDependencyKeys, "condition"};

constexpr std::array kHealthcheckKeys{Key{"test", Test},
                                      Key{"timeout", Duration},
                                      Key{"interval", Duration},
                                      Key{"retries", OptionalInteger},
                                      Key{"start_period", Duration},
                                      Key{"start_interval", Duration},
                                      Key{"disable", Bool}};
constexpr Shape kHealthcheck{"a health check", kHealthcheckKeys};

constexpr std::array kDeviceRequestKeys{Key{"capabilities", TextList}, Key{"driver"}, Key{"count", DeviceCount},
                                        Key{"device_ids", TextList}, Key{"options", KeyValues}};
constexpr Shape kDeviceRequest{"a device", kDeviceRequestKeys, "capabilities"};
constexpr Shape kGpu{"a device", kDeviceRequestKeys};
constexpr std::array kDiscreteKeys{Key{"kind", AlwaysText}, Key{"value", OptionalInteger}};
constexpr Shape kDiscrete{"a resource", kDiscreteKeys};
constexpr std::array kGenericKeys{Key{"discrete_resource_spec", Object, &kDiscrete}};
constexpr Shape kGeneric{"a resource", kGenericKeys};
constexpr std::array kLimitKeys{Key{"cpus", Float}, Key{"memory", Bytes}, Key{"pids", Integer}};
constexpr Shape kLimits{"limits", kLimitKeys};
constexpr std::array kReservationKeys{Key{"cpus", Float}, Key{"memory", Bytes},
                                      Key{"devices", ObjectList, &kDeviceRequest},
                                      Key{"generic_resources", ObjectList, &kGeneric}};
constexpr Shape kReservations{"reservations", kReservationKeys};
constexpr std::array kResourceKeys{Key{"limits", Object, &kLimits}, Key{"reservations", Object, &kReservations}};
constexpr Shape kResources{"resources", kResourceKeys};
constexpr std::array kUpdateKeys{Key{"parallelism", OptionalInteger},
                                 Key{"delay", DurationValue},
                                 Key{"failure_action"},
                                 Key{"monitor", DurationValue},
                                 Key{"max_failure_ratio", Float},
                                 Key{"order", Text, nullptr, Honoured, "", "start-first stop-first"}};
constexpr Shape kUpdate{"an update", kUpdateKeys};
constexpr std::array kRestartKeys{
    Key{"condition"},
    Key{"delay", Duration, nullptr, Reported, "restarts wait 100 ms at first, and twice as long each time"},
    Key{"max_attempts", OptionalInteger},
    Key{"window", Duration, nullptr, Reported, "a run of 10 s counts as a success"}};
constexpr Shape kRestart{"a restart policy", kRestartKeys};
constexpr std::array kPreferenceKeys{Key{"spread"}};
constexpr Shape kPreference{"a preference", kPreferenceKeys};
constexpr std::array kPlacementKeys{Key{"constraints", TextList}, Key{"preferences", ObjectList, &kPreference},
                                    Key{"max_replicas_per_node", Integer}};
constexpr Shape kPlacement{"a placement", kPlacementKeys};
constexpr std::array kDeployKeys{Key{"mode", Text, nullptr, Reported, kNoSwarm},
                                 Key{"replicas", OptionalInteger},
                                 Key{"labels", KeyValues, nullptr, Reported, kNoSwarm},
                                 Key{"update_config", Object, &kUpdate, Reported, kNoSwarm},
                                 Key{"rollback_config", Object, &kUpdate, Reported, kNoSwarm},
                                 Key{"resources", ObjectValue, &kResources, Reported, kNoLimits},
                                 Key{"restart_policy", Object, &kRestart, Partly},
                                 Key{"placement", ObjectValue, &kPlacement, Reported, kNoSwarm},
                                 Key{"endpoint_mode", Text, nullptr, Reported, kNoSwarm}};
constexpr Shape kDeploy{"a deployment", kDeployKeys};

constexpr std::array kHookKeys{Key{"command", Command}, Key{"user"}, Key{"privileged", Bool}, Key{"working_dir"},
                               Key{"environment", Environment}};
constexpr Shape kHook{"a hook", kHookKeys, "command"};
constexpr std::array kWatchKeys{
    Key{"path", AlwaysText},
    Key{"action", AlwaysText, nullptr, Honoured, "", "rebuild sync restart sync+restart sync+exec"},
    Key{"target"},
    Key{"exec", ObjectValue, &kHook},
    Key{"include", TextOrList},
    Key{"ignore", TextOrList},
    Key{"initial_sync", Bool}};
constexpr Shape kWatch{"a watch", kWatchKeys, "path action"};
constexpr std::array kDevelopKeys{Key{"watch", ObjectList, &kWatch}};
constexpr Shape kDevelop{"a development section", kDevelopKeys};
constexpr std::array kProviderKeys{Key{"type"}, Key{"options", MultiOptions}};
constexpr Shape kProvider{"a provider", kProviderKeys, "type"};
constexpr std::array kExtendsKeys{Key{"file"}, Key{"service"}};
constexpr Shape kExtends{"an extension", kExtendsKeys, "service"};

constexpr std::array kBlkioLimitKeys{Key{"path", AlwaysText}, Key{"rate", Bytes}};
constexpr Shape kBlkioLimit{"a limit of a device", kBlkioLimitKeys};
constexpr std::array kBlkioWeightKeys{Key{"path", AlwaysText}, Key{"weight", OptionalInteger}};
constexpr Shape kBlkioWeight{"a weight of a device", kBlkioWeightKeys};
constexpr std::array kBlkioKeys{Key{"weight", Integer},
                                Key{"weight_device", ObjectList, &kBlkioWeight},
                                Key{"device_read_bps", ObjectList, &kBlkioLimit},
                                Key{"device_read_iops", ObjectList, &kBlkioLimit},
                                Key{"device_write_bps", ObjectList, &kBlkioLimit},
                                Key{"device_write_iops", ObjectList, &kBlkioLimit}};
constexpr Shape kBlkio{"limits of devices", kBlkioKeys};
constexpr std::array kCredentialKeys{Key{"config"}, Key{"file"}, Key{"registry"}};
constexpr Shape kCredential{"credentials", kCredentialKeys};
constexpr std::array kDeviceKeys{Key{"source"}, Key{"target"}, Key{"permissions"}};
constexpr Shape kDevice{"a device", kDeviceKeys, "source"};
constexpr std::array kEnvFileKeys{Key{"path"}, Key{"required", OptOut}, Key{"format"}};
constexpr Shape kEnvFile{"a file of variables", kEnvFileKeys, "path"};
constexpr std::array kLoggingKeys{Key{"driver"}, Key{"options", Options}};
constexpr Shape kLogging{"logging", kLoggingKeys};
constexpr std::array kServiceModelKeys{Key{"endpoint_var"}, Key{"model_var"}};
constexpr Shape kServiceModel{"a model of a service", kServiceModelKeys};
constexpr std::array kServiceNetworkKeys{Key{"aliases", TextList},
                                         Key{"driver_opts", Options},
                                         Key{"gw_priority", Integer},
                                         Key{"interface_name"},
                                         Key{"ipv4_address"},
                                         Key{"ipv6_address"},
                                         Key{"link_local_ips", TextList},
                                         Key{"mac_address"},
                                         Key{"priority", Integer},
                                         Key{"use_service_name_alias", OptionalBool}};
constexpr Shape kServiceNetwork{"a network of a service", kServiceNetworkKeys};

constexpr std::array kBuildKeys{Key{"context"},
                                Key{"dockerfile"},
                                Key{"dockerfile_inline"},
                                Key{"entitlements", TextList},
                                Key{"args", Environment},
                                Key{"provenance", ScalarText},
                                Key{"sbom", ScalarText},
                                Key{"ssh", KeyList},
                                Key{"labels", KeyValues},
                                Key{"cache_from", TextOrList},
                                Key{"cache_to", TextOrList},
                                Key{"no_cache", Bool},
                                Key{"no_cache_filter", TextOrList},
                                Key{"additional_contexts", KeyValues},
                                Key{"pull", Bool},
                                Key{"extra_hosts", Hosts},
                                Key{"isolation"},
                                Key{"network"},
                                Key{"target"},
                                Key{"secrets", ObjectList, &kFileReference},
                                Key{"shm_size", Bytes},
                                Key{"tags", TextOrList},
                                Key{"ulimits", Ulimits},
                                Key{"platforms", TextOrList},
                                Key{"privileged", Bool}};
constexpr Shape kBuild{"a build", kBuildKeys};

/// What services, jobs and hooks have in common.
constexpr std::array kContainerKeys{
    Key{"annotations", KeyValues, nullptr, Reported, "there is no runtime that reads annotations"},
    Key{"blkio_config", Object, &kBlkio, Reported, kNoLimits},
    Key{"cap_add", TextList},
    Key{"cap_drop", TextList},
    Key{"cgroup_parent", Text, nullptr, Reported, kNoLimits},
    Key{"cgroup", Text, nullptr, Reported, kNoNamespace, "host private"},
    Key{"cpu_count", Integer, nullptr, Reported, kNoLimits},
    Key{"cpu_percent", Float, nullptr, Reported, kNoLimits},
    Key{"cpu_period", Integer, nullptr, Reported, kNoLimits},
    Key{"cpu_quota", Integer, nullptr, Reported, kNoLimits},
    Key{"cpu_rt_period", Integer, nullptr, Reported, kNoLimits},
    Key{"cpu_rt_runtime", Integer, nullptr, Reported, kNoLimits},
    Key{"cpus", Float, nullptr, Reported, kNoLimits},
    Key{"cpuset", Text, nullptr, Reported, kNoLimits},
    Key{"cpu_shares", Integer, nullptr, Reported, kNoLimits},
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
    Key{"mem_limit", Bytes, nullptr, Reported, kNoLimits},
    Key{"mem_reservation", Bytes, nullptr, Reported, kNoLimits},
    Key{"memswap_limit", Bytes, nullptr, Reported, kNoLimits},
    Key{"mem_swappiness", Bytes, nullptr, Reported, kNoLimits},
    Key{"mac_address", Text, nullptr, Reported, kNoNetwork},
    Key{"models", ObjectMap, &kServiceModel, Reported, kNoModels},
    Key{"network_mode", Text, nullptr, Partly},
    Key{"networks", ObjectMap, &kServiceNetwork, Reported, kNoNetwork},
    Key{"oom_kill_disable", Bool, nullptr, Reported, kNoLimits},
    Key{"oom_score_adj", Integer, nullptr, Reported, kNoLimits},
    Key{"pid", NullableText, nullptr, Reported, kNoNamespace},
    Key{"pids_limit", Integer, nullptr, Reported, kNoLimits},
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
    Key{"storage_opt", Options, nullptr, Reported, "what a container writes is limited by its disk alone"},
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

constexpr std::array kServiceOnlyKeys{
    Key{"profiles", TextList, nullptr, Loader},
    Key{"deploy", Object, &kDeploy, Partly},
    Key{"develop", Object, &kDevelop, Reported, kNoWatch},
    Key{"restart"},
    Key{"scale", OptionalInteger},
    Key{"attach", OptionalBool, nullptr, Reported, "the logs of all services are shown"},
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
