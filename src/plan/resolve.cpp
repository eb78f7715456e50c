// SPDX-License-Identifier: Apache-2.0
#include <dunnage/mount_plan.hpp>
#include <dunnage/mount_set.hpp>
#include <dunnage/volume_store.hpp>

#include "image/failure.hpp"
#include "image/known.hpp"
#include "model/mount_name.hpp"
#include "model/target.hpp"
#include "model/volume_name.hpp"
#include "plan/attributes.hpp"
#include "plan/bind_source.hpp"
#include "plan/check_options.hpp"
#include "plan/copy_up.hpp"
#include "plan/followed_source.hpp"
#include "plan/host_path.hpp"
#include "plan/image_source.hpp"
#include "plan/image_volumes.hpp"
#include "plan/known_directory.hpp"
#include "plan/order.hpp"
#include "plan/selinux.hpp"
#include "plan/store_look.hpp"
#include "plan/transaction_source.hpp"
#include "plan/volume_driver.hpp"
#include "plan/volume_path.hpp"

#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

namespace dunnage {
namespace {

[[noreturn]] void refuse(const Mount& mount, std::string cause, std::error_code code, std::string remedy) {
  throw model::mount_error(Stage::Resolve, "resolve", mount, std::move(cause), code, std::move(remedy));
}

/// The library's own part of a container: a mount there could feed it false process or device data.
void refuse_reserved_target(const Mount& mount) {
  constexpr std::array<std::string_view, 4> kReserved{"/proc", "/sys", "/dev/pts", "/dev/console"};
  for (const std::string_view place : kReserved) {
    if (model::is_at_or_below(target_of(mount), place)) {
      refuse(mount, fmt::format("\"{}\" belongs to the container itself", place), errc::target_conflict,
             "choose a target outside of /proc, /sys, /dev/pts and /dev/console");
    }
  }
}

template <typename Options>
ResolvedMount begin_mount(MountKind kind, const std::string& target, const Options& options) {
  ResolvedMount mount;
  mount.kind = kind;
  mount.target = target;
  mount.read_only = options.read_only;
  mount.suid = options.suid;
  mount.dev = options.dev;
  mount.exec = options.exec;
  return mount;
}

/// The words of a set-up that can be had only in part.
void check_recursion(const BindMount& bind) {
  const BindOptions& options = bind.options;
  const bool about_read_only = options.recursion == Recursion::Writable || options.recursion == Recursion::ReadOnly;
  if (about_read_only && !options.read_only) {
    refuse(
        bind,
        fmt::format("recursion \"{}\" means nothing for a mount that is not read-only", to_string(options.recursion)),
        errc::invalid_argument, "set read_only");
  }
  if (options.recursion == Recursion::ReadOnly && options.propagation != Propagation::RPrivate) {
    refuse(bind,
           fmt::format("recursion \"readonly\" cannot hold with propagation \"{}\", by which writable mounts arrive",
                       to_string(options.propagation)),
           errc::invalid_argument, "use propagation \"rprivate\"");
  }
}

void explain_recursion(const BindMount& bind, ResolvedMount& mount) {
  std::vector<std::string>& reasons = mount.reasons;
  if (!mount.recursive) {
    reasons.emplace_back("mounts below the source stay away, because recursion is \"disabled\"");
  } else if (mount.recursive_read_only) {
    reasons.emplace_back(
        "read-only holds for mounts below the source too; it is an error if one of them cannot be made so");
  } else if (bind.options.recursion == Recursion::Writable) {
    reasons.emplace_back("mounts below the source stay writable, because recursion is \"writable\"");
  }
  if (bind.options.propagation != Propagation::RPrivate) {
    reasons.push_back(fmt::format("propagation \"{}\" was asked for; without a word it is \"rprivate\"",
                                  to_string(bind.options.propagation)));
  }
  if (mount.recursive && bind.options.propagation == Propagation::Shared) {
    reasons.emplace_back("mounts below the source keep the propagation they have on the host");
  } else if (mount.recursive &&
             (bind.options.propagation == Propagation::Private || bind.options.propagation == Propagation::Slave)) {
    reasons.emplace_back("mounts below the source get it too: as copies of shared ones they would reach the host");
  }
}

/// Preparing follows no link; what is missing, it says.
void follow_links(std::filesystem::path& path, std::vector<std::string>& reasons) {
  const plan::HostPath found = plan::follow_host_path(path.string());
  if (found.number == 0 && model::clean_path(path.string()) != found.path) {
    reasons.push_back(fmt::format("\"{}\" leads over a symbolic link to \"{}\"", path.string(), found.path));
  }
  if (found.number == 0) {
    path = found.path;
  }
}

void follow_links(OverlayOptions& overlay, std::vector<std::string>& reasons) {
  if (!overlay.upper.empty()) {
    follow_links(overlay.upper, reasons);
    follow_links(overlay.work, reasons);
  }
}

template <typename Options>
void take_options(const Options& options, ResolvedMount& mount) {
  mount.owner = options.owner;
  mount.chown = options.chown;
  mount.relabel = options.relabel;
  mount.exclude = options.exclude;
  mount.overlay = options.overlay;
  if (mount.owner.kind() != Ownership::Kind::AsIs) {
    mount.reasons.push_back(fmt::format(
        "the owner is to be \"{}\"; preparing maps ids where they do not agree as they are", to_string(mount.owner)));
  }
  if (mount.chown) {
    mount.reasons.emplace_back(
        "preparing gives the source and all below it to the container's user; other mounts below "
        "it are passed over");
  }
  if (mount.relabel != Relabel::None) {
    mount.reasons.emplace_back(plan::has_selinux()
                                   ? "preparing gives the source and all below it a label that containers may use"
                                   : "SELinux is off on this machine, so the label that was asked for changes nothing");
  }
  if (!mount.exclude.empty()) {
    mount.reasons.push_back(
        fmt::format("preparing hides what is there by then of \"{}\"", fmt::join(mount.exclude, "\", \"")));
  }
  if (mount.overlay) {
    mount.reasons.emplace_back(
        "the source is the lower layer of an overlay and is not changed; mounts below it are not "
        "shown");
    follow_links(*mount.overlay, mount.reasons);
  }
}

void take_loss(const Mount& wanted, const SourceLoss& loss, ResolvedMount& mount) {
  mount.on_loss = loss;
  for (std::string& reason : plan::check_loss_of(wanted, mount)) {
    mount.reasons.push_back(std::move(reason));
  }
}

void check_source(const BindMount& bind, const plan::BindSource& source) {
  if (bind.options.require_mountpoint && !source.missing && !source.mountpoint) {
    refuse(bind, "the source is not a mount point", errc::source_missing, "mount it, or leave require_mountpoint out");
  }
  const bool file = source.kind == FileKind::File;
  if (file && (bind.options.overlay || !bind.options.transaction.empty() || !bind.options.exclude.empty())) {
    refuse(bind, "the source is a file, and overlay, transaction and exclude are about directories",
           errc::invalid_argument, "leave them out");
  }
  const bool relabel = bind.options.relabel != Relabel::None;
  if ((bind.options.chown || relabel) && plan::is_known_directory(source.path)) {
    refuse(bind,
           fmt::format("\"{}\" is a directory of the machine itself, whose {} stays", source.path.string(),
                       bind.options.chown ? "owner" : "label"),
           errc::invalid_argument,
           fmt::format("choose a directory of your own, or leave {} out", bind.options.chown ? "chown" : "relabel"));
  }
}

ResolvedMount resolve_bind(const BindMount& bind, const ResolveOptions& options, plan::SourceLook& sources,
                           plan::StoreLook& stores) {
  plan::check_options(bind);
  check_recursion(bind);
  plan::BindSource source = sources.look(bind, options.current_directory);
  check_source(bind, source);
  const bool followed = bind.options.follow == Follow::Name && !source.missing;
  std::vector<std::string> watched = followed ? plan::check_followed(bind, source) : std::vector<std::string>{};
  ResolvedMount mount = begin_mount(MountKind::Bind, bind.target, bind.options);
  mount.source = std::move(source.path);
  mount.file_kind = source.kind;
  mount.create_source = source.missing && bind.options.create_source;
  mount.create_mode = bind.options.create_mode;
  mount.create_uid = bind.options.create_uid;
  mount.create_gid = bind.options.create_gid;
  mount.require_mountpoint = bind.options.require_mountpoint;
  mount.left_out = source.missing && bind.options.optional;
  mount.follow = bind.options.follow;
  mount.reasons = std::move(watched);
  mount.propagation = bind.options.propagation;
  mount.recursive = bind.options.recursion != Recursion::Disabled;
  mount.recursive_read_only = mount.read_only && mount.recursive && bind.options.recursion != Recursion::Writable;
  if (bind.source.is_relative()) {
    mount.reasons.push_back(
        fmt::format("the source \"{}\" was taken from the current directory", bind.source.string()));
  }
  if (!source.followed.empty()) {
    mount.reasons.push_back(
        fmt::format("\"{}\" leads over a symbolic link to \"{}\"", source.followed, mount.source.string()));
  }
  if (mount.left_out) {
    mount.reasons.emplace_back("the source is missing, and the mount is optional: it is left out");
    return mount;
  }
  if (source.missing) {
    mount.reasons.emplace_back(
        "the source is missing; preparing creates it as a directory, because create_source is set");
  } else if (source.kind == FileKind::File) {
    mount.reasons.emplace_back("the source is a file, so the mount point is one");
  }
  explain_recursion(bind, mount);
  take_options(bind.options, mount);
  if (!bind.options.transaction.empty()) {
    plan::take_transaction(bind, mount, stores);
  }
  take_loss(bind, bind.options.on_loss, mount);
  return mount;
}

void explain_limit(const VolumeInfo& info, ResolvedMount& mount) {
  mount.limit_way = info.limit_way;
  if (info.limit_way != LimitWay::None) {
    mount.reasons.push_back(fmt::format(
        "it holds at most {}{}, by {}", info.limit.size != 0 ? fmt::format("{} bytes", info.limit.size) : "",
        info.limit.inodes != 0 ? fmt::format("{}{} inodes", info.limit.size != 0 ? " and " : "", info.limit.inodes)
                               : "",
        to_string(info.limit_way)));
  }
}

void find_or_plan(const VolumeMount& volume, ResolvedMount& mount, plan::StoreLook& stores) {
  if (const auto found = stores.find(mount.store, volume.name)) {
    mount.source = found->mountpoint();
    mount.driver_options = found->info().driver_options;
    mount.access = std::max(mount.access, found->info().access);
    explain_limit(found->info(), mount);
    mount.reasons.push_back("the volume exists and is used as it is, with its own labels and options");
    return;
  }
  if (!volume.options.create) {
    refuse(volume, fmt::format("there is no such volume in \"{}\"", mount.store.string()), errc::volume_missing,
           "create it, or let mounting create it");
  }
  mount.create_volume = true;
  mount.labels = volume.options.labels;
  mount.driver_options = volume.options.driver_options;
  mount.source = mount.store / "volumes" / volume.name / "_data";
  mount.reasons.push_back(
      fmt::format("there is no volume \"{}\" in \"{}\"; preparing creates it", volume.name, mount.store.string()));
}

ResolvedMount resolve_volume(const VolumeMount& volume, const ResolveOptions& options, plan::StoreLook& stores) {
  plan::check_options(volume);
  if (!volume.name.empty() && !model::is_valid_volume_name(volume.name)) {
    refuse(volume, "that is not a name of a volume", errc::invalid_argument,
           "use letters, digits, \"_\", \".\" and \"-\", at most 128, a letter or digit first");
  }
  ResolvedMount mount = begin_mount(MountKind::Volume, volume.target, volume.options);
  mount.volume = volume.name;
  mount.store = stores.root_of(volume.store);
  mount.no_copy = volume.options.no_copy;
  mount.access = volume.options.access;
  mount.access_timeout = volume.options.access_timeout;
  mount.recursive_read_only = mount.read_only;
  if (volume.name.empty()) {
    mount.create_volume = true;
    mount.labels = volume.options.labels;
    mount.driver_options = volume.options.driver_options;
    mount.reasons.emplace_back("it has no name; preparing makes an anonymous volume, which goes with the container");
  } else {
    find_or_plan(volume, mount, stores);
  }
  if (mount.access != AccessMode::Shared) {
    mount.reasons.push_back(fmt::format("its access mode is {}, which {}", to_string(mount.access),
                                        mount.access == volume.options.access ? "the mount asks" : "the volume has"));
  }
  plan::take_driver_options(volume, mount);
  if (!volume.options.subpath.empty()) {
    mount.subpath = model::clean_path(volume.options.subpath).substr(1);
    mount.file_kind = plan::look_below(volume, mount);
  }
  if (options.rootfs.kind() == Rootfs::Kind::Image) {
    plan::decide_copy_up(mount);
  }
  take_options(volume.options, mount);
  take_loss(volume, volume.options.on_loss, mount);
  return mount;
}

ResolvedMount resolve_tmpfs(const Tmpfs& tmpfs, const ResolveOptions&) {
  const TmpfsOptions& options = tmpfs.options;
  plan::check_options(tmpfs);
  ResolvedMount mount = begin_mount(MountKind::Tmpfs, tmpfs.target, options);
  mount.size = options.size;
  mount.mode = options.mode;
  mount.uid = options.uid;
  mount.gid = options.gid;
  mount.nr_inodes = options.nr_inodes;
  mount.no_swap = options.no_swap;
  if (options == TmpfsOptions{}) {
    mount.reasons.push_back(fmt::format("without options a tmpfs has {}, mode {:04o}, and runs no programs",
                                        plan::size_in_words(options.size), options.mode));
  }
  return mount;
}

/// What has been looked at for this plan.
struct Looks {
  plan::SourceLook sources{};
  plan::StoreLook stores;
};

ResolvedMount resolve_mount(const BindMount& mount, const ResolveOptions& options, Looks& looks) {
  return resolve_bind(mount, options, looks.sources, looks.stores);
}
ResolvedMount resolve_mount(const VolumeMount& mount, const ResolveOptions& options, Looks& looks) {
  return resolve_volume(mount, options, looks.stores);
}
ResolvedMount resolve_mount(const Tmpfs& mount, const ResolveOptions& options, Looks&) {
  return resolve_tmpfs(mount, options);
}
ResolvedMount resolve_mount(const ImageMount& mount, const ResolveOptions&, Looks& looks) {
  return plan::resolve_image(mount, looks.stores.root_of(mount.store));
}

MountPlan with_volumes_of_image(const MountPlan& plan, const ResolveOptions& options) {
  const std::string& name = options.rootfs.name();
  const auto images = image::open_existing_layout(options.store.empty() ? default_store() : options.store);
  if (!images) {
    throw image::missing_failure("use the image", name, {});
  }
  const auto info = image::get_known_image(*images, name);
  return plan::with_image_volumes(plan, {name, info->config.volumes, options.image_volumes}, options);
}

/// What is exchanged would take them along.
void refuse_mounts_on_followed(const MountPlan& plan) {
  for (const ResolvedMount& mount : plan) {
    if (!plan::is_looked_for(mount) || mount.file_kind == FileKind::File) {
      continue;
    }
    for (const ResolvedMount& other : plan) {
      if (&other != &mount && model::is_at_or_below(other.target, mount.target)) {
        refuse(
            BindMount{mount.source, mount.target},
            fmt::format("\"{}\" is to be mounted below it, and would go with a source that is replaced", other.target),
            errc::not_supported, "leave follow and on_loss out, or mount that elsewhere");
      }
    }
  }
}

/// Lets a container of mounts make one in its place: they are large, and there may be many.
template <typename Make>
struct InPlace {
  Make make;
  operator ResolvedMount() const { return make(); }  // NOLINT(google-explicit-constructor): that is what it is for
};

}  // namespace

MountPlan MountSet::resolve(const ResolveOptions& options) const {
  std::vector<ResolvedMount> mounts;
  mounts.reserve(mounts_.size());
  Looks looks{.stores = plan::StoreLook{options}};
  for (const Mount& mount : mounts_) {
    refuse_reserved_target(mount);
    const auto make = [&] {
      return std::visit([&](const auto& kind) { return resolve_mount(kind, options, looks); }, mount);
    };
    mounts.emplace_back(InPlace<decltype(make)>{make});
  }
  MountPlan plan{plan::in_order(std::move(mounts))};
  refuse_mounts_on_followed(plan);
  return options.rootfs.kind() == Rootfs::Kind::Image ? with_volumes_of_image(plan, options) : plan;
}

}  // namespace dunnage
