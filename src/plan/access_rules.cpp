// SPDX-License-Identifier: Apache-2.0
#include "plan/access_rules.hpp"

#include <fmt/format.h>
#include <linux/capability.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

namespace dunnage::plan {
namespace {

constexpr unsigned kRead = 4;
constexpr unsigned kWrite = 2;
constexpr unsigned kExecute = 1;

/// Who of owner, group and others the user is.
enum class Class { Owner, Group, Others };

bool is_in_group(const AccessFacts& facts) {
  return facts.group_mapped &&
         (facts.gid == facts.owner.gid || std::ranges::find(facts.groups, facts.owner.gid) != facts.groups.end());
}

Class class_of(const AccessFacts& facts) {
  return facts.owner_mapped && facts.uid == facts.owner.uid ? Class::Owner
         : is_in_group(facts)                               ? Class::Group
                                                            : Class::Others;
}

unsigned bits_of(const AccessFacts& facts) {
  constexpr unsigned kBitsOfClass = 3;
  const Class user = class_of(facts);
  return facts.owner.mode >> (kBitsOfClass * (user == Class::Owner ? 2U : user == Class::Group ? 1U : 0U)) & 7U;
}

/// A capability counts for files whose owner and group the user namespace has.
bool has(const AccessFacts& facts, unsigned capability) {
  return facts.owner_mapped && facts.group_mapped && (facts.capabilities >> capability & 1U) != 0;
}

bool mode_allows(const AccessFacts& facts, unsigned wanted) {
  if ((bits_of(facts) & wanted) == wanted) {
    return true;
  }
  constexpr unsigned kAnyExecute = 0111;
  const bool overrides = has(facts, CAP_DAC_OVERRIDE);
  const bool reads = has(facts, CAP_DAC_READ_SEARCH);
  if (facts.directory) {
    return overrides || (reads && wanted != kWrite);
  }
  if (wanted == kExecute) {
    return overrides && (facts.owner.mode & kAnyExecute) != 0;
  }
  return overrides || (reads && wanted == kRead);
}

bool device_is_shut(const AccessFacts& facts) { return facts.device && facts.no_dev; }

bool is_read_only(const AccessFacts& facts) { return facts.read_only_mount || facts.read_only_file_system; }

using Sentences = std::vector<std::string>;

void add_read_only(const AccessFacts& facts, const ResolvedMount* mount, PathExplanation& told) {
  if (facts.read_only_file_system && !facts.read_only_mount) {
    told.obstacles.push_back("the file system itself is read-only, for all its mounts");
    told.remedies.push_back("mount it writable on the host, or take a source on another file system");
    return;
  }
  if (mount == nullptr) {
    const bool root = told.mount.empty() || told.mount == "/";
    told.obstacles.push_back(root ? "the root file system of the container is read-only"
                                  : "this mount is read-only in every container");
    told.remedies.push_back(root ? "launch it without read_only_root (--read-only), or mount a volume or a tmpfs there"
                                 : "mount a volume or a tmpfs at another place");
  } else if (mount->kind == MountKind::Image && !mount->overlay) {
    told.obstacles.push_back("images are mounted read-only");
    told.remedies.push_back("give the mount the option overlay (OverlayOptions), whose changes are the container's");
  } else if (mount->read_only) {
    told.obstacles.push_back(fmt::format("the mount \"{}\" is read-only, as the plan says", mount->target));
    told.remedies.push_back("leave out \"ro\" (read_only = false) where the mount is added");
  } else {
    told.obstacles.push_back("what is mounted there is read-only on the host already, which a container cannot undo");
    told.remedies.push_back("mount the source writable on the host before the container is launched");
  }
}

std::string_view words_of(Class user) {
  switch (user) {
    case Class::Owner:
      return "its owner";
    case Class::Group:
      return "in its group";
    case Class::Others:
      break;
  }
  return "one of the others";
}

void add_owner_remedies(const AccessFacts& facts, const ResolvedMount* mount, PathExplanation& told) {
  if (facts.owner_mapped) {
    told.remedies.push_back(fmt::format("run the program as {}:{} (user, --user)", facts.owner.uid, facts.owner.gid));
  }
  if (mount == nullptr && told.mount != "/") {
    return;  // what every container has cannot be given to anybody
  }
  if (mount == nullptr) {
    told.remedies.push_back("give the file to the user in the image, or from a program of the container that is root");
  } else if (mount->kind == MountKind::Tmpfs) {
    told.remedies.push_back(
        fmt::format("give the tmpfs the options uid={}, gid={} or another mode", facts.uid, facts.gid));
  } else if (mount->kind != MountKind::Image) {
    told.remedies.push_back(
        "show the files as the user's without changing them: owner=match-user (Ownership::match_user())");
    told.remedies.push_back("or give them to the user on disk: the option chown (U), or chown on the host");
  }
}

void add_mode(const AccessFacts& facts, std::string_view what, const ResolvedMount* mount, PathExplanation& told) {
  if (!facts.owner_mapped) {
    told.obstacles.push_back(fmt::format(
        "{} belongs to {}, who is nobody (65534) in this container: the user namespace has no such id, so that not "
        "even root inside counts as its owner or has capabilities for it",
        facts.path,
        told.on_disk ? fmt::format("{}:{} of the host", told.on_disk->uid, told.on_disk->gid)
                     : std::string{"an id of the host"}));
    told.remedies.push_back(
        "give it on the host to the user who launches, or to one of the ids of the container listed here");
    if (mount == nullptr || mount->kind != MountKind::Volume) {
      told.remedies.push_back("or keep the data in a volume, whose files are the container's own");
    }
    return;
  }
  told.obstacles.push_back(fmt::format("{} belongs to {}:{} and has the mode {:04o}; user {}:{} is {}, who {}",
                                       facts.path, facts.owner.uid, facts.owner.gid, facts.owner.mode, facts.uid,
                                       facts.gid, words_of(class_of(facts)), what));
  if (facts.uid == 0 && !has(facts, CAP_DAC_OVERRIDE)) {
    told.obstacles.push_back(facts.group_mapped
                                 ? "root of this container has no CAP_DAC_OVERRIDE, so modes hold for it, too"
                                 : "its group is none of the container's user namespace, so modes hold for root, too");
    if (facts.group_mapped) {
      told.remedies.push_back("launch it with the capability DAC_OVERRIDE (--cap-add)");
    }
  }
  add_owner_remedies(facts, mount, told);
}

}  // namespace

PathAccess access_by_rules(const AccessFacts& facts) {
  const bool shut = device_is_shut(facts);
  // what is written to a device, a FIFO or a socket does not change the file system
  const bool unchangeable = (facts.directory || facts.regular) &&
                            (is_read_only(facts) || facts.immutable || (facts.directory && facts.kernels_own));
  const bool unmapped = facts.unmapped_is_read_only && !(facts.owner_mapped && facts.group_mapped);
  return {.read = !shut && mode_allows(facts, kRead),
          .write = !shut && !unchangeable && !unmapped && mode_allows(facts, kWrite),
          .execute = mode_allows(facts, kExecute) && !(facts.regular && facts.no_exec)};
}

void explain_obstacles(const AccessFacts& facts, const ResolvedMount* mount, PathExplanation& told) {
  const bool contains = facts.directory || facts.regular;
  if (contains && is_read_only(facts)) {
    add_read_only(facts, mount, told);
  }
  if (contains && facts.immutable) {
    told.obstacles.push_back(fmt::format("{} is immutable (chattr +i), for root, too", facts.path));
    told.remedies.push_back("take that away on the host: chattr -i");
  }
  if (facts.directory && facts.kernels_own) {
    told.obstacles.push_back(fmt::format("the kernel alone makes what is in {}", facts.path));
    told.remedies.push_back("choose a place on another file system");
  }
  if (device_is_shut(facts)) {
    told.obstacles.push_back("devices cannot be used on this mount (nodev)");
    told.remedies.push_back("give the mount the option dev, or use the devices in /dev");
  }
  if (facts.regular && facts.no_exec && (facts.owner.mode & 0111U) != 0) {
    told.obstacles.push_back("programs cannot be executed on this mount (noexec)");
    told.remedies.push_back("give the mount the option exec");
  }
  if (facts.unmapped_is_read_only && !(facts.owner_mapped && facts.group_mapped)) {
    told.obstacles.push_back(
        fmt::format("{} belongs to an id the mount's map does not have, so nobody may write it", facts.path));
    told.remedies.push_back("add the id on disk to the map of the option owner (Ownership::map())");
  }
  std::string denied;
  for (const auto& [bit, word] : {std::pair{kRead, "read"}, std::pair{kWrite, "write"}}) {
    if (!mode_allows(facts, bit)) {
      denied += (denied.empty() ? "" : " nor ") + std::string{word};
    }
  }
  if (facts.directory && !mode_allows(facts, kExecute)) {
    denied += (denied.empty() ? "" : " nor ") + std::string{"reach what is in it"};
  }
  if (!denied.empty()) {
    add_mode(facts, fmt::format("may not {}", denied), mount, told);
  }
}

}  // namespace dunnage::plan
