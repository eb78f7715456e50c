// SPDX-License-Identifier: Apache-2.0
#include <dunnage/error.hpp>
#include <dunnage/launch_template.hpp>

#include "kernel/absolute_path.hpp"
#include "launch/launch.hpp"
#include "launch/relaunch.hpp"
#include "launch/template.hpp"
#include "plan/copy_up.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

namespace dunnage {
namespace {

constexpr std::chrono::seconds kReadyTimeout{60};

void refuse_template(const LaunchSpec& spec, std::string cause, std::string remedy) {
  throw LaunchError{{.stage = Stage::Launch,
                     .operation = "make a template of containers",
                     .subject = spec.name,
                     .detail = {},
                     .cause = std::move(cause),
                     .code = errc::invalid_argument,
                     .remedy = std::move(remedy)}};
}

void check_template(const LaunchSpec& spec) {
  if (std::holds_alternative<PreparedMounts>(spec.mounts)) {
    refuse_template(spec, "mounts that are prepared are for one container",
                    "give the mounts as a MountSet or a MountPlan");
  }
  if (spec.replace != Replace::No) {
    refuse_template(spec, "its containers cannot all take the place of another", "leave replace out");
  }
}

LaunchSpec with_own(LaunchSpec spec, TemplateLaunch own) {
  if (!own.argv.empty()) spec.argv = std::move(own.argv);
  if (own.entrypoint) spec.entrypoint = std::move(own.entrypoint);
  for (auto& [name, value] : own.env) spec.env.insert_or_assign(name, std::move(value));
  if (!own.cwd.empty()) spec.cwd = std::move(own.cwd);
  if (!own.hostname.empty()) spec.hostname = std::move(own.hostname);
  if (own.in) spec.in = std::move(*own.in);
  if (own.out) spec.out = std::move(*own.out);
  if (own.err) spec.err = std::move(*own.err);
  spec.terminal = own.terminal.value_or(spec.terminal);
  spec.lifetime = own.lifetime.value_or(spec.lifetime);
  if (own.resources) spec.resources = std::move(*own.resources);
  spec.restart = own.restart.value_or(spec.restart);
  if (own.stop_signal != 0) spec.stop_signal = own.stop_signal;
  if (!own.name.empty()) spec.name = std::move(own.name);
  for (auto& [name, value] : own.labels) spec.labels.insert_or_assign(name, std::move(value));
  spec.record = own.record.value_or(spec.record);
  if (own.remove_on_exit) spec.remove_on_exit = own.remove_on_exit;
  spec.launch_timeout = own.launch_timeout.value_or(spec.launch_timeout);
  spec.timings = own.timings.value_or(spec.timings);
  return spec;
}

/// What was left out at first may be there now.
MountPlan with_binds_of(const MountPlan& first, const MountPlan& now) {
  std::vector<ResolvedMount> mounts{now.begin(), now.end()};
  for (ResolvedMount& mount : mounts) {
    const auto before = std::ranges::find(first, mount.target, &ResolvedMount::target);
    if (mount.kind == MountKind::Bind && before != first.end() && before->kind == mount.kind && !before->left_out) {
      mount = *before;
    }
  }
  return MountPlan{std::move(mounts)};
}

}  // namespace

struct LaunchTemplate::State {
  using Shared = std::shared_ptr<const launch::Template>;

  /// What this process has made. A forked copy begins with one of its own: another thread may have held the mutex, and
  /// the locks of the template are still those of the process it was copied from.
  struct Made {
    std::mutex mutex;
    Shared shared;
    pid_t owner = ::getpid();
  };

  explicit State(LaunchSpec wanted) : spec{std::move(wanted)} {
    std::error_code code;
    directory = std::filesystem::current_path(code);
    spec.store = kernel::absolute_path(spec.store);
    if (spec.rootfs.kind() == Rootfs::Kind::Directory) {
      spec.rootfs = Rootfs::directory(kernel::absolute_path(spec.rootfs.path()));
    }
    made = new Made;
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    Made* last = made;
    if (last->owner == ::getpid()) {
      delete last;
    }
  }

  [[nodiscard]] LaunchSpec copy() const {
    LaunchSpec result = launch::copy_of(spec, MountPlan{});
    result.watch = {};
    return result;
  }

  /// A container may have made a link of a source it could write to: binds show what they showed at first, or nothing.
  [[nodiscard]] MountPlan mounts() {
    const auto* set = std::get_if<MountSet>(&spec.mounts);
    if (set == nullptr) {
      return std::get<MountPlan>(spec.mounts);
    }
    MountPlan plan = set->resolve({.store = spec.store, .current_directory = directory});
    if (first) {
      plan = with_binds_of(*first, plan);
    } else {
      first = plan;
    }
    return spec.rootfs.kind() == Rootfs::Kind::Image ? plan::with_copy_up(plan) : plan;
  }

  [[nodiscard]] Shared make() {
    LaunchSpec wanted = copy();
    wanted.mounts = mounts();
    wanted.volumes_from = spec.volumes_from;
    wanted.pull = spec.pull;
    wanted.watch = spec.watch;
    return launch::Launch{std::move(wanted)}.make_template();
  }

  /// What is of use now. \param useless what is not, if anything
  [[nodiscard]] Shared get(const Shared& useless = nullptr) {
    Made* known = made;
    if (known->owner != ::getpid()) {
      auto fresh = std::make_unique<Made>();
      if (made.compare_exchange_strong(known, fresh.get())) {
        known = fresh.release();
      }
    }
    const std::scoped_lock lock{known->mutex};
    if (known->shared == nullptr || known->shared == useless || !known->shared->connection->alive()) {
      known->shared = make();
    }
    return known->shared;
  }

  LaunchSpec spec;
  std::filesystem::path directory;  ///< what relative sources begin with
  std::optional<MountPlan> first;   ///< where names led when this was constructed; as it is from then on
  std::atomic<Made*> made{nullptr};
};

LaunchTemplate::LaunchTemplate(LaunchSpec spec) {
  check_template(spec);
  state_ = std::make_shared<State>(std::move(spec));
  (void)state_->get();
  state_->spec.watch = {};
}

Container LaunchTemplate::launch(TemplateLaunch launch) const {
  launch::Launch one{with_own(state_->copy(), std::move(launch)), state_->get(),
                     [this](const State::Shared& useless) { return state_->get(useless); }};
  return ContainerAccess::make(one.run());
}

void LaunchTemplate::keep_ready(unsigned launches) const {
  if (launches > launcher::kMostReady) {
    throw LaunchError{{.stage = Stage::Launch,
                       .operation = "make network namespaces ahead",
                       .subject = std::to_string(launches),
                       .detail = {},
                       .cause = "at most " + std::to_string(launcher::kMostReady) + " are kept",
                       .code = errc::invalid_argument,
                       .remedy = "ask for fewer"}};
  }
  state_->get()->connection->keep_ready(launches, std::chrono::steady_clock::now() + kReadyTimeout);
}

MountPlan LaunchTemplate::plan() const { return *state_->get()->plan; }

}  // namespace dunnage
