// SPDX-License-Identifier: Apache-2.0
// Whose a path is, and what a user may do there: by the rules, and by the kernel's answer.

#include "error/reason.hpp"
#include "kernel/calls.hpp"
#include "kernel/open_beneath.hpp"
#include "launch/explain.hpp"
#include "plan/access_rules.hpp"
#include "plan/explain.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <string_view>
#include <utility>

namespace dunnage::launch {
namespace {

constexpr std::uint32_t kNobodysId = 65534;  // user_namespaces(7)
constexpr unsigned kModeBits = 07777;

/// Whoever asks these may have to wait for another machine or program.
bool may_stall(std::uint64_t file_system) {
  constexpr std::array<std::uint64_t, 8> kStalling{0x65735546, 0x6969,     0xfe534d42, 0xff534d42,
                                                   0x01021997, 0x00c36400, 0x6b414653, 0x5346414f};
  return std::ranges::find(kStalling, file_system) != kStalling.end();
}

bool is_kernels_own(std::uint64_t file_system) { return file_system == PROC_SUPER_MAGIC || file_system == SYSFS_MAGIC; }

std::optional<FileOwner> owner_of(int fd) {
  struct statx status {};
  if (fd < 0 ||
      ::statx(fd, "", AT_EMPTY_PATH | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC, STATX_BASIC_STATS, &status) != 0) {
    return std::nullopt;
  }
  return FileOwner{status.stx_uid, status.stx_gid, status.stx_mode & kModeBits};
}

/// Past an id-mapped mount: by the source.
std::optional<FileOwner> owner_at_source(const PathExplanation& told) {
  if (told.source.empty() || told.presence != PathExplanation::Presence::There) {
    return std::nullopt;
  }
  const kernel::FileDescriptor found{
      kernel::open_at2(AT_FDCWD, told.source.c_str(), O_PATH, RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS)};
  return owner_of(found.get());
}

void fill_owners(const launcher::Examination& examined, const launcher::Identity& identity, PathExplanation& told) {
  const launcher::ExamineReport& report = examined.report;
  told.kind = kind_in_words(report.mode);
  told.inside = FileOwner{report.uid, report.gid, report.mode & kModeBits};
  if (may_stall(report.file_system)) {
    told.notes.push_back("whose it is on disk was not asked: that file system may keep this program waiting");
  } else if (told.id_mapped) {
    told.on_disk = owner_at_source(told);
  } else {
    told.on_disk = owner_of(examined.found.get());
  }
  const auto as_public = [](const std::vector<launcher::IdRange>& ranges) {
    std::vector<IdRange> list;
    std::ranges::transform(ranges, std::back_inserter(list), [](const launcher::IdRange& range) {
      return IdRange{range.inside, range.outside, range.count};
    });
    return list;
  };
  if (identity.rootless()) {
    told.users = as_public(identity.users);
    told.groups = as_public(identity.groups);
  }
}

bool has_option(const std::vector<std::string>& options, std::string_view option) {
  return std::ranges::find(options, option) != options.end();
}

plan::AccessFacts facts_of(const ExplainedPlace& place, const launcher::Examination& examined,
                           const PathExplanation& told) {
  const unsigned mode = examined.report.mode;
  const launcher::Identity& identity = place.connection.identity();
  plan::AccessFacts facts;
  facts.path = fmt::format("\"{}\"", told.leads_to);
  facts.owner = *told.inside;
  facts.directory = S_ISDIR(mode);
  facts.regular = S_ISREG(mode);
  facts.device = S_ISCHR(mode) || S_ISBLK(mode);
  if (identity.rootless()) {
    facts.owner_mapped = !told.on_disk || inside_of(identity.users, told.on_disk->uid).has_value();
    facts.group_mapped = !told.on_disk || inside_of(identity.groups, told.on_disk->gid).has_value();
  } else {
    facts.owner_mapped = !told.id_mapped || facts.owner.uid != kNobodysId;
    facts.group_mapped = !told.id_mapped || facts.owner.gid != kNobodysId;
  }
  facts.unmapped_is_read_only = told.id_mapped;
  facts.read_only_mount = has_option(told.mount_options, "ro");
  facts.read_only_file_system = has_option(told.file_system_options, "ro");
  facts.no_exec = has_option(told.mount_options, "noexec");
  facts.no_dev = has_option(told.mount_options, "nodev");
  facts.kernels_own = is_kernels_own(examined.report.file_system);
  facts.immutable = examined.report.immutable != 0;
  facts.uid = place.user.uid;
  facts.gid = place.user.gid;
  facts.groups = place.user.groups;
  facts.capabilities = place.user.capabilities;
  return facts;
}

/// The directory on the way that lets the user go no further.
plan::AccessFacts facts_of_blocker(const ExplainedPlace& place, const launcher::Examination& examined,
                                   const plan::AccessFacts& end) {
  plan::AccessFacts facts = end;
  const launcher::ExamineReport& report = examined.report;
  facts.path = fmt::format("the directory \"{}\" on the way",
                           report.reached_size == 0 ? "/" : examined.resolved.substr(0, report.reached_size));
  facts.owner = {report.reached_uid, report.reached_gid, report.reached_mode & kModeBits};
  facts.directory = true;
  facts.regular = facts.device = false;
  const bool rootless = place.connection.identity().rootless();
  facts.owner_mapped = !rootless || report.reached_uid != kNobodysId;
  facts.group_mapped = !rootless || report.reached_gid != kNobodysId;
  // only whether it may be passed counts
  facts.read_only_mount = facts.read_only_file_system = facts.immutable = facts.kernels_own = false;
  return facts;
}

std::string errnos_of(const launcher::ExamineReport& report) {
  std::string text;
  for (const auto& [number, word] : {std::pair{report.reach_error, "reach"}, std::pair{report.read_error, "read"},
                                     std::pair{report.write_error, "write"}}) {
    if (number != 0) {
      text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", word, error::errno_name(static_cast<int>(number)));
    }
  }
  return text;
}

void compare_answers(const launcher::ExamineReport& report, PathExplanation& told) {
  if (told.by_kernel && told.by_rules && *told.by_kernel != *told.by_rules) {
    told.notes.push_back(fmt::format(
        "the kernel's answer differs from what owners, modes and mount options come to; an access list (getfacl), or "
        "a security module of the host (SELinux, AppArmor), decides here{}",
        errnos_of(report).empty() ? "" : " (" + errnos_of(report) + ")"));
  }
}

void judge(const ExplainedPlace& place, const launcher::Examination& examined, const ResolvedMount* mount,
           PathExplanation& told) {
  const launcher::ExamineReport& report = examined.report;
  const plan::AccessFacts facts = facts_of(place, examined, told);
  if (report.user_error != 0) {
    told.obstacles.push_back(
        fmt::format("no program of this container can be this user: its user namespace does not have the ids ({})",
                    error::errno_name(static_cast<int>(report.user_error))));
    told.remedies.push_back(
        "take a user whose ids it has, or give the user who launches a range in /etc/subuid and "
        "/etc/subgid");
    return;
  }
  if (report.reach_error != 0) {
    const plan::AccessFacts blocker = facts_of_blocker(place, examined, facts);
    told.by_kernel = PathAccess{};
    told.by_rules = plan::access_by_rules(blocker).execute ? plan::access_by_rules(facts) : PathAccess{};
    plan::explain_obstacles(blocker, mount, told);
    return;
  }
  told.by_rules = plan::access_by_rules(facts);
  // asking for access to a device, or to a directory of /proc, is answered without what opening and making meet
  const bool shut = facts.device && facts.no_dev;
  const bool closed = facts.directory && facts.kernels_own;
  told.by_kernel = PathAccess{.read = report.read_error == 0 && !shut,
                              .write = report.write_error == 0 && !shut && !closed,
                              .execute = report.execute_error == 0};
  plan::explain_obstacles(facts, mount, told);
}

/// A path that is missing: with the directory it would be made in.
void judge_missing(const launcher::Examination& examined, PathExplanation& told) {
  const unsigned mode = examined.report.mode;
  if (!examined.target.empty()) {
    told.notes.push_back(fmt::format("there is a link that leads to \"{}\", where nothing is", examined.target));
  }
  if (!S_ISDIR(mode)) {
    told.by_kernel = told.by_rules = PathAccess{};
    told.obstacles = {fmt::format("\"{}\" is a {}, so nothing can be below it", told.leads_to, told.kind)};
    told.remedies.clear();
  }
}

/// What is in memory is there only while a container runs; of one that has ended it is empty, and read-only.
void forget_memory(const ExplainedPlace& place, const ResolvedMount* mount, PathExplanation& told) {
  if (place.running || mount == nullptr || (mount->kind != MountKind::Tmpfs && !mount->overlay)) {
    return;
  }
  told.by_kernel.reset();
  told.by_rules.reset();
  told.obstacles.clear();
  told.remedies.clear();
  told.mount_options.clear();
  told.notes.emplace_back("the container has ended; what is in memory is empty until it runs, and was not looked at");
}

}  // namespace

void explain_access(const ExplainedPlace& place, const launcher::Examination& examined, const ResolvedMount* mount,
                    PathExplanation& told) {
  fill_owners(examined, place.connection.identity(), told);
  judge(place, examined, mount, told);
  const auto error = static_cast<int>(examined.report.error);
  if (error == EACCES || error == EPERM) {
    told.presence = PathExplanation::Presence::Unknown;
    told.by_kernel = told.by_rules = PathAccess{};
    told.notes.push_back(fmt::format("not even root of this container may look beyond \"{}\" ({})", told.leads_to,
                                     error::errno_name(error)));
  } else if (error != 0) {
    judge_missing(examined, told);
  }
  compare_answers(examined.report, told);
  forget_memory(place, mount, told);
}

}  // namespace dunnage::launch
