// SPDX-License-Identifier: Apache-2.0
#include "prepare/detach_mount.hpp"

#include "launcher/change_owner.hpp"
#include "launcher/layers.hpp"
#include "launcher/mask.hpp"
#include "launcher/overlay.hpp"
#include "launcher/part.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <initializer_list>
#include <string>
#include <string_view>

namespace dunnage::prepare {
namespace {

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
int pin(DetachRequest& request, int opened) {
  struct stat status {};
  if (opened < 0) {
    return 0;
  }
  if (::fstat(opened, &status) != 0) {
    return errno;
  }
  request.check_inode = 1;
  request.device = status.st_dev;
  request.inode = status.st_ino;
  return 0;
}

/// The same for the upper directory of an overlay.
int pin_upper(DetachRequest& request, int upper) {
  struct stat status {};
  if (upper < 0) {
    return 0;
  }
  if (::fstat(upper, &status) != 0) {
    return errno;
  }
  request.check_upper = 1;
  request.upper_device = status.st_dev;
  request.upper_inode = status.st_ino;
  return 0;
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
    const int fd = kernel::open_at2(AT_FDCWD, parent_path_.c_str(), O_PATH | O_DIRECTORY, RESOLVE_NO_SYMLINKS);
    if (fd < 0) {
      parent_.reset();
      return {fd, ""};
    }
    parent_.reset(fd);
  }
  return {parent_.get(), source.path + name};
}

DetachResult MountSource::open(const char* path, const DetachRequest& request) {
  DetachRequest wanted = request;
  wanted.no_links = 1;
  DetachResult result;
  result.fd = launcher::open_found(AT_FDCWD, path, wanted);
  if (result.fd < 0) {
    return launcher::detach_failure(launcher::Step::OpenSource, -result.fd);
  }
  result.failure = launcher::check_source(result.fd, wanted, false, result.id);
  return launcher::close_if_failed(result);
}

const launcher::Connection& MountSource::broker() {
  if (connection_ == nullptr) {
    connection_ = launcher::Connection::get(identity_);
  }
  return *connection_;
}

DetachResult MountSource::bind(const DetachRequest& request, const SourcePath& source) {
  DetachRequest wanted = request;
  wanted.kind = DetachKind::Bind;
  if (!identity_.rootless()) {
    const Start start = start_of(source, wanted);
    if (start.directory < 0 && start.directory != AT_FDCWD) {
      return launcher::detach_failure(launcher::Step::OpenSource, -start.directory);
    }
    return launcher::detach_bind(start.directory, start.path, source.below, wanted, source.user_namespace);
  }
  if (const int number = pin(wanted, source.opened); number != 0) {
    return launcher::detach_failure(launcher::Step::OpenSource, number);
  }
  return broker().detach(wanted, texts_of({source.path, source.below}), deadline());
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
    return launcher::detach_overlay(source.opened, "", source.below,
                                    {options.upper.c_str(), options.work.c_str(), source.upper}, wanted,
                                    source.user_namespace);
  }
  wanted.user_xattr = 1;
  if (const int number = pin_upper(wanted, source.upper); number != 0) {
    return launcher::detach_failure(launcher::Step::OpenUpper, number);
  }
  if (const int number = pin(wanted, source.opened); number != 0) {
    return launcher::detach_failure(launcher::Step::OpenSource, number);
  }
  return broker().detach(wanted, texts_of({source.path, source.below, options.upper.string(), options.work.string()}),
                         deadline());
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
  return broker().detach(wanted, source.path, deadline()).failure;
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
