// SPDX-License-Identifier: Apache-2.0
#include "prepare/owner.hpp"

#include "prepare/failure.hpp"

#include <dunnage/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

namespace dunnage::prepare {
namespace {

using Ranges = std::vector<launcher::IdRange>;

constexpr auto kNoId = std::numeric_limits<std::uint32_t>::max();

/// The id on the host that an id of the container is.
std::optional<std::uint32_t> outside_of(const Ranges& ranges, std::uint32_t inside) {
  for (const launcher::IdRange& range : ranges) {
    if (inside >= range.inside && inside - range.inside < range.count) {
      return range.outside + (inside - range.inside);
    }
  }
  return std::nullopt;
}

std::optional<Ids> on_host(const launcher::Identity& identity, const Ids& ids) {
  if (!identity.rootless()) {
    return ids;
  }
  const auto uid = outside_of(identity.users, ids.uid);
  const auto gid = outside_of(identity.groups, ids.gid);
  return uid && gid ? std::optional<Ids>{{*uid, *gid}} : std::nullopt;
}

/// All ids as they are, but for two that are exchanged.
Ranges exchange(std::uint32_t one, std::uint32_t other) {
  const auto [low, high] = std::minmax(one, other);
  Ranges ranges;
  const auto add = [&](std::uint32_t inside, std::uint32_t outside, std::uint32_t count) {
    if (count > 0) {
      ranges.push_back({inside, outside, count});
    }
  };
  add(0, 0, low);
  add(low, high, 1);
  if (low != high) {
    add(low + 1, low + 1, high - low - 1);
    add(high, low, 1);
  }
  add(high + 1, high + 1, kNoId - high - 1);
  return ranges;
}

/// A map of the container's ids to those on disk, the way the kernel wants it.
Ranges turned(const std::vector<IdRange>& ranges) {
  Ranges result;
  for (const IdRange& range : ranges) {
    result.push_back({range.outside, range.inside, range.count});
  }
  return result;
}

bool serves(const Ranges& have, const std::vector<IdRange>& wanted) {
  return std::all_of(wanted.begin(), wanted.end(), [&](const IdRange& range) {
    return outside_of(have, range.inside) == range.outside &&
           outside_of(have, range.inside + range.count - 1) == range.outside + range.count - 1;
  });
}

MountError refusal(const ResolvedMount& mount, const Ids& disk) {
  MountWords words = words_of(mount);
  return MountError{
      {.stage = Stage::Prepare,
       .operation = "prepare " + words.kind,
       .subject = std::move(words.subject),
       .detail = std::move(words.detail),
       .cause = fmt::format("the owner \"{}\" of what belongs to {}:{} on disk needs an id-mapped mount, which the "
                            "kernel refuses to an ordinary user",
                            to_string(mount.owner), disk.uid, disk.gid),
       .code = errc::not_supported,
       .remedy = "run the program as the container's user that this is, root for files of your own; or use chown; or "
                 "launch as root"},
      source_of(mount),
      mount.target};
}

OwnerWay way_of_map(const ResolvedMount& mount, const Ids& disk, const launcher::Identity& identity) {
  if (!identity.rootless()) {
    return {.map = true,
            .users = turned(mount.owner.users()),
            .groups = turned(mount.owner.groups()),
            .reason = "ids are mapped by an id-mapped mount as asked: " + to_string(mount.owner)};
  }
  if (serves(identity.users, mount.owner.users()) && serves(identity.groups, mount.owner.groups())) {
    return {.reason = "the ids asked for are those of the container's user namespace, so nothing is mapped"};
  }
  throw refusal(mount, disk);
}

}  // namespace

OwnerWay way_of(const ResolvedMount& mount, const Ids& disk, const Ids& user, const launcher::Identity& identity) {
  if (mount.owner.kind() == Ownership::Kind::AsIs) {
    return {};
  }
  if (mount.owner.kind() == Ownership::Kind::Map) {
    return way_of_map(mount, disk, identity);
  }
  const Ids wanted = mount.owner.kind() == Ownership::Kind::As ? Ids{mount.owner.uid(), mount.owner.gid()} : user;
  const auto host = on_host(identity, wanted);
  if (host && host->uid == disk.uid && host->gid == disk.gid) {
    return {.reason = fmt::format("what belongs to {}:{} on disk belongs to {}:{} in the container as it is{}",
                                  disk.uid, disk.gid, wanted.uid, wanted.gid,
                                  identity.rootless() ? ", by the map of its user namespace" : "")};
  }
  if (identity.rootless()) {
    throw refusal(mount, disk);
  }
  return {.map = true,
          .users = exchange(disk.uid, wanted.uid),
          .groups = exchange(disk.gid, wanted.gid),
          .reason = fmt::format("an id-mapped mount exchanges {}:{} on disk and {}:{} in the container", disk.uid,
                                disk.gid, wanted.uid, wanted.gid)};
}

}  // namespace dunnage::prepare
