// SPDX-License-Identifier: Apache-2.0
#include "spec/option.hpp"

#include <string_view>

namespace dunnage::spec {
namespace {

std::string_view member_of_volume_or_tmpfs(Word word) noexcept {
  switch (word) {
    case Word::NoCopy:
    case Word::Copy:
    case Word::VolumeNoCopy:
      return "options.no_copy";
    case Word::NoCreate:
      return "options.create";
    case Word::Subpath:
    case Word::ImageSubpath:
      return "options.subpath";
    case Word::VolumeLabel:
      return "options.labels";
    case Word::VolumeDriver:
      return "options.driver";
    case Word::VolumeOption:
      return "options.driver_options";
    case Word::Size:
      return "options.size";
    case Word::Mode:
      return "options.mode";
    case Word::Uid:
      return "options.uid";
    case Word::Gid:
      return "options.gid";
    case Word::Inodes:
      return "options.nr_inodes";
    case Word::NoSwap:
      return "options.no_swap";
    default:
      return {};
  }
}

std::string_view member_of_source(Word word) noexcept {
  switch (word) {
    case Word::Optional:
      return "options.optional";
    case Word::RequireMountpoint:
      return "options.require_mountpoint";
    case Word::Follow:
      return "options.follow";
    case Word::OnLoss:
      return "options.on_loss.policy";
    case Word::CheckInterval:
      return "options.on_loss.interval";
    case Word::CheckTimeout:
      return "options.on_loss.timeout";
    case Word::Access:
      return "options.access";
    case Word::AccessTimeout:
      return "options.access_timeout";
    case Word::CreateMode:
      return "options.create_mode";
    case Word::CreateUid:
      return "options.create_uid";
    case Word::CreateGid:
      return "options.create_gid";
    default:
      return member_of_volume_or_tmpfs(word);
  }
}

std::string_view member_of_host_path(Word word) noexcept {
  switch (word) {
    case Word::Recursion:
    case Word::NonRecursive:
    case Word::Bind:
    case Word::RBind:
      return "options.recursion";
    case Word::CreateSource:
      return "options.create_source";
    case Word::LabelShared:
    case Word::LabelPrivate:
    case Word::Relabel:
      return "options.relabel";
    case Word::Chown:
      return "options.chown";
    case Word::Owner:
    case Word::IdMap:
      return "options.owner";
    case Word::Overlay:
      return "options.overlay";
    case Word::UpperDir:
      return "options.overlay->upper";
    case Word::WorkDir:
      return "options.overlay->work";
    case Word::OverlaySize:
      return "options.overlay->size";
    case Word::Transaction:
      return "options.transaction";
    case Word::Exclude:
      return "options.exclude";
    default:
      return member_of_source(word);
  }
}

}  // namespace

std::string_view member_of(Word word) noexcept {
  switch (word) {
    case Word::Type:
      return "BindMount, VolumeMount, Tmpfs, ImageMount";
    case Word::Source:
      return "source, name, image";
    case Word::Target:
      return "target";
    case Word::ReadOnly:
    case Word::ReadWrite:
      return "options.read_only";
    case Word::Exec:
    case Word::NoExec:
      return "options.exec";
    case Word::Suid:
    case Word::NoSuid:
      return "options.suid";
    case Word::Dev:
    case Word::NoDev:
      return "options.dev";
    case Word::Private:
    case Word::RPrivate:
    case Word::Shared:
    case Word::RShared:
    case Word::Slave:
    case Word::RSlave:
    case Word::Propagation:
      return "options.propagation";
    default:
      return member_of_host_path(word);
  }
}

}  // namespace dunnage::spec
