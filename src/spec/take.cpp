// SPDX-License-Identifier: Apache-2.0
#include "spec/words.hpp"

#include "model/words.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace dunnage::spec {
namespace {

void take_attribute(SpecMount::Own& own, Word word) {
  switch (word) {
    case Word::Exec:
    case Word::NoExec:
      own.exec = word == Word::Exec;
      break;
    case Word::Suid:
    case Word::NoSuid:
      own.suid = word == Word::Suid;
      break;
    default:
      own.dev = word == Word::Dev;
  }
}

void take_loss(SourceLoss& loss, Word word, const Value& value) {
  if (word == Word::OnLoss) {
    loss.policy = model::loss_policy_named(value.text.text).value_or(LossPolicy::Keep);
  } else {
    (word == Word::CheckInterval ? loss.interval : loss.timeout) = std::chrono::milliseconds{value.number};
  }
}

void take_pair(std::map<std::string, std::string>& pairs, std::string_view text) {
  const std::size_t cut = text.find('=');
  const std::string_view key = text.substr(0, cut);
  if (!key.empty()) {  // Docker drops an entry without a key
    pairs.insert_or_assign(std::string{key},
                           std::string{cut == std::string_view::npos ? std::string_view{} : text.substr(cut + 1)});
  }
}

unsigned recursion_bit(std::string_view word) noexcept {
  return word == "disabled"   ? kNonRecursive
         : word == "writable" ? kReadOnlyNonRecursive
         : word == "readonly" ? kReadOnlyForceRecursive
                              : 0;
}

/// Returns false for a word of another family.
bool take_common(Draft& draft, const Option& option, const Value& value) {
  SpecMount& mount = draft.mount;
  switch (option.word) {
    case Word::Source:
      draft.source = value.text;
      return true;
    case Word::Target:
      draft.target = value.text;
      return true;
    case Word::ReadOnly:
      mount.read_only = value.on;
      return true;
    case Word::ReadWrite:
      mount.read_only = false;
      return true;
    case Word::Exec:
    case Word::NoExec:
    case Word::Suid:
    case Word::NoSuid:
    case Word::Dev:
    case Word::NoDev:
      take_attribute(mount.own, option.word);
      return true;
    case Word::Consistency:
      mount.consistency = value.text.text;
      return true;
    case Word::Cached:
    case Word::Delegated:
    case Word::Consistent:
      mount.consistency = option.name;
      return true;
    default:
      return false;
  }
}

bool take_host(Draft& draft, const Option& option, const Value& value) {
  SpecMount& mount = draft.mount;
  switch (option.word) {
    case Word::Private:
    case Word::RPrivate:
    case Word::Shared:
    case Word::RShared:
    case Word::Slave:
    case Word::RSlave:
      mount.propagation = option.name;
      return true;
    case Word::LabelShared:
    case Word::LabelPrivate:
      mount.selinux = option.name;
      return true;
    case Word::Relabel:
      mount.selinux = value.text.text == "shared" ? "z" : "Z";
      return true;
    case Word::Chown:
      mount.own.chown = value.on;
      return true;
    case Word::Owner:
      mount.own.owner = parse_owner(value.text.text).value_or(Ownership{});
      return true;
    case Word::Exclude:
      mount.own.exclude.emplace_back(value.text.text);
      return true;
    default:
      return false;
  }
}

bool take_bind(Draft& draft, const Option& option, const Value& value) {
  switch (option.word) {
    case Word::Propagation:
      draft.mount.propagation = value.text.text;
      draft.propagation_span = value.text.span;
      return true;
    case Word::Recursion:
      draft.recursion |= recursion_bit(value.text.text);
      draft.recursion_span = value.text.span;
      return true;
    case Word::CreateSource:
      draft.mount.create_host_path = value.on;
      return true;
    default:
      return false;
  }
}

bool take_own(Draft& draft, const Option& option, const Value& value) {
  SpecMount::Own& own = draft.mount.own;
  switch (option.word) {
    case Word::Overlay:
      own.overlay = value.on ? std::optional{own.overlay.value_or(OverlayOptions{})} : std::nullopt;
      return true;
    case Word::OverlaySize:
      draft.overlay_size = value.number;
      return true;
    case Word::UpperDir:
      draft.upper = value.text;
      return true;
    case Word::WorkDir:
      draft.work = value.text;
      return true;
    case Word::Transaction:
      own.transaction = value.text.text;
      return true;
    case Word::Optional:
      own.optional = value.on;
      return true;
    case Word::RequireMountpoint:
      own.require_mountpoint = value.on;
      return true;
    case Word::Follow:
      own.follow_name = value.text.text == to_string(Follow::Name);
      return true;
    case Word::OnLoss:
    case Word::CheckInterval:
    case Word::CheckTimeout:
      take_loss(own.on_loss, option.word, value);
      return true;
    case Word::Access:
      own.access = model::access_mode_named(value.text.text).value_or(AccessMode::Shared);
      return true;
    case Word::AccessTimeout:
      own.access_timeout = std::chrono::milliseconds{value.number};
      return true;
    case Word::CreateMode:
      own.create_mode = static_cast<unsigned>(value.number);
      return true;
    case Word::CreateUid:
      own.create_uid = static_cast<std::uint32_t>(value.number);
      return true;
    case Word::CreateGid:
      own.create_gid = static_cast<std::uint32_t>(value.number);
      return true;
    default:
      return false;
  }
}

bool take_volume(Draft& draft, const Option& option, const Value& value) {
  SpecMount& mount = draft.mount;
  switch (option.word) {
    case Word::NoCopy:
      mount.no_copy = true;
      return true;
    case Word::VolumeNoCopy:
      mount.no_copy = value.on;
      return true;
    case Word::NoCreate:
      mount.no_create = true;
      return true;
    case Word::Subpath:
    case Word::ImageSubpath:
      mount.subpath = value.text.text;
      draft.subpath_span = value.text.span;
      return true;
    case Word::VolumeLabel:
      take_pair(mount.labels, value.text.text);
      return true;
    case Word::VolumeDriver:
      mount.driver = value.text.text;
      return true;
    case Word::VolumeOption:
      take_pair(mount.driver_options, value.text.text);
      return true;
    default:
      return false;
  }
}

void take_tmpfs(Draft& draft, const Option& option, const Value& value) {
  SpecMount& mount = draft.mount;
  switch (option.word) {
    case Word::Size:
      mount.tmpfs_size = static_cast<std::int64_t>(value.number);
      break;
    case Word::Mode:
      mount.tmpfs_mode = static_cast<std::uint32_t>(value.number);
      mount.tmpfs_mode_text = value.text.text;
      break;
    case Word::Uid:
      mount.own.uid = static_cast<std::uint32_t>(value.number);
      break;
    case Word::Gid:
      mount.own.gid = static_cast<std::uint32_t>(value.number);
      break;
    case Word::Inodes:
      mount.own.inodes = value.number;
      break;
    case Word::NoSwap:
      mount.own.no_swap = true;
      break;
    default:
      break;  // accepted without effect
  }
}

}  // namespace

void take(Draft& draft, const Option& option, const Value& value) {
  if (!take_common(draft, option, value) && !take_host(draft, option, value) && !take_bind(draft, option, value) &&
      !take_volume(draft, option, value) && !take_own(draft, option, value)) {
    take_tmpfs(draft, option, value);
  }
}

}  // namespace dunnage::spec
