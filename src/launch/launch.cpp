// SPDX-License-Identifier: Apache-2.0
#include "launch/launch.hpp"

#include <dunnage/error.hpp>
#include <dunnage/volume_store.hpp>

#include "container/failure.hpp"
#include "container/running.hpp"
#include "kernel/absolute_path.hpp"
#include "kernel/close_all.hpp"
#include "kernel/random_hex.hpp"
#include "launch/capability.hpp"
#include "launch/check.hpp"
#include "launch/environment.hpp"
#include "launch/failure.hpp"
#include "launch/image_config.hpp"
#include "launch/payload.hpp"
#include "launch/started.hpp"
#include "launch/streams.hpp"
#include "launch/user.hpp"
#include "launch/volumes_from.hpp"
#include "plan/copy_up.hpp"
#include "prepare/prepare.hpp"
#include "volume/volume_store_access.hpp"

#include <gsl/util>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

namespace dunnage::launch {
namespace {

constexpr std::size_t kIdDigits = 64;
constexpr std::size_t kShortId = 12;  ///< as Docker shortens it

}  // namespace

Launch::Launch(LaunchSpec spec, std::optional<Again> again) : spec_{std::move(spec)}, again_{std::move(again)} {
  check(spec_);
  if (!of_image()) {
    complete(spec_, {});
    check_complete(spec_);
  }
  // the place may be asked for later, from another current directory or another process
  if (spec_.rootfs.kind() == Rootfs::Kind::Directory) {
    spec_.rootfs = Rootfs::directory(kernel::absolute_path(spec_.rootfs.path()));
  }
  if (spec_.seccomp.kind() == Seccomp::Kind::File || spec_.seccomp.kind() == Seccomp::Kind::Text) {
    spec_.seccomp = spec_.seccomp.load();
  }
  deadline_ = std::chrono::steady_clock::now() + spec_.launch_timeout;
  id_ = again_ ? again_->id : kernel::random_hex(kIdDigits);
  name_ = again_                ? again_->name
          : !spec_.name.empty() ? spec_.name
          : recorded()          ? id_.substr(0, kShortId)
                                : std::string{};
  hostname_ = spec_.hostname.empty() ? id_.substr(0, kShortId) : spec_.hostname;
}

bool Launch::recorded() const { return !spec_.name.empty() || spec_.record || spec_.lifetime == Lifetime::Detached; }

bool Launch::detached() const { return spec_.lifetime == Lifetime::Detached || (again_ && again_->detached); }

bool Launch::removed_on_exit() const { return spec_.remove_on_exit.value_or(spec_.lifetime == Lifetime::WithHost); }

std::string Launch::subject() const { return name_.empty() ? id_.substr(0, kShortId) : name_; }

std::filesystem::path Launch::store_path() const { return spec_.store.empty() ? default_store() : spec_.store; }

void Launch::decide_identity() {
  accounts_ = of_image() ? image_accounts() : read_accounts(spec_.rootfs);
  user_ = resolve_user(spec_.user, spec_.groups, accounts_);
  environment_ = complete_environment(spec_.env, user_.home, hostname_, spec_.terminal);
  const AskedCapabilities asked = capabilities_of(spec_.add_capabilities, spec_.drop_capabilities);
  identity_ = launcher::identity_for(user_.uid, user_.gid);
  if (identity_.privilege == launcher::Privilege::Single) {
    if (!spec_.groups.empty()) {
      throw LaunchError{{.stage = Stage::Launch,
                         .operation = "launch container",
                         .subject = subject(),
                         .detail = {},
                         .cause = "supplementary groups need more than the one group id this user has",
                         .code = errc::not_supported,
                         .remedy = "leave groups out, or give this user ranges in /etc/subuid and /etc/subgid"}};
    }
    user_.groups.clear();  // the kernel lets nobody set groups where only one is mapped (user_namespaces(7))
  }
  connection_ = launcher::Connection::get(identity_);
  capabilities_ = grant(asked, capabilities_of(*connection_));
}

void Launch::resolve_mounts() {
  if (auto* set = std::get_if<MountSet>(&spec_.mounts)) {
    MountPlan plan = set->resolve({.store = spec_.store, .current_directory = {}});
    done_with_ = std::move(*set);
    spec_.mounts = of_image() ? plan::with_copy_up(plan) : std::move(plan);
  }
  if (!spec_.volumes_from.empty()) {
    spec_.mounts = with_volumes_from(std::get<MountPlan>(spec_.mounts), spec_.volumes_from, store_path(), subject());
    spec_.volumes_from.clear();  // restart() has them in its plan
  }
  if (of_image()) {
    add_image_volumes();
  }
  take_volumes_over();
}

void Launch::prepare_storage(Mounts when) {
  const prepare::Owner owner{id_, subject(), {user_.uid, user_.gid}};
  const prepare::Content content{of_image() ? root_.mount.get() : -1,
                                 {.progress = spec_.watch.progress, .stop = spec_.watch.stop, .deadline = deadline_}};
  if (const auto* plan = std::get_if<MountPlan>(&spec_.mounts); plan != nullptr && prepare::stays_as_planned(*plan)) {
    prepare_as_planned(owner, when);
  } else if (plan != nullptr) {
    prepared_ = prepare::prepare(*plan, identity_, owner, content);
  } else {
    prepared_ = std::move(std::get<PreparedMounts>(spec_.mounts));
  }
  mounts_ = PreparedMountsAccess::state(prepared_);
  const prepare::Ids user{user_.uid, user_.gid};
  if (mounts_ != nullptr && !mounts_->mounts.empty() &&
      (mounts_->identity != identity_ || (mounts_->for_user && mounts_->user != user))) {
    throw LaunchError{{.stage = Stage::Launch,
                       .operation = "launch container",
                       .subject = subject(),
                       .detail = {},
                       .cause = "the mounts were prepared for another user",
                       .code = errc::invalid_argument,
                       .remedy = "prepare them with PrepareOptions::user = \"" + numbers_of(user_) + "\""}};
  }
}

void Launch::prepare_root() {
  prepare::MountSource source{identity_};
  switch (spec_.rootfs.kind()) {
    case Rootfs::Kind::Host:
      root_ = make_host_root(accounts_, hostname_, spec_.network, source);
      break;
    case Rootfs::Kind::Directory:
      root_ = open_directory_root(spec_.rootfs, source);
      break;
    case Rootfs::Kind::Image:
      if (!root_.mount) {
        root_.mount = mount_image(source);
      }
      break;
  }
}

std::vector<AnonymousVolume> Launch::anonymous() const {
  // never among those of the prepared mounts, which remove theirs when the launch fails
  std::vector<AnonymousVolume> volumes = again_ ? again_->anonymous : inherited_;
  if (mounts_ != nullptr) {
    volumes.insert(volumes.end(), mounts_->anonymous.begin(), mounts_->anonymous.end());
  }
  return volumes;
}

std::vector<volume::KnownVolume> Launch::known_volumes() const {
  return mounts_ == nullptr ? std::vector<volume::KnownVolume>{} : mounts_->known_volumes();
}

std::shared_ptr<container::Running> Launch::start() {
  OpenStreams streams{{spec_.in, spec_.out, spec_.err, spec_.terminal, record_.has_value()}};
  const auto failed = [&](errc code, std::string remedy) {
    return LaunchError{{.stage = Stage::Launch,
                        .operation = "launch container",
                        .subject = subject(),
                        .detail = {},
                        .cause = {},
                        .code = code,
                        .remedy = std::move(remedy)}};
  };
  const std::string late = "raise launch_timeout, or see what keeps its sources from answering";
  if (std::chrono::steady_clock::now() >= deadline_) {
    throw failed(errc::timed_out, late);
  }
  kernel::FileDescriptor channel = send(describe(streams));
  auto answer = launcher::receive(channel.get(), deadline_);
  if (!answer) {
    throw failed(errc::timed_out, late);
  }
  if (answer->message.kind == launcher::MessageKind::Failed) {
    stale_ = answer->message.failure.step == launcher::Step::FindMount;
    throw_failure({"launch container", subject(), spec_.argv.front(), spec_.cwd, &plan(), &limits_},
                  answer->message.failure);
  }
  if (answer->message.kind != launcher::MessageKind::Started) {
    begun_ = !answer->unread;
    connection_->notice_silence();
    throw_if_dropped("launch container", answer->unread);
    throw failed(errc::launcher_lost, "launch it again; a new launcher is started then");
  }
  timeline_.end(answer->message);
  timeline_.end("report");
  if (mounts_ != nullptr) {
    kernel::close_all(mounts_->mounts);  // those that followed; a process that closes the last ones starts later
  }
  return take_started(subject(), std::move(channel), std::move(*answer), streams, deadline_, connection_);
}

std::shared_ptr<ContainerAccess::ContainerState> Launch::make_state(std::shared_ptr<container::Running> run) {
  auto state = std::make_shared<ContainerAccess::ContainerState>();
  state->set_run(std::move(run));
  state->id = id_;
  state->name = name_;
  if (whole_plan_ == nullptr) {
    whole_plan_ = std::make_shared<const MountPlan>(mounts_ == nullptr ? MountPlan{} : std::move(mounts_->plan));
  }
  state->set_storage({whole_plan_, anonymous(), known_volumes()});
  state->recorded = record_.has_value();
  state->owned = spec_.lifetime == Lifetime::WithHost;
  state->stop_signal = spec_.stop_signal;
  state->working_directory = spec_.cwd;
  state->user = numbers_of(user_);
  state->env = environment_;
  state->capabilities = capabilities_;
  state->no_new_privileges = spec_.no_new_privileges;
  state->seccomp = spec_.seccomp;
  state->groups = user_.groups;
  state->rootfs = spec_.rootfs;
  state->image_id = image_ == nullptr ? std::string{} : image_->id;
  state->store = store_path();
  spec_.mounts = {};
  spec_.image_volumes = ImageVolumes::Ignore;  // they are in the plan
  spec_.watch = {};
  spec_.replace = Replace::No;
  state->spec = std::move(spec_);
  return state;
}

/// A launcher that is being killed cannot be told from another before its sockets close. What was prepared by its
/// broker went with it, so mounts the caller has prepared are of no use to the next one.
bool Launch::may_try_again() const {
  return stale_ || (connection_ != nullptr && !connection_->has_refused() && !connection_->alive() && !begun_ &&
                    !std::holds_alternative<PreparedMounts>(spec_.mounts));
}

void Launch::forget_attempt() {
  record_.reset();
  mounts_ = nullptr;
  prepared_ = {};
  follow_.reset();
  follow_theirs_.reset();
  if (whole_plan_ != nullptr && std::holds_alternative<MountSet>(spec_.mounts)) {
    spec_.mounts = *std::exchange(whole_plan_, nullptr);
  }
  discard_changes();
  if (template_ != nullptr) {
    template_ = renew_(template_);
    stale_ = false;
  }
}

std::shared_ptr<ContainerAccess::ContainerState> Launch::run() {
  auto discard = gsl::finally([this] { discard_changes(); });
  return container::explained({Stage::Launch, "launch container", subject()},
                              [this] { return try_twice(&Launch::attempt); });
}

std::shared_ptr<ContainerAccess::ContainerState> Launch::attempt() {
  limits_ = cgroup::limits_of(spec_.resources, subject());
  timeline_.end("check");
  if (template_ != nullptr) {
    begin_with_template();
  } else {
    find_image();
    timeline_.end("image");
    resolve_mounts();
    timeline_.end("resolve");
    decide_identity();
    timeline_.end("identity");
    prepare_root();
    timeline_.end("root");
    prepare_storage(Mounts::MayFollow);
  }
  timeline_.end("prepare");
  make_record();
  timeline_.end("record");
  auto discard = gsl::finally([this] {
    if (record_ && store_ && !again_) {  // what ran before has a log worth keeping
      container::bring_back_record(VolumeStoreAccess::layout(*store_), name_, id_);
    }
  });
  if (follows_names(plan())) {
    container::explained({Stage::Launch, "launch container", subject()},
                         [this] { host_ = open_host_places(identity_); });
  }
  std::shared_ptr<container::Running> run = start();
  host_.reset();
  if (replaces()) {
    container::remove_replaced_record(VolumeStoreAccess::layout(*store_), id_, spec_.replace == Replace::RenewVolumes);
  }
  auto state = make_state(std::move(run));
  if (ready_kind_) {
    prepare::make_ready_roots(*ready_kind_,
                              {image_, {"dev", "proc", "sys", "etc/passwd", "etc/group", state->spec->argv.front()}});
  }
  // from here on the launcher holds the volumes, what is written to the root, and the record
  record_.reset();
  changes_.reset();
  if (mounts_ != nullptr) {
    mounts_->taken = true;
    mounts_->locks.clear();
    for (volume::VolumeUse& use : mounts_->uses) {
      use.keep();
    }
  }
  timeline_.end("finish");
  state->run()->set_timings(timeline_.take());
  return state;
}

}  // namespace dunnage::launch

namespace dunnage {

Container Container::launch(LaunchSpec spec) { return ContainerAccess::make(launch::Launch{std::move(spec)}.run()); }

ExitStatus run(LaunchSpec spec) { return Container::launch(std::move(spec)).wait(); }

}  // namespace dunnage
