// SPDX-License-Identifier: Apache-2.0
#include "prepare/detach_mount.hpp"

#include "kernel/timed_call.hpp"
#include "launcher/change_owner.hpp"
#include "launcher/layers.hpp"
#include "launcher/mask.hpp"
#include "launcher/overlay.hpp"
#include "launcher/part.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <string>
#include <string_view>

namespace dunnage::prepare {
namespace {

using kernel::FileSystemKind;
using launcher::DetachKind;
using launcher::DetachRequest;
using launcher::DetachResult;

/// A source on a network file system whose server is away must not hang the host for ever.
launcher::Deadline deadline() { return std::chrono::steady_clock::now() + std::chrono::seconds{60}; }

/// Texts with a NUL between them; what sends them adds the last.
std::string texts_of(std::initializer_list<std::string> texts) {
  std::string joined;
  for (const std::string& text : texts) {
    joined += text;
    joined += '\0';
  }
  joined.pop_back();
  return joined;
}

/// A descriptor of this mount namespace is of no use in the broker's copy; the inode is the same.
int look_at(int opened, std::uint64_t& device, std::uint64_t& inode) {
  struct statx status {};
  constexpr int kWithoutAsking = AT_EMPTY_PATH | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC;
  if (::statx(opened, "", kWithoutAsking, STATX_INO, &status) != 0) {
    return errno;
  }
  device = makedev(status.stx_dev_major, status.stx_dev_minor);
  inode = status.stx_ino;
  return 0;
}

int pin(DetachRequest& request, int opened) {
  request.check_inode = opened < 0 ? 0 : 1;
  return opened < 0 ? 0 : look_at(opened, request.device, request.inode);
}

/// The same for the upper directory of an overlay.
int pin_upper(DetachRequest& request, int upper) {
  request.check_upper = upper < 0 ? 0 : 1;
  return upper < 0 ? 0 : look_at(upper, request.upper_device, request.upper_inode);
}

}  // namespace

/// At the descriptor, if there is one. The sources of many binds lie in one directory, which is opened once, without
/// following a link; open_tree(2) has no bound for more than the last name.
MountSource::Start MountSource::start_of(const SourcePath& source, const DetachRequest& request) {
  if (source.opened >= 0) {
    return {source.opened, ""};
  }
  if (request.no_links == 0) {
    return {AT_FDCWD, source.path};
  }
  const std::string_view path{source.path};
  const std::size_t name = path.rfind('/') + 1;
  if (!parent_ || path.substr(0, name) != parent_path_) {
    parent_path_ = path.substr(0, name);
    const int fd = kernel::open_in_time(AT_FDCWD, parent_path_.c_str(), O_PATH | O_DIRECTORY, RESOLVE_NO_SYMLINKS);
    if (fd < 0) {
      parent_.reset();
      return {fd, ""};
    }
    parent_.reset(fd);
    parent_kind_ = kernel::kind_of_file_system(fd, &parent_device_);
  }
  return {parent_.get(), source.path + name};
}

const launcher::Connection& MountSource::broker() {
  if (connection_ == nullptr) {
    connection_ = launcher::Connection::get(identity_);
  }
  return *connection_;
}

/// Whether the broker, which all ask, is to have another process wait for the source.
bool MountSource::is_served(const SourcePath& source, const DetachRequest& request) {
  const Start start = start_of(source, request);
  if (start.directory < 0 || start.path[0] == '\0') {
    return start.directory >= 0 && kernel::kind_of_file_system(start.directory) == FileSystemKind::Server;
  }
  if (parent_kind_ == FileSystemKind::Server) {
    return true;
  }
  struct statx status {};
  constexpr int kWithoutAsking = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC;
  if (::statx(start.directory, start.path, kWithoutAsking, STATX_TYPE, &status) != 0 ||
      makedev(status.stx_dev_major, status.stx_dev_minor) == parent_device_ || status.stx_dev_major != 0) {
    return false;
  }
  const kernel::FileDescriptor mounted{kernel::open_in_time(start.directory, start.path, O_PATH, RESOLVE_NO_SYMLINKS)};
  return kernel::kind_of_file_system(mounted.get()) == FileSystemKind::Server;
}

DetachResult MountSource::ask_broker(DetachRequest& request, const SourcePath& source, const std::string& texts) {
  constexpr auto kTree = std::chrono::seconds{60};
  constexpr auto kAnswering = std::chrono::seconds{1};
  if (!is_served(source, request)) {
    return broker().detach(request, texts, deadline());
  }
  const std::chrono::milliseconds patience = request.kind == DetachKind::Owner ? kTree : kernel::kPatience;
  request.apart = static_cast<std::uint32_t>(patience.count());
  DetachResult result = broker().detach(request, texts, std::chrono::steady_clock::now() + patience + kAnswering);
  if (result.failure.step == launcher::Step::None && result.failure.error == ETIMEDOUT) {
    result.failure.step = launcher::Step::OpenSource;
  }
  return result;
}

DetachResult MountSource::bind(const DetachRequest& request, const SourcePath& source) {
  DetachRequest wanted = request;
  wanted.kind = DetachKind::Bind;
  if (!identity_.rootless()) {
    return bind_here(wanted, source);
  }
  if (const int number = pin(wanted, source.opened); number != 0) {
    return launcher::detach_failure(launcher::Step::OpenSource, number);
  }
  return ask_broker(wanted, source, texts_of({source.path, source.below}));
}

DetachResult MountSource::tmpfs(const DetachRequest& request) {
  if (!identity_.rootless()) {
    return launcher::detach_tmpfs(request);
  }
  DetachRequest wanted = request;
  wanted.kind = DetachKind::Tmpfs;
  return broker().detach(wanted, {}, deadline());
}

DetachResult MountSource::overlay(const DetachRequest& request, const SourcePath& source,
                                  const OverlayOptions& options) {
  DetachRequest wanted = request;
  wanted.kind = DetachKind::Overlay;
  wanted.size = options.size;
  if (!identity_.rootless()) {
    return overlay_here(wanted, source, options);
  }
  wanted.user_xattr = 1;
  if (const int number = pin_upper(wanted, source.upper); number != 0) {
    return launcher::detach_failure(launcher::Step::OpenUpper, number);
  }
  if (const int number = pin(wanted, source.opened); number != 0) {
    return launcher::detach_failure(launcher::Step::OpenSource, number);
  }
  return ask_broker(wanted, source,
                    texts_of({source.path, source.below, options.upper.string(), options.work.string()}));
}

DetachResult MountSource::layers(const DetachRequest& request, const LayersPath& path) {
  DetachRequest wanted = request;
  wanted.kind = DetachKind::Layers;
  wanted.layer_count = static_cast<std::uint32_t>(path.layers.size());
  if (path.layers.size() > launcher::kMostLayers) {
    return launcher::detach_failure(launcher::Step::AddLayer, E2BIG);
  }
  std::string names;
  std::for_each(path.layers.rbegin(), path.layers.rend(), [&](const std::string& layer) { names += layer + '\0'; });
  if (!identity_.rootless()) {
    const std::vector<int> trees{path.trees.rbegin(), path.trees.rend()};
    return launcher::detach_layers(path.opened,
                                   {.upper = path.upper.c_str(),
                                    .work = path.work.c_str(),
                                    .layers = names.c_str(),
                                    .descriptors = trees.empty() ? nullptr : trees.data(),
                                    .written = path.written},
                                   wanted);
  }
  if (path.written >= 0) {
    return launcher::detach_failure(launcher::Step::OpenUpper, EOPNOTSUPP);
  }
  wanted.user_xattr = 1;
  if (const int number = pin(wanted, path.opened); number != 0) {
    return launcher::detach_failure(launcher::Step::OpenSource, number);
  }
  return broker().detach(wanted, texts_of({path.directory.string(), path.upper, path.work, names}), deadline());
}

DetachResult MountSource::part(int mount, const std::string& path) {
  if (!identity_.rootless()) {
    return launcher::detach_part(mount, path.c_str());
  }
  DetachRequest request;
  request.kind = DetachKind::Part;
  return broker().detach(request, path, deadline(), {&mount, 1});
}

launcher::Failure MountSource::change_owner(const DetachRequest& request, const SourcePath& source) {
  DetachRequest wanted = request;
  wanted.kind = DetachKind::Owner;
  if (!identity_.rootless()) {
    const auto walk = std::make_unique<launcher::Walk>(false);
    return launcher::change_owner(source.opened, "", wanted, *walk);
  }
  if (const int number = pin(wanted, source.opened); number != 0) {
    return launcher::failure_of(launcher::Step::ChangeOwner, -number);
  }
  return ask_broker(wanted, source, source.path).failure;
}

launcher::Failure MountSource::mask(std::span<const int> targets) {
  constexpr std::size_t kAtOnce = 128;
  launcher::Failure failure;
  while (!targets.empty() && failure.error == 0) {
    const auto part = targets.first(std::min(targets.size(), kAtOnce));
    if (identity_.rootless()) {
      DetachRequest request;
      request.kind = DetachKind::Mask;
      failure = broker().detach(request, {}, deadline(), part).failure;
    } else {
      failure = launcher::mask_all(part.data(), static_cast<std::uint32_t>(part.size()));
    }
    targets = targets.subspan(part.size());
  }
  return failure;
}

}  // namespace dunnage::prepare
