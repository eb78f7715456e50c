// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A container's record in the store: `<store>/containers/<name>/`
///
///     config.json   what it was launched with; written by the library, for each launch
///     config.json.next   the same with other mounts, for as long as these are being changed (record_mounts.hpp)
///     state.json    how it is; written by the launcher (launcher/program/record.cpp)
///     log, log.1    its captured output (launcher/log_format.hpp); written by the launcher
///     control.sock  a listening socket the launcher holds; refused connections mean that the launcher is dead
///     lock          held for a moment by whoever replaces the socket or takes the record away (record_lock.hpp)
///
/// A record is staged as `.new-<id>` and renamed to its name without replacing, so that names are unique. It listens
/// from before it has its name until its container has ended; so where nobody listens, nobody is about to.
///
/// Nothing here is synced, unlike a volume: a record says how a container is, and a power cut ends the container with
/// it. What a reader finds then cannot be taken for something else. Nobody listens, so the container is dead, whatever
/// state.json says. config.json is whole, or it is not JSON, for no beginning of an object is one: such a record has no
/// more than its name, is listed as dead, keeps that name, and can be removed. A record that was not renamed yet is
/// swept, one whose removal is undone is dead or exited as before. A process that is killed loses nothing of this, for
/// the kernel has it all. (Three syncs were more than half of a recorded launch.)
///
/// config.json and state.json have the checksum that the metadata of volumes has (volume/metadata.hpp), and no changed
/// byte of them is believed. Those of earlier versions have none, and are read.

#include <dunnage/container_store.hpp>
#include <dunnage/mount_plan.hpp>

#include "kernel/file_descriptor.hpp"
#include "volume/layout.hpp"
#include "volume/renames.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace dunnage::container {

/// What else a container was launched with; only starting it again needs it.
struct Relaunch {
  bool read_only_root = false;
  Network network = Network::Private;
  std::vector<std::string> add_capabilities;  ///< as asked for, not as given: another process may have others
  std::vector<std::string> drop_capabilities;
  RootChanges root_changes;
  LimitWay limit_way = LimitWay::None;  ///< of these
  friend bool operator==(const Relaunch&, const Relaunch&) = default;
};

/// The content of config.json.
struct Config {
  std::string id;
  std::string name;
  std::vector<std::string> argv;
  std::string rootfs;    ///< "host", "image", or the absolute path of a directory
  std::string image;     ///< its name when the container was made; it may be another image's by now
  std::string image_id;  ///< empty without an image
  Environment env;
  std::string cwd;
  std::string user;                   ///< `uid:gid` in numbers
  std::vector<std::uint32_t> groups;  ///< supplementary
  std::string hostname;
  Labels labels;
  RestartPolicy restart;
  MountPlan mounts;
  std::vector<std::string> anonymous_volumes;  ///< names in the same store
  std::vector<volume::KnownVolume> volumes;    ///< where renames count from, if not from the beginning
  bool terminal = false;
  bool remove_on_exit = false;
  bool detached = false;
  int stop_signal = 15;
  std::chrono::system_clock::time_point created_at;
  std::uint64_t capabilities = 0;
  bool no_new_privileges = true;
  Seccomp seccomp;
  Resources resources;
  std::optional<Relaunch> relaunch;  ///< absent in records of earlier versions
};

/// The descriptors a launch hands to the launcher.
struct Record {
  kernel::FileDescriptor directory;   ///< the record
  kernel::FileDescriptor containers;  ///< the directory it is in
  kernel::FileDescriptor trash;
  kernel::FileDescriptor volumes;
  kernel::FileDescriptor log;      ///< O_APPEND
  kernel::FileDescriptor control;  ///< listening, SOCK_SEQPACKET
};

/// Makes and publishes a record. One of that name whose container has ended and should have been removed gives way.
/// Throws: LaunchError(container_exists) with the remedy to remove it or choose another name, LaunchError with the
/// errno of what failed.
[[nodiscard]] Record create_record(const volume::Layout& layout, const Config& config);

/// The same, in the place of a container of that name that has ended, if there is one. The record of that one stands
/// aside until bring_back_record() or remove_replaced_record() is called for `config.id`; a sweep removes it else.
/// Throws: as create_record(), LaunchError(container_exists) if it runs.
[[nodiscard]] Record create_record_in_place(const volume::Layout& layout, const Config& config);

/// The names of the anonymous volumes of a record that can be read, with their targets. Throws: kernel::CallError.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> anonymous_volumes_of(const volume::Layout& layout,
                                                                                    const std::string& name);

/// As discard_record(), and the record that stood aside has its name again. Never throws.
void bring_back_record(const volume::Layout& layout, const std::string& name, const std::string& id) noexcept;

/// Removes the record that stands aside for the container of this id, with what that one wrote to its root and, if
/// asked for, its anonymous volumes. What fails is left for a sweep. Never throws.
void remove_replaced_record(const volume::Layout& layout, const std::string& id, bool volumes) noexcept;

/// Opens the record of a container that is started again: a new control socket, the log goes on; config.json is
/// replaced, but for the time of its creation. If the record was removed meanwhile it is made again.
/// Throws as create_record().
[[nodiscard]] Record reopen_record(const volume::Layout& layout, const Config& config);

/// Notes that the container no longer ends with the program that launched it. One that is gone is left alone.
/// Throws: kernel::CallError.
void mark_detached(const volume::Layout& layout, const std::string& name, const std::string& id);

/// Notes other limits. One that is gone is left alone. Throws: kernel::CallError.
void mark_resources(const volume::Layout& layout, const std::string& name, const std::string& id,
                    const Resources& resources);

/// The limits a record says; nothing if it is gone or another container's. Throws: kernel::CallError.
[[nodiscard]] std::optional<Resources> resources_of(const volume::Layout& layout, const std::string& name,
                                                    const std::string& id);

/// Takes a record back whose container could not be started. Never throws.
void discard_record(const volume::Layout& layout, const std::string& name) noexcept;

/// The directory of the records of a store. Throws: kernel::CallError.
[[nodiscard]] kernel::FileDescriptor open_containers(const volume::Layout& layout);

/// Moves to the trash what processes killed long ago were about to make. What cannot be moved stays.
/// Throws: kernel::CallError.
void sweep_unfinished(const volume::Layout& layout, int containers);

}  // namespace dunnage::container
