// SPDX-License-Identifier: Apache-2.0
// A path of a plan, explained: what the plan says, and with a user what is at the source by now.

#include <dunnage/error.hpp>
#include <dunnage/mount_plan.hpp>

#include "kernel/calls.hpp"
#include "kernel/file_descriptor.hpp"
#include "launch/capability.hpp"
#include "launch/explain.hpp"
#include "launcher/identity.hpp"
#include "model/target.hpp"
#include "plan/access_rules.hpp"
#include "plan/explain.hpp"
#include "prepare/owner.hpp"
#include "prepare/user.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage {
namespace launch {

std::optional<std::uint32_t> inside_of(const std::vector<launcher::IdRange>& ranges, std::uint32_t outside) {
  for (const launcher::IdRange& range : ranges) {
    if (outside >= range.outside && outside - range.outside < range.count) {
      return range.inside + (outside - range.outside);
    }
  }
  return std::nullopt;
}

namespace {

constexpr std::uint32_t kNobody = 65534;  // user_namespaces(7): what an id is shown as that has no place in the map

/// `inside` of an id-mapped mount is the id on disk.
std::uint32_t shown(const std::vector<launcher::IdRange>& ranges, std::uint32_t disk) {
  for (const launcher::IdRange& range : ranges) {
    if (disk >= range.inside && disk - range.inside < range.count) {
      return range.outside + (disk - range.inside);
    }
  }
  return kNobody;
}

/// Who the container will see as the owner, if the kernel shows him at all.
void fill_inside(const ResolvedMount& mount, const prepare::Ids& user, const launcher::Identity& identity,
                 plan::AccessFacts& facts, PathExplanation& told) {
  const prepare::Ids disk{told.on_disk->uid, told.on_disk->gid};
  prepare::Ids seen = disk;
  if (identity.rootless()) {
    const auto uid = inside_of(identity.users, disk.uid);
    const auto gid = inside_of(identity.groups, disk.gid);
    facts.owner_mapped = uid.has_value();
    facts.group_mapped = gid.has_value();
    seen = {uid.value_or(kNobody), gid.value_or(kNobody)};
  } else if (const prepare::OwnerWay way = prepare::way_of(mount, disk, user, identity); way.map) {
    told.id_mapped = true;
    seen = {shown(way.users, disk.uid), shown(way.groups, disk.gid)};
  }
  facts.owner = {seen.uid, seen.gid, told.on_disk->mode};
  told.inside = facts.owner;
}

/// The deepest directory on the way to the path that is there, or the path.
std::optional<struct stat> look_at_source(std::string source, PathExplanation& told) {
  struct stat status {};
  for (;;) {
    const kernel::FileDescriptor found{
        kernel::open_at2(AT_FDCWD, source.c_str(), O_PATH, RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS)};
    if (found && ::fstat(found.get(), &status) == 0) {
      return status;
    }
    const std::size_t slash = source.rfind('/');
    if (slash == std::string::npos || source.size() <= 1) {
      return std::nullopt;
    }
    told.presence = PathExplanation::Presence::Missing;
    const std::size_t shorter = std::max<std::size_t>(slash, 1);
    told.leads_to.resize(
        told.leads_to.size() > source.size() - shorter ? told.leads_to.size() - (source.size() - shorter) : 0);
    source.resize(shorter);
  }
}

void add_planned_access(const ResolvedMount& mount, const prepare::Ids& user, PathExplanation& told) {
  const launcher::Identity identity = launcher::identity_for(user.uid, user.gid);
  told.presence = PathExplanation::Presence::There;
  told.leads_to = told.path;
  const auto status = look_at_source(told.source, told);
  if (!status) {
    told.presence = PathExplanation::Presence::Unknown;
    told.notes.push_back("this user may not look at the source on the host, or there is a link on the way to it");
    return;
  }
  told.kind = kind_in_words(status->st_mode);
  told.on_disk = FileOwner{status->st_uid, status->st_gid, status->st_mode & 07777U};
  plan::AccessFacts facts;
  facts.path = fmt::format("\"{}\"", told.leads_to.empty() ? "/" : told.leads_to);
  facts.directory = S_ISDIR(status->st_mode);
  facts.regular = S_ISREG(status->st_mode);
  facts.device = S_ISBLK(status->st_mode) || S_ISCHR(status->st_mode);
  facts.read_only_mount = mount.read_only;
  facts.no_exec = !mount.exec;
  facts.no_dev = !mount.dev;
  facts.uid = user.uid;
  facts.gid = user.gid;
  facts.capabilities = plan::in_effect(user.uid, default_capabilities());
  fill_inside(mount, user, identity, facts, told);
  told.by_rules = plan::access_by_rules(facts);
  plan::explain_obstacles(facts, &mount, told);
}

}  // namespace

std::string kind_in_words(unsigned mode) {
  switch (mode & S_IFMT) {
    case S_IFDIR:
      return "directory";
    case S_IFREG:
      return "file";
    case S_IFLNK:
      return "link";
    case S_IFIFO:
      return "FIFO";
    case S_IFSOCK:
      return "socket";
    default:
      return "device";
  }
}

}  // namespace launch

PathExplanation MountPlan::explain(std::string_view path, const ExplainOptions& options) const {
  if (!path.starts_with('/')) {
    throw MountError{{.stage = Stage::Resolve,
                      .operation = "explain path",
                      .subject = std::string{path},
                      .detail = "",
                      .cause = "the path is not absolute",
                      .code = errc::invalid_argument,
                      .remedy = "begin it with \"/\""},
                     "",
                     std::string{path}};
  }
  PathExplanation told;
  told.path = model::clean_path(path);
  const ResolvedMount* const mount = plan::mount_of(*this, told.path);
  if (mount != nullptr) {
    plan::describe_mount(*mount, std::string_view{told.path}.substr(mount->target.size()), told);
  }
  plan::list_mounts_below(*this, told.path, told);
  if (!options.user.empty()) {
    const prepare::Ids user = prepare::parse_ids(options.user);
    told.user = fmt::format("{}:{}", user.uid, user.gid);
    if (mount != nullptr && !told.source.empty()) {
      launch::add_planned_access(*mount, user, told);
    } else {
      told.notes.push_back("what a user may do there shows when the container runs");
    }
  }
  return told;
}

}  // namespace dunnage
