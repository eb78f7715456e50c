// SPDX-License-Identifier: Apache-2.0
#include "volume/failure.hpp"

#include "error/nearest.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstddef>
#include <span>
#include <utility>

namespace dunnage::volume {

bool is_of_this_process(int number) noexcept {
  return number == EMFILE || number == ENFILE || number == ENOMEM || number == ENOSYS || number == EPERM;
}

std::string remedy_for(int number) {
  switch (number) {
    case ENOSPC:
      return "free space or inodes on the disk of the store";
    case EDQUOT:
      return "free some of your quota on the disk of the store";
    case EROFS:
      return "choose a store on a writable disk with DUNNAGE_STORE";
    case EMFILE:
      return "close descriptors, or raise the limit with ulimit -n";
    case ENFILE:
      return "raise /proc/sys/fs/file-max";
    case ENOSYS:
      return "allow openat2 in the seccomp filter this process runs under, or use Linux 5.6 or newer";
    case EBUSY:
      return "try again in a moment";
    case EXDEV:
      return "mount the disk at the root of the store, not inside it";
    case EIO:
      return "look for disk errors in the kernel's log (dmesg)";
    case EACCES:
      return "look at the owners and modes of the store's directories";
    case EPERM:
      return "look at the owners and attributes (lsattr) of the store's directories, and allow openat2 in the seccomp "
             "filter this process runs under, if there is one";
    default:
      return "look whether the store is intact and its disk is in order";
  }
}

VolumeError call_failure(std::string operation, std::string subject, const kernel::CallError& error) {
  return VolumeError{{.stage = dunnage::Stage::Store,
                      .operation = std::move(operation),
                      .subject = std::move(subject),
                      .detail = "",
                      .cause = error.call(),
                      .code = error.code(),
                      .remedy = remedy_for(error.code().value())}};
}

VolumeError work_failure(std::string operation, std::string subject, std::string detail,
                         const launcher::WorkOutcome& outcome) {
  using End = launcher::WorkOutcome::End;
  return VolumeError{{.stage = dunnage::Stage::Store,
                      .operation = std::move(operation),
                      .subject = std::move(subject),
                      .detail = std::move(detail),
                      .cause = outcome.cause(),
                      .code = outcome.code(),
                      .remedy = outcome.end == End::Failed     ? remedy_for(outcome.failure.error)
                                : outcome.end == End::TimedOut ? "give it more time"
                                                               : "try again"}};
}

VolumeError missing_failure(std::string operation, const std::string& name,
                            const std::vector<std::string>& known_names) {
  const auto near = error::nearest(name, std::span<const std::string>{known_names});
  return VolumeError{
      {.stage = dunnage::Stage::Store,
       .operation = std::move(operation),
       .subject = name,
       .detail = "",
       .cause = "",
       .code = errc::volume_missing,
       .remedy = near ? fmt::format("did you mean \"{}\"?", *near) : "create it first, or list the volumes"}};
}

VolumeError in_use_failure(std::string operation, const std::string& name, std::vector<std::string> users) {
  std::string cause = "held by a process that left no record";
  std::string remedy = "end the process that holds its lock file (see lslocks)";
  if (!users.empty()) {
    cause = fmt::format("used by {} {}", users.size() == 1 ? "container" : "containers", quoted_list(users));
    remedy = users.size() == 1 ? "stop it first" : "stop them first";
  }
  return VolumeError{{.stage = dunnage::Stage::Store,
                      .operation = std::move(operation),
                      .subject = name,
                      .detail = "",
                      .cause = std::move(cause),
                      .code = errc::volume_in_use,
                      .remedy = std::move(remedy)},
                     std::move(users)};
}

VolumeError excluded_failure(std::string operation, const std::string& name, Claim claim,
                             std::vector<std::string> users) {
  const bool one = users.size() == 1;
  const std::string who = users.empty() ? "a process that left no record"
                                        : fmt::format("{} {}", one ? "container" : "containers", quoted_list(users));
  const char* wanted = claim == Claim::Alone        ? "it is to be used exclusively"
                       : claim == Claim::WriteAlone ? "it is to have a single writer"
                                                    : "its access mode lets no other in";
  return VolumeError{{.stage = dunnage::Stage::Store,
                      .operation = std::move(operation),
                      .subject = name,
                      .detail = "",
                      .cause = fmt::format("{}, and {} {} it", wanted, who, users.size() > 1 ? "use" : "uses"),
                      .code = errc::volume_in_use,
                      .remedy = fmt::format("stop {} first, or wait with access_timeout", one ? "it" : "them")},
                     std::move(users)};
}

VolumeError protected_failure(std::string operation, const std::string& name) {
  return VolumeError{{.stage = dunnage::Stage::Store,
                      .operation = std::move(operation),
                      .subject = name,
                      .detail = "",
                      .cause = "",
                      .code = errc::volume_protected,
                      .remedy = "take the protection off with update() (volume update --unprotect) first"}};
}

VolumeError anonymous_protection_failure(std::string operation, const std::string& name) {
  return VolumeError{{.stage = dunnage::Stage::Store,
                      .operation = std::move(operation),
                      .subject = name,
                      .detail = "",
                      .cause = "an anonymous volume goes with its container and cannot be protected",
                      .code = errc::invalid_argument,
                      .remedy = "keep what is to stay in a volume with a name"}};
}

VolumeError bad_name_failure(std::string operation, const std::string& name) {
  std::string remedy = "use 1 to 128 letters, digits, \"_\", \".\" or \"-\", a letter or digit first";
  if (name.find('/') != std::string::npos) {
    remedy += "; a directory of the host is a bind mount";
  }
  return VolumeError{{.stage = dunnage::Stage::Store,
                      .operation = std::move(operation),
                      .subject = name,
                      .detail = "",
                      .cause = "not a name for a volume",
                      .code = errc::invalid_argument,
                      .remedy = std::move(remedy)}};
}

std::string quoted_list(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t index = 0; index < names.size(); ++index) {
    if (index > 0) {
      text += index + 1 == names.size() ? " and " : ", ";
    }
    text += fmt::format("\"{}\"", names[index]);
  }
  return text;
}

}  // namespace dunnage::volume
