// SPDX-License-Identifier: Apache-2.0
#include "container/inspection.hpp"

#include "container/logs.hpp"
#include "container/running.hpp"
#include "container/status.hpp"
#include "image/changes.hpp"
#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "volume/limit_choice.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <system_error>

namespace dunnage::container {
namespace {

using std::chrono::system_clock;

constexpr auto kYoung = std::chrono::seconds{60};

ContainerInfo info_of(const Config& config, const std::filesystem::path& path) {
  ContainerInfo info;
  info.id = config.id;
  info.name = config.name;
  info.argv = config.argv;
  info.rootfs = config.image_id.empty() ? config.rootfs : config.image;
  info.image = config.image;
  info.image_id = config.image_id;
  const bool on_disk = config.relaunch && !config.relaunch->read_only_root &&
                       config.relaunch->root_changes.kind == RootChanges::Kind::Disk;
  if (!config.image_id.empty() && on_disk) {
    const std::filesystem::path place = path.parent_path().parent_path() / "images" / image::changes_path(config.id);
    info.changes = place / image::upper_path(config.relaunch->limit_way);
    info.changes_limit = volume::held_size(config.relaunch->root_changes.limit.value_or(0));
    info.changes_limit_way = config.relaunch->limit_way;
  }
  info.env = config.env;
  info.cwd = config.cwd;
  info.user = config.user;
  info.hostname = config.hostname;
  info.labels = config.labels;
  info.restart = config.restart;
  info.mounts = config.mounts;
  info.terminal = config.terminal;
  info.remove_on_exit = config.remove_on_exit;
  info.stop_signal = config.stop_signal;
  info.seccomp = config.seccomp;
  info.resources = config.resources;
  info.created_at = config.created_at;
  info.log = path / kLogName;
  return info;
}

void take_saved(ContainerInfo& info, const std::optional<SavedState>& saved) {
  if (saved) {
    info.status = saved->status;
    info.exit = saved->exit;
    info.restart_count = saved->restart_count;
    info.started_at = saved->started_at;
    info.finished_at = saved->exit ? saved->finished_at : system_clock::time_point{};
  }
}

void take_answer(ContainerInfo& info, const launcher::Received& answer) {
  info.status = status_of(answer.message.state);
  info.restart_count = answer.message.restart_count;
  info.started_at = system_clock::time_point{
      std::chrono::duration_cast<system_clock::duration>(std::chrono::nanoseconds{answer.message.started_at})};
  const bool runs = info.status == ContainerStatus::Running || info.status == ContainerStatus::Paused;
  if (runs && !answer.descriptors.empty()) {
    info.pid = pid_of(answer.descriptors.front().get());
  }
}

ContainerInfo describe_unreadable(const std::string& name, int record, const Contact& contact,
                                  const std::filesystem::path& path) {
  const struct stat status = kernel::status_of(record);
  ContainerInfo info;
  info.name = name;
  info.log = path / kLogName;
  info.created_at = system_clock::from_time_t(status.st_mtime);
  if (contact.listener == Listener::Answering) {
    take_answer(info, contact.first);
  } else if (contact.listener == Listener::Nobody) {
    info.status = ContainerStatus::Dead;
    info.exit = ExitStatus::signaled(SIGKILL, true);
  }
  return info;
}

}  // namespace

ContainerInfo describe(const Config& config, const Contact& contact, int record, const std::filesystem::path& path) {
  ContainerInfo info = info_of(config, path);
  if (contact.listener == Listener::Answering) {
    take_answer(info, contact.first);
    return info;
  }
  const std::optional<SavedState> saved = read_state(record);  // read after the launcher's last word
  take_saved(info, saved);
  const bool unborn = !saved && system_clock::now() - info.created_at < kYoung;
  if (contact.listener == Listener::Nobody && info.status != ContainerStatus::Exited && !unborn) {
    info.status = ContainerStatus::Dead;
    info.exit = ExitStatus::signaled(SIGKILL, true);
  }
  return info;
}

std::optional<ContainerInfo> inspect_record(int containers, const std::string& name, int record,
                                            const std::filesystem::path& path, launcher::Deadline deadline) {
  try {
    const std::optional<Config> config = read_config(record);
    return describe_present(containers, name, record, config, contact(record, deadline), path);
  } catch (const kernel::CallError& error) {
    if (error.code() == std::errc::no_such_file_or_directory && !kernel::is_at(containers, name, record)) {
      return std::nullopt;
    }
    throw;
  }
}

std::optional<ContainerInfo> describe_present(int containers, const std::string& name, int record,
                                              const std::optional<Config>& config, const Contact& contact,
                                              const std::filesystem::path& path) {
  ContainerInfo info =
      config ? describe(*config, contact, record, path) : describe_unreadable(name, record, contact, path);
  // what somebody removes loses its files one by one, and looks dead meanwhile
  if (contact.listener == Listener::Nobody && !kernel::is_at(containers, name, record)) {
    return std::nullopt;
  }
  return info;
}

}  // namespace dunnage::container
