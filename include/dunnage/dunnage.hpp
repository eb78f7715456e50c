// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// All of Dunnage, in reading order:
///
///   container.hpp        Container, LaunchSpec: start here
///   mount_set.hpp        MountSet: what a container shall see; -v and --mount texts
///   spec.hpp             what Docker, Podman and Compose make of a text
///   bind_mount.hpp, volume.hpp, tmpfs.hpp, image_mount.hpp    the four kinds of mounts
///   ownership.hpp, relabel.hpp, overlay.hpp    what they can be told about owners, labels and changes
///   source_loss.hpp      what happens to a container when the source of a mount dies
///   volume_store.hpp     VolumeStore: volumes that outlive containers
///   volume_seed.hpp      what is in a new volume from the beginning
///   volume_limit.hpp     how much a volume may hold, and how much it holds
///   volume_history.hpp, volume_snapshot.hpp    VolumeHistory: snapshots, rollback, clones, what differs
///   volume_archive.hpp   volumes to archives and back, and those of other engines
///   freeze_hook.hpp      FreezeHook: who writes to a volume holds still meanwhile
///   volume_care.hpp, prune_plan.hpp, volume_trash.hpp    changing and protecting them, and bringing them back
///   store_check.hpp, store_report.hpp    what is damaged in a store, and repairing it
///   mount_plan.hpp       MountPlan: the dry run
///   path_explanation.hpp   PathExplanation: which mount serves a path, and who may do what there
///   prepared_mounts.hpp  PreparedMounts: mounts as descriptors
///   launch_template.hpp  LaunchTemplate: prepared once, launched many times
///   image_store.hpp, image.hpp    ImageStore: root file systems that many containers share
///   progress.hpp         how long operations are watched and ended
///   rootfs.hpp, process.hpp    what "/" is; streams and exit statuses
///   launch_timings.hpp   LaunchTimings: where the time of a launch went
///   live_mounts.hpp      mounts of a running container: attached, detached, replaced, and watched
///   seccomp.hpp          Seccomp: which system calls a container may make
///   resources.hpp        Resources: how much of the machine it may use, and ContainerStats
///   container_store.hpp  ContainerStore: containers of other processes
///   project.hpp          Project: what the files of a Compose project say
///   project_plan.hpp     ProjectPlan: what bringing one up or down takes, and doing it
///   copy.hpp             files in and out of containers and volumes
///   error.hpp, support.hpp     what can go wrong, and what this machine can do
///
///     #include <dunnage/dunnage.hpp>
///     int main() {
///       auto logs = dunnage::VolumeStore::open().get_or_create("logs-volume");
///       return dunnage::run({.argv = {"sh", "-c", "date >> /app/logs/today.log; cat /app/logs/today.log"},
///                            .mounts = dunnage::MountSet{logs.at("/app/logs")}}).code();
///     }

#include <dunnage/bind_mount.hpp>
#include <dunnage/container.hpp>
#include <dunnage/container_store.hpp>
#include <dunnage/copy.hpp>
#include <dunnage/environment.hpp>
#include <dunnage/error.hpp>
#include <dunnage/image.hpp>
#include <dunnage/image_mount.hpp>
#include <dunnage/image_store.hpp>
#include <dunnage/launch_template.hpp>
#include <dunnage/launch_timings.hpp>
#include <dunnage/live_mounts.hpp>
#include <dunnage/mount_plan.hpp>
#include <dunnage/mount_set.hpp>
#include <dunnage/overlay.hpp>
#include <dunnage/ownership.hpp>
#include <dunnage/path_explanation.hpp>
#include <dunnage/prepared_mounts.hpp>
#include <dunnage/process.hpp>
#include <dunnage/progress.hpp>
#include <dunnage/project.hpp>
#include <dunnage/project_plan.hpp>
#include <dunnage/prune_plan.hpp>
#include <dunnage/relabel.hpp>
#include <dunnage/resources.hpp>
#include <dunnage/rootfs.hpp>
#include <dunnage/seccomp.hpp>
#include <dunnage/size.hpp>
#include <dunnage/source_loss.hpp>
#include <dunnage/spec.hpp>
#include <dunnage/spec_code.hpp>
#include <dunnage/store_check.hpp>
#include <dunnage/store_report.hpp>
#include <dunnage/support.hpp>
#include <dunnage/tmpfs.hpp>
#include <dunnage/transaction.hpp>
#include <dunnage/version.hpp>
#include <dunnage/volume.hpp>
#include <dunnage/volume_archive.hpp>
#include <dunnage/volume_care.hpp>
#include <dunnage/volume_history.hpp>
#include <dunnage/volume_limit.hpp>
#include <dunnage/volume_seed.hpp>
#include <dunnage/volume_snapshot.hpp>
#include <dunnage/volume_store.hpp>
#include <dunnage/volume_trash.hpp>
