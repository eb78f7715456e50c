// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Names of every public type. A header names the next stage of the flow by forward declaration only.

namespace dunnage {

class Error;
class SpecError;
class MountError;
class LaunchError;
class VolumeError;
class ImageError;
class ProjectError;
class ApplyError;

struct BindMount;
struct ImageMount;
struct IdRange;
class Ownership;
struct OverlayOptions;
struct Tmpfs;
struct VolumeMount;

struct SpecRefusal;
struct SpecContext;
struct SpecMount;
struct SpecFlags;
struct SpecVolumesFrom;
struct SpecVolumeCreate;
struct SpecWord;
struct ComposeVolume;

class MountSet;
class MountPlan;
class PreparedMounts;

class Transaction;
class TransactionStore;
class Volume;
class VolumeStore;
class VolumeTrash;
class VolumeUpdatePlan;
class PrunePlan;
struct PruneOptions;
struct VolumeChanges;
struct VolumeLimit;
struct VolumeLimitPlan;
struct VolumeUsage;
struct UsageOptions;
class VolumeHistory;
struct VolumeSnapshot;
struct VolumeClone;
struct SnapshotPlan;
struct SnapshotChange;
struct SnapshotOptions;
struct RollbackOptions;
struct CloneOptions;
struct DiffOptions;
struct FreezeHook;
struct SeedDirectory;
struct SeedFiles;
struct SeedSnapshot;
struct VolumeExportOptions;
struct VolumeExportResult;
struct VolumeImportOptions;
struct VolumeImportResult;
struct VolumeCopyOptions;
struct AdoptableVolume;
struct VolumeAdoptOptions;

struct StoreFinding;
struct StoreReport;
struct StoreCheck;
struct StoreRepair;

struct ImageConfig;
struct ImageInfo;
class Image;
class ImageStore;

class Rootfs;
class Seccomp;
class Stdio;
class ExitStatus;
struct LaunchSpec;
struct LaunchStep;
struct LaunchTimings;
struct ExecSpec;
class Container;
struct TemplateLaunch;
class LaunchTemplate;
class Process;
class ContainerStore;
class LogReader;
struct DetachOptions;
struct MountHolder;
struct MountEvent;
class MountEvents;

class Project;
struct ProjectSource;
struct Service;
class ProjectPlan;
struct ProjectStep;
struct UpOptions;
struct DownOptions;

struct PathExplanation;
struct Support;

}  // namespace dunnage
