// SPDX-License-Identifier: Apache-2.0
#include "launch/failure.hpp"

#include <dunnage/error.hpp>

#include "prepare/failure.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace dunnage::launch {
namespace {

using launcher::Failure;
using launcher::Step;

struct Words {
  Step step;
  std::string_view cause;
};

constexpr Words kWords[] = {
    {Step::ReceiveRequest, "the launcher could not read the request"},
    {Step::ReceiveDescriptors, "the launcher could not take the descriptors"},
    {Step::OpenEvents, "wait for its ends and its log (epoll_ctl)"},
    {Step::StartProcess, "clone3"},
    {Step::JoinNamespaces, "setns"},
    {Step::EnterProcesses, "clone, below the seccomp filter, where programs may trace each other"},
    {Step::EnterMountNamespace, "enter a mount namespace"},
    {Step::AttachRootfs, "attach the root file system"},
    {Step::MountProc, "mount /proc"},
    {Step::MountSys, "mount /sys"},
    {Step::MountCgroup, "mount /sys/fs/cgroup"},
    {Step::MountDev, "mount /dev"},
    {Step::CreateDevice, "create a device in /dev"},
    {Step::MountPts, "mount /dev/pts"},
    {Step::MountShm, "mount /dev/shm"},
    {Step::MountMqueue, "mount /dev/mqueue"},
    {Step::CreateTarget, "create the mount point"},
    {Step::CheckTarget, "the mount point lies in /proc, /sys, /dev/pts or a cgroup tree"},
    {Step::OwnTarget, "over a link the mount point lies in /dev, which is each container's own"},
    {Step::KindOfTarget, "the mount point is of another kind than the source"},
    {Step::AttachMount, "move_mount"},
    {Step::VerifyMount, "the mount point was moved while it was mounted on"},
    {Step::FindMount,
     "it is not at its place any more: its mount point was moved or removed, or another mount hides it"},
    {Step::HiddenMount, "something in the container has mounted over it, again and again"},
    {Step::KnowBeneath, "this kernel cannot put a mount beneath another one (MOVE_MOUNT_BENEATH)"},
    {Step::AttachBeneath, "move_mount, beneath what is mounted there"},
    {Step::DetachMount, "umount2"},
    {Step::CommitRecord, "write the record of the container"},
    {Step::CreateTmpfs, "make the tmpfs"},
    {Step::CloneMount, "clone the mount"},
    {Step::StartBroker,
     "an ordinary user's launcher follows no source when the program that launched the container is gone, unless it "
     "did "
     "so by then"},
    {Step::WatchSource, "watch the directories on the way to its source (inotify_add_watch)"},
    {Step::HoldMount, "keep the mount for a restart"},
    {Step::CreateWorkingDirectory, "create the working directory"},
    {Step::ProtectPath, "make a path of /proc read-only"},
    {Step::MaskPath, "mask a path of /proc or /sys"},
    {Step::ProtectRoot, "make the root read-only"},
    {Step::CloneTree, "clone the root and its mounts"},
    {Step::ChangeRoot, "change the root"},
    {Step::EnterWorkingDirectory, "enter the working directory"},
    {Step::SetHostname, "sethostname"},
    {Step::LoopbackUp, "bring the loopback device up"},
    {Step::PingGroups, "set net.ipv4.ping_group_range"},
    {Step::OpenTerminal, "open a terminal"},
    {Step::ConnectStreams, "connect the streams"},
    {Step::SetLimits, "setrlimit"},
    {Step::SetKeyring, "join a new session keyring"},
    {Step::SetGroups, "setgroups"},
    {Step::SetGroup, "setgid"},
    {Step::SetUser, "setuid"},
    {Step::SetCapabilities, "set capabilities"},
    {Step::SetNoNewPrivileges, "set no_new_privs"},
    {Step::LoadFilter, "load the seccomp filter"},
    {Step::ReadBack, "a call that confines it was answered with success and has changed nothing"},
    {Step::Execute, "execute"},
    {Step::MakeCgroup, "make a cgroup"},
    {Step::EnableControllers, "enable controllers in a cgroup"},
    {Step::SetLimit, "set a limit"},
    {Step::VerifyLimit, "a limit is another than was set"},
    {Step::JoinCgroup, "join a cgroup"},
    {Step::FindCgroup, "it was launched without a limit of that kind"},
};

std::string_view cause_of(Step step) {
  for (const Words& words : kWords) {
    if (words.step == step) {
      return words.cause;
    }
  }
  return "an unknown step";
}

constexpr const char* kUnseenRemedy = "look for disk errors in the kernel's log (dmesg), or try again";

/// What was found at the mount point, and not that it could not be looked at.
bool is_conflict(const Failure& failure) {
  switch (failure.step) {
    case Step::CheckTarget:
    case Step::OwnTarget:
      return failure.error == EPERM;
    case Step::KindOfTarget:
      return true;
    default:
      return false;
  }
}

std::string mount_remedy(const Failure& failure) {
  switch (failure.step) {
    case Step::CreateTarget:
      return failure.error == EROFS    ? "make the directory in the root file system or the parent's source beforehand"
             : failure.error == ENOSPC ? "free space in the file system that holds it"
             : failure.error == EEXIST || failure.error == ENOENT
                 ? "a symbolic link on the way leads nowhere; choose another target"
                 : "create it in the root file system beforehand, or choose another target";
    case Step::CheckTarget:
      return "choose a target that is none of the container's own places, not even over a link";
    case Step::OwnTarget:
      return "choose a target below /dev itself";
    case Step::KindOfTarget:
      return failure.error == EISDIR ? "a file cannot be mounted on a directory; choose another target"
                                     : "a directory cannot be mounted on a file; choose another target";
    case Step::AttachMount:
    case Step::CloneMount:
    case Step::HoldMount:
      return failure.error == ENOSPC ? "raise /proc/sys/fs/mount-max (not disk space)"
             : failure.error == EOPNOTSUPP
                 ? "it came with the template, and each start by the restart policy finds it again; launch without one"
                 : "prepare the mounts again";
    case Step::StartBroker:
      return "launch the container with the mount, or leave follow and on_loss out";
    case Step::WatchSource:
      return failure.error == ENOSPC || failure.error == EMFILE
                 ? "raise fs.inotify.max_user_watches and fs.inotify.max_user_instances (not disk space)"
                 : "give this user the right to read that directory, or leave follow out";
    case Step::KnowBeneath:
      return "use Linux 6.5 or later; or detach the one and attach the other, if its place may be empty meanwhile";
    case Step::HiddenMount:
    case Step::AttachBeneath:
      return "keep the programs of the container from mounting there, or stop it";
    case Step::CommitRecord:
      return "see that its store can be written, and has space";
    case Step::FindMount:
    case Step::VerifyMount:
      return "keep other containers from changing that directory meanwhile";
    default:
      return "see dunnage::support() for what this machine allows";
  }
}

[[noreturn]] void throw_mount_failure(const std::string& verb, const ResolvedMount& mount, const Failure& failure) {
  const prepare::MountWords words = prepare::words_of(mount);
  const bool conflict = is_conflict(failure);
  const bool unseen = !conflict && (failure.step == Step::CheckTarget || failure.step == Step::OwnTarget);
  throw MountError{{.stage = Stage::Launch,
                    .operation = verb + " " + words.kind,
                    .subject = words.subject,
                    .detail = words.detail,
                    .cause = unseen ? "look at the mount point" : std::string{cause_of(failure.step)},
                    .code = conflict ? make_error_code(errc::target_conflict)
                            : failure.step == Step::KnowBeneath || failure.step == Step::StartBroker
                                ? make_error_code(errc::not_supported)
                                : std::error_code{failure.error, std::system_category()},
                    .remedy = unseen ? kUnseenRemedy : mount_remedy(failure)},
                   prepare::source_of(mount),
                   mount.target};
}

[[noreturn]] void throw_execute_failure(const Attempt& attempt, int error) {
  const bool missing = error == ENOENT || error == ENOTDIR;
  ErrorInfo info{.stage = Stage::Launch,
                 .operation = attempt.operation,
                 .subject = attempt.subject,
                 .detail = {},
                 .cause = fmt::format("execute \"{}\"", attempt.program),
                 .code = {error, std::system_category()},
                 .remedy = {}};
  if (missing) {
    info.code = errc::program_missing;
    info.remedy = attempt.program.find('/') == std::string::npos
                      ? "check its name, and PATH inside the container"
                      : "check its path inside the container, and that the interpreter it names is there too";
  } else if (error == EACCES || error == ENOEXEC || error == EISDIR || error == ETXTBSY || error == EPERM) {
    info.code = errc::program_unusable;
    info.cause += error == ENOEXEC ? " (not a program, nor a script that begins with #!)" : "";
    info.remedy = error == EACCES ? "make it executable (chmod +x), for this user, and not on a noexec mount"
                                  : "give a program this machine can execute";
  } else {
    info.remedy = error == E2BIG ? "pass fewer or shorter arguments and variables" : "see execve(2)";
  }
  throw LaunchError{std::move(info)};
}

[[noreturn]] void throw_limit_failure(const Attempt& attempt, const Failure& failure) {
  const cgroup::Setting& setting = attempt.limits->settings[failure.setting - 1U];
  const bool other = failure.step == Step::VerifyLimit;
  const bool lacking = failure.error == ENOENT;
  const std::string& value = setting.value.empty() ? setting.expected : setting.value;
  const std::string cause =
      lacking ? fmt::format("{} cannot be limited: this kernel has no {}", setting.limit, setting.file)
      : other ? fmt::format("{}: {} says something else after \"{}\" was written", setting.limit, setting.file, value)
              : fmt::format("{}: {} does not take \"{}\"", setting.limit, setting.file, value);
  throw LaunchError{{.stage = Stage::Launch,
                     .operation = attempt.operation,
                     .subject = attempt.subject,
                     .detail = {},
                     .cause = cause,
                     .code = lacking || other ? make_error_code(errc::not_supported)
                                              : std::error_code{failure.error, std::system_category()},
                     .remedy = failure.error == EBUSY
                                   ? "it uses more than that; give it more"
                                   : fmt::format("give {} another value, or leave it out; the cgroups above this "
                                                 "process may allow less",
                                                 setting.limit)}};
}

/// \param error  of a call that a filter of system calls may deny: containers' own engines put one around a program
std::string machine_remedy(int error) {
  return error == ENOSYS || error == EPERM
             ? "allow the calls for namespaces, mounts and privileges in the filter of system calls this program runs "
               "under, if there is one; see dunnage::support() for what this machine allows"
             : "see dunnage::support() for what this machine allows";
}

std::string launch_remedy(const Attempt& attempt, const Failure& failure) {
  switch (failure.step) {
    case Step::StartProcess:
      return failure.error == EAGAIN   ? "raise the number of processes this user may have (ulimit -u)"
             : failure.error == ENOSPC ? "raise user.max_*_namespaces"
                                       : machine_remedy(failure.error);
    case Step::EnterProcesses:
      return failure.error == EAGAIN ? "raise the number of processes this user or the container may have"
                                     : "allow clone and setsid in its seccomp profile, or launch it without SYS_PTRACE";
    case Step::ReceiveDescriptors:
      return "raise the number of descriptors a process may have (ulimit -n)";
    case Step::EnterWorkingDirectory:
    case Step::CreateWorkingDirectory:
      return fmt::format("check the working directory \"{}\"", attempt.cwd);
    case Step::SetGroups:
    case Step::SetGroup:
    case Step::SetUser:
      return "that id does not exist in this user's range; give it more ids in /etc/subuid and /etc/subgid";
    case Step::MountProc:
    case Step::MountSys:
      return "the machine hides parts of its own /proc or /sys, and the kernel allows no new one then; see "
             "dunnage::support()";
    case Step::VerifyMount:
      return "keep other containers from changing the root file system meanwhile";
    case Step::MaskPath:
      return failure.error == ENOENT ? "this program runs in a root changed by chroot(2): have it changed by "
                                       "pivot_root(2) in a mount namespace"
                                     : machine_remedy(failure.error);
    case Step::LoadFilter:
      return failure.error == ENOSYS || failure.error == EINVAL
                 ? "this kernel has no such filters (CONFIG_SECCOMP_FILTER); launch it with Seccomp::unconfined()"
             : failure.error == EPERM ? "allow seccomp(2) in the filter of system calls this program runs under"
                                      : "see seccomp(2)";
    case Step::ReadBack:
      return "a filter of system calls around this program answers in the kernel's place; have it refuse those calls, "
             "or leave them to the kernel";
    case Step::MakeCgroup:
    case Step::EnableControllers:
    case Step::JoinCgroup:
      return "see dunnage::support() for the limits this process can set, or leave them out";
    case Step::FindCgroup:
      return "launch it with such a limit, or with Resources::statistics";
    case Step::SetCapabilities:
      return "a seccomp profile without no_new_privileges has to allow capset(2); see dunnage::support() else";
    case Step::ReceiveRequest:
      return failure.error == ESRCH ? "launch the container again" : "try again";
    default:
      return machine_remedy(failure.error);
  }
}

}  // namespace

void throw_failure(const Attempt& attempt, const Failure& failure) {
  if (failure.mount >= 0 && attempt.plan != nullptr && static_cast<std::size_t>(failure.mount) < attempt.plan->size()) {
    throw_mount_failure(attempt.mount_verb, (*attempt.plan)[static_cast<std::size_t>(failure.mount)], failure);
  }
  if (failure.setting > 0 && attempt.limits != nullptr && failure.setting <= attempt.limits->settings.size()) {
    throw_limit_failure(attempt, failure);
  }
  if (failure.step == Step::Execute) {
    throw_execute_failure(attempt, failure.error);
  }
  throw LaunchError{{.stage = Stage::Launch,
                     .operation = attempt.operation,
                     .subject = attempt.subject,
                     .detail = {},
                     .cause = std::string{cause_of(failure.step)},
                     .code = failure.step == Step::ReceiveRequest && failure.error == ESRCH
                                 ? make_error_code(errc::not_running)
                                 : std::error_code{failure.error, std::system_category()},
                     .remedy = launch_remedy(attempt, failure)}};
}

}  // namespace dunnage::launch
