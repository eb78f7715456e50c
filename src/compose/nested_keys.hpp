// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The objects that stand in services, key by key, and why some of it is not done.

#include "compose/keys.hpp"

#include <array>
#include <string_view>

namespace dunnage::compose {

using enum Type;
using enum Support;

inline constexpr std::string_view kNoBuild =
    "images are not built here; build it with another program and name it with image";
inline constexpr std::string_view kNoLimits = "a limit of this kind is not set";
inline constexpr std::string_view kNoNetwork = "a container has no network but its own loopback device, or the host's";
inline constexpr std::string_view kNoSwarm = "there is no cluster to schedule for";
inline constexpr std::string_view kNoNamespace = "a container has namespaces of its own";
inline constexpr std::string_view kNoDevices = "no device of the machine is given to a container";
inline constexpr std::string_view kNoHooks = "hooks are not run";
inline constexpr std::string_view kNoWatch = "sources are not watched";
inline constexpr std::string_view kNoWindows = "it is about Windows";
inline constexpr std::string_view kNoModels = "there is nothing that runs models";
inline constexpr std::string_view kNoJobs = "jobs are not run";
inline constexpr std::string_view kNoLogging = "logs go to the container's own log, without rotation";

inline constexpr std::array kFileReferenceKeys{Key{"source"}, Key{"target"}, Key{"uid"}, Key{"gid"},
                                               Key{"mode", FileMode}};
inline constexpr Shape kFileReference{"a config or secret of a service", kFileReferenceKeys};

inline constexpr std::array kBindKeys{
    Key{"selinux", Text, nullptr, Honoured, "", "z Z"}, Key{"propagation"}, Key{"create_host_path", OptOut},
    Key{"recursive", Text, nullptr, Honoured, "", "enabled disabled writable readonly"}};
inline constexpr Shape kBind{"bind options", kBindKeys};
inline constexpr std::array kVolumeOptionKeys{Key{"labels", KeyValues}, Key{"nocopy", Bool}, Key{"subpath"}};
inline constexpr Shape kVolumeOptions{"volume options", kVolumeOptionKeys};
inline constexpr std::array kTmpfsKeys{Key{"size", Bytes}, Key{"mode", Mode}};
inline constexpr Shape kTmpfs{"tmpfs options", kTmpfsKeys};
inline constexpr std::array kImageOptionKeys{Key{"subpath"}};
inline constexpr Shape kImageOptions{"image options", kImageOptionKeys};
inline constexpr std::array kMountKeys{
    Key{"type", Text, nullptr, Honoured, "", "bind volume tmpfs cluster npipe image"},
    Key{"source"},
    Key{"target"},
    Key{"read_only", Bool},
    Key{"consistency"},
    Key{"bind", Object, &kBind},
    Key{"volume", Object, &kVolumeOptions},
    Key{"tmpfs", Object, &kTmpfs},
    Key{"image", Object, &kImageOptions}};
inline constexpr Shape kMount{"a volume of a service", kMountKeys, "type"};

inline constexpr std::array kPortKeys{
    Key{"name"},     Key{"mode"},        Key{"host_ip"}, Key{"target", Integer}, Key{"published", ScalarText},
    Key{"protocol"}, Key{"app_protocol"}};
inline constexpr Shape kPort{"a port", kPortKeys};

inline constexpr std::array kDependencyKeys{
    Key{"condition", Text, nullptr, Honoured, "", "service_started service_healthy service_completed_successfully"},
    Key{"restart", Bool}, Key{"required", RequiredBool}};
inline constexpr Shape kDependency{"a dependency", kDependencyKeys, "condition"};

inline constexpr std::array kHealthcheckKeys{Key{"test", Test},
                                             Key{"timeout", Duration},
                                             Key{"interval", Duration},
                                             Key{"retries", OptionalInteger},
                                             Key{"start_period", Duration},
                                             Key{"start_interval", Duration},
                                             Key{"disable", Bool}};
inline constexpr Shape kHealthcheck{"a health check", kHealthcheckKeys};

inline constexpr std::array kDeviceRequestKeys{Key{"capabilities", TextList}, Key{"driver"}, Key{"count", DeviceCount},
                                               Key{"device_ids", TextList}, Key{"options", KeyValues}};
inline constexpr Shape kDeviceRequest{"a device", kDeviceRequestKeys, "capabilities"};
inline constexpr Shape kGpu{"a device", kDeviceRequestKeys};
inline constexpr std::array kDiscreteKeys{Key{"kind", AlwaysText}, Key{"value", OptionalInteger}};
inline constexpr Shape kDiscrete{"a resource", kDiscreteKeys};
inline constexpr std::array kGenericKeys{Key{"discrete_resource_spec", Object, &kDiscrete}};
inline constexpr Shape kGeneric{"a resource", kGenericKeys};
inline constexpr std::array kLimitKeys{Key{"cpus", Float}, Key{"memory", Bytes}, Key{"pids", Integer}};
inline constexpr Shape kLimits{"limits", kLimitKeys};
inline constexpr std::array kReservationKeys{Key{"cpus", Float, nullptr, Reported, kNoSwarm}, Key{"memory", Bytes},
                                             Key{"devices", ObjectList, &kDeviceRequest, Reported, kNoDevices},
                                             Key{"generic_resources", ObjectList, &kGeneric, Reported, kNoSwarm}};
inline constexpr Shape kReservations{"reservations", kReservationKeys};
inline constexpr std::array kResourceKeys{Key{"limits", Object, &kLimits},
                                          Key{"reservations", Object, &kReservations, Partly}};
inline constexpr Shape kResources{"resources", kResourceKeys};
inline constexpr std::array kUpdateKeys{Key{"parallelism", OptionalInteger},
                                        Key{"delay", DurationValue},
                                        Key{"failure_action"},
                                        Key{"monitor", DurationValue},
                                        Key{"max_failure_ratio", Float},
                                        Key{"order", Text, nullptr, Honoured, "", "start-first stop-first"}};
inline constexpr Shape kUpdate{"an update", kUpdateKeys};
inline constexpr std::array kRestartKeys{
    Key{"condition"},
    Key{"delay", Duration, nullptr, Reported, "restarts wait 100 ms at first, and twice as long each time"},
    Key{"max_attempts", OptionalInteger},
    Key{"window", Duration, nullptr, Reported, "a run of 10 s counts as a success"}};
inline constexpr Shape kRestart{"a restart policy", kRestartKeys};
inline constexpr std::array kPreferenceKeys{Key{"spread"}};
inline constexpr Shape kPreference{"a preference", kPreferenceKeys};
inline constexpr std::array kPlacementKeys{Key{"constraints", TextList}, Key{"preferences", ObjectList, &kPreference},
                                           Key{"max_replicas_per_node", Integer}};
inline constexpr Shape kPlacement{"a placement", kPlacementKeys};
inline constexpr std::array kDeployKeys{Key{"mode", Text, nullptr, Reported, kNoSwarm},
                                        Key{"replicas", OptionalInteger},
                                        Key{"labels", KeyValues, nullptr, Reported, kNoSwarm},
                                        Key{"update_config", Object, &kUpdate, Reported, kNoSwarm},
                                        Key{"rollback_config", Object, &kUpdate, Reported, kNoSwarm},
                                        Key{"resources", ObjectValue, &kResources, Partly},
                                        Key{"restart_policy", Object, &kRestart, Partly},
                                        Key{"placement", ObjectValue, &kPlacement, Reported, kNoSwarm},
                                        Key{"endpoint_mode", Text, nullptr, Reported, kNoSwarm}};
inline constexpr Shape kDeploy{"a deployment", kDeployKeys};

inline constexpr std::array kHookKeys{Key{"command", Command}, Key{"user"}, Key{"privileged", Bool}, Key{"working_dir"},
                                      Key{"environment", Environment}};
inline constexpr Shape kHook{"a hook", kHookKeys, "command"};
inline constexpr std::array kWatchKeys{
    Key{"path", AlwaysText},
    Key{"action", AlwaysText, nullptr, Honoured, "", "rebuild sync restart sync+restart sync+exec"},
    Key{"target"},
    Key{"exec", ObjectValue, &kHook},
    Key{"include", TextOrList},
    Key{"ignore", TextOrList},
    Key{"initial_sync", Bool}};
inline constexpr Shape kWatch{"a watch", kWatchKeys, "path action"};
inline constexpr std::array kDevelopKeys{Key{"watch", ObjectList, &kWatch}};
inline constexpr Shape kDevelop{"a development section", kDevelopKeys};
inline constexpr std::array kProviderKeys{Key{"type"}, Key{"options", MultiOptions}};
inline constexpr Shape kProvider{"a provider", kProviderKeys, "type"};
inline constexpr std::array kExtendsKeys{Key{"file"}, Key{"service"}};
inline constexpr Shape kExtends{"an extension", kExtendsKeys, "service"};

inline constexpr std::array kBlkioLimitKeys{Key{"path", AlwaysText}, Key{"rate", Bytes}};
inline constexpr Shape kBlkioLimit{"a limit of a device", kBlkioLimitKeys};
inline constexpr std::array kBlkioWeightKeys{Key{"path", AlwaysText}, Key{"weight", OptionalInteger}};
inline constexpr Shape kBlkioWeight{"a weight of a device", kBlkioWeightKeys};
inline constexpr std::array kBlkioKeys{
    Key{"weight", Integer},
    Key{"weight_device", ObjectList, &kBlkioWeight, Reported, "a weight is for all devices"},
    Key{"device_read_bps", ObjectList, &kBlkioLimit},
    Key{"device_read_iops", ObjectList, &kBlkioLimit},
    Key{"device_write_bps", ObjectList, &kBlkioLimit},
    Key{"device_write_iops", ObjectList, &kBlkioLimit}};
inline constexpr Shape kBlkio{"limits of devices", kBlkioKeys};
inline constexpr std::array kCredentialKeys{Key{"config"}, Key{"file"}, Key{"registry"}};
inline constexpr Shape kCredential{"credentials", kCredentialKeys};
inline constexpr std::array kDeviceKeys{Key{"source"}, Key{"target"}, Key{"permissions"}};
inline constexpr Shape kDevice{"a device", kDeviceKeys, "source"};
inline constexpr std::array kEnvFileKeys{Key{"path"}, Key{"required", OptOut}, Key{"format"}};
inline constexpr Shape kEnvFile{"a file of variables", kEnvFileKeys, "path"};
inline constexpr std::array kLoggingKeys{Key{"driver"}, Key{"options", Options}};
inline constexpr Shape kLogging{"logging", kLoggingKeys};
inline constexpr std::array kServiceModelKeys{Key{"endpoint_var"}, Key{"model_var"}};
inline constexpr Shape kServiceModel{"a model of a service", kServiceModelKeys};
inline constexpr std::array kServiceNetworkKeys{Key{"aliases", TextList},
                                                Key{"driver_opts", Options},
                                                Key{"gw_priority", Integer},
                                                Key{"interface_name"},
                                                Key{"ipv4_address"},
                                                Key{"ipv6_address"},
                                                Key{"link_local_ips", TextList},
                                                Key{"mac_address"},
                                                Key{"priority", Integer},
                                                Key{"use_service_name_alias", OptionalBool}};
inline constexpr Shape kServiceNetwork{"a network of a service", kServiceNetworkKeys};

inline constexpr std::array kBuildKeys{Key{"context"},
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
inline constexpr Shape kBuild{"a build", kBuildKeys};

}  // namespace dunnage::compose
