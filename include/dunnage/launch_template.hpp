// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Prepare once, launch a thousand times: for test harnesses, function launchers, and whoever else runs many containers
/// of one kind.
///
///     dunnage::LaunchTemplate shell{{.rootfs = dunnage::Rootfs::image("busybox"), .argv = {"sh"}, .mounts = mounts}};
///     dunnage::Container one = shell.launch({.argv = {"sh", "-c", job}});
///     dunnage::Container other = shell.launch();
///
/// The template finds and holds the image, resolves the user and the mounts, makes what is missing, and has the mounts
/// put together as a mount namespace. A launch takes a copy of that, whatever number of mounts it is: with a thousand
/// binds in a directory or in a read-only image it takes a fifth of the time. Into a root of each container's own, of
/// an image that is written to or of the host, they are attached one by one, which takes as long as a plain launch.
///
/// Shared by its containers: what is at the sources of binds, named volumes and images, as they were when the template
/// was made; the same directory is shown whatever its name leads to by then. Of each container alone: its tmpfs and
/// anonymous volumes, what is written to an overlay or to the root of an image or of the host, its network, its id. A
/// volume in memory and an upper directory are for one container at a time, as ever: the second launch is refused as
/// long as the first container runs. Each container is a user of each volume and image under its own id and name; the
/// template is one, too, called "template NAME", so that none of them can be removed before it.
///
/// It is prepared anew, from what names lead to then, by the launch that finds the launcher dead, that is made in a
/// forked copy of the process, or that finds a mount point moved or removed in a root that others write to. Where the
/// sources of binds led at first they lead for ever: a link that has been put there since is an error.

#include <dunnage/container.hpp>
#include <dunnage/environment.hpp>
#include <dunnage/export.hpp>
#include <dunnage/mount_plan.hpp>
#include <dunnage/process.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace dunnage {

/// What one container has of its own. Each member is that of LaunchSpec; what is not set, or empty, is the template's.
/// For another user, root, network, or other mounts and capabilities, make another template.
struct TemplateLaunch {
  std::vector<std::string> argv{};
  std::optional<std::vector<std::string>> entrypoint{};
  Environment env{};  ///< added to the template's, which it overrides
  std::string cwd{};
  std::string hostname{};
  std::optional<Stdio> in{};
  std::optional<Stdio> out{};
  std::optional<Stdio> err{};
  std::optional<bool> terminal{};
  std::optional<Lifetime> lifetime{};
  std::optional<Resources> resources{};  ///< in place of the template's
  std::optional<RestartPolicy> restart{};
  int stop_signal = 0;
  std::string name{};
  Labels labels{};  ///< added to the template's, which they override
  std::optional<bool> record{};
  std::optional<bool> remove_on_exit{};
  std::optional<std::chrono::milliseconds> launch_timeout{};
  std::optional<bool> timings{};
};

/// Copies are cheap, and are the same template. Its containers live on when the last copy goes.
/// Thread safety: all members may be called from any thread at once.
class DUNNAGE_API LaunchTemplate {
 public:
  /// All or nothing. \param spec as for Container::launch(), but for mounts that are prepared, which are for one
  /// container, and `replace`: a template has many. `watch` is of this call.
  /// Throws: as Container::launch(), and LaunchError(invalid_argument) for these two.
  /// Kernel: as Container::launch(); setns(2) to a mount namespace, Linux 5.12.
  explicit LaunchTemplate(LaunchSpec spec);

  /// As Container::launch() of its specification. Throws: as that.
  [[nodiscard]] Container launch(TemplateLaunch launch = {}) const;

  /// Has network namespaces for so many launches made ahead, and waits until they are: each takes the kernel longer
  /// than the rest of a launch. What is taken is made again in quiet moments. Unasked there are 4; at most 256. Each is
  /// fresh, is for one container, and takes memory of the kernel, some 100 KiB. They are for all launches of this
  /// process and user, by whatever template; the last call counts, until the launcher is started anew. Of no use with
  /// Network::Host.
  /// Throws: LaunchError(invalid_argument) for more; LaunchError(timed_out) after 60 s; with what the kernel said, such
  /// as ENOSPC at user.max_net_namespaces: those that could be made are kept; with EMFILE if they would take more than
  /// half of the descriptors the launcher may have.
  void keep_ready(unsigned launches) const;

  /// The mounts; anonymous volumes have no names in it, as each container gets its own.
  [[nodiscard]] MountPlan plan() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace dunnage
