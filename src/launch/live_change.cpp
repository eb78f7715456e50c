// SPDX-License-Identifier: Apache-2.0
#include "launch/live_change.hpp"

#include <dunnage/error.hpp>

#include "container/mount_events.hpp"
#include "image/known.hpp"
#include "image/layout.hpp"
#include "kernel/close_all.hpp"
#include "launch/failure.hpp"
#include "launch/mount_holders.hpp"
#include "launch/released_locks.hpp"
#include "launcher/identity.hpp"
#include "model/target.hpp"
#include "plan/followed_source.hpp"
#include "prepare/failure.hpp"
#include "prepare/image_root.hpp"
#include "prepare/prepare.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace dunnage::launch {
namespace {

using launcher::MountChange;

const ResolvedMount* find_mount(const MountPlan& plan, std::string_view target) {
  const auto found = std::find_if(
      plan.begin(), plan.end(), [&](const ResolvedMount& mount) { return mount.target == target && !mount.left_out; });
  return found == plan.end() ? nullptr : &*found;
}

}  // namespace

MountError mount_failure(const Verb& verb, const ResolvedMount& mount, std::string cause, std::error_code code,
                         std::string remedy) {
  const prepare::MountWords words = prepare::words_of(mount);
  return MountError{{.stage = Stage::Run,
                     .operation = fmt::format("{} {}", verb.word, words.kind),
                     .subject = words.subject,
                     .detail = words.detail,
                     .cause = std::move(cause),
                     .code = code,
                     .remedy = std::move(remedy)},
                    prepare::source_of(mount),
                    mount.target};
}

LiveChange::LiveChange(ContainerAccess::ContainerState& state, const Verb& verb)
    : state_{state},
      verb_{verb},
      run_{state.run()},
      deed_{Stage::Run, fmt::format("{} mounts of container", verb.word), run_->subject()} {
  run_->require_ours(deed_.operation);
  if (run_->wait_until(launcher::Deadline{})) {
    throw not_running();
  }
}

ResolvedMount LiveChange::attach(const ResolvedMount& wanted) {
  check_ahead([&] { require_free(wanted); });
  prepare(wanted);
  open_record();
  require_free(wanted);
  std::vector<ResolvedMount> mounts{plan_.begin(), plan_.end()};
  mounts.push_back(made());
  change({.change = MountChange::Attach, .target = made().target}, std::move(mounts), made());
  return mounts_->plan[std::size_t{0}];
}

ResolvedMount LiveChange::replace(std::string_view target, const ResolvedMount& wanted) {
  check_ahead([&] { (void)require_alone(target); });
  prepare(wanted);
  open_record();
  const ResolvedMount before = require_alone(target);
  std::vector<ResolvedMount> mounts{plan_.begin(), plan_.end()};
  std::ranges::replace_if(
      mounts, [&](const ResolvedMount& mount) { return mount.target == before.target; }, made());
  change({.change = MountChange::Replace, .target = before.target, .before = &before}, std::move(mounts), made());
  return mounts_->plan[std::size_t{0}];
}

void LiveChange::detach(std::string_view target, bool lazily) {
  open_record();
  const ResolvedMount before = require_alone(target);
  std::vector<ResolvedMount> mounts{plan_.begin(), plan_.end()};
  std::erase_if(mounts, [&](const ResolvedMount& mount) { return mount.target == before.target; });
  change(
      {.change = lazily ? MountChange::DetachLazily : MountChange::Detach, .target = before.target, .before = &before},
      std::move(mounts), before);
}

std::vector<MountHolder> LiveChange::holders(std::string_view target) {
  open_record();
  record_.reset();
  const ResolvedMount& mount = require_there(target);
  const ChangeAnswer answer = container::explained(
      deed_, [&] { return ask_for_change(*run_, {.change = MountChange::Holders, .target = mount.target}); });
  check(answer, mount);
  return holders_of(answer.holders);
}

LaunchError LiveChange::not_running() const {
  return container::failure(deed_, {}, errc::not_running, "launch it again");
}

void LiveChange::require_free(const ResolvedMount& wanted) const {
  for (const ResolvedMount& mount : plan_) {
    if (!mount.left_out && model::is_at_or_below(mount.target, wanted.target)) {
      const bool same = mount.target == wanted.target;
      throw mount_failure(
          verb_, wanted, same ? "something is mounted there" : fmt::format("it would hide \"{}\"", mount.target),
          errc::duplicate_target, same ? "replace or detach that" : "detach that first, or choose another target");
    }
    if (plan::is_looked_for(mount) && !mount.left_out && model::is_at_or_below(wanted.target, mount.target)) {
      throw mount_failure(verb_, wanted,
                          fmt::format("\"{}\", in which it lies, goes when its source is replaced", mount.target),
                          errc::not_supported, "choose another target, or leave follow and on_loss out there");
    }
  }
}

const ResolvedMount& LiveChange::require_there(std::string_view target) const {
  const std::string clean = model::clean_path(target);
  if (const ResolvedMount* mount = find_mount(plan_, clean)) {
    return *mount;
  }
  throw MountError{{.stage = Stage::Run,
                    .operation = fmt::format("{} mount", verb_.word),
                    .subject = clean,
                    .detail = fmt::format("of container \"{}\"", run_->subject()),
                    .cause = "nothing of its plan is mounted there",
                    .code = {ENOENT, std::system_category()},
                    .remedy = "name a target of its plan"},
                   {},
                   clean};
}

ResolvedMount LiveChange::require_alone(std::string_view target) const {
  const ResolvedMount& mount = require_there(target);
  for (const ResolvedMount& other : plan_) {
    if (!other.left_out && other.target != mount.target && model::is_at_or_below(other.target, mount.target)) {
      throw mount_failure(verb_, mount, fmt::format("\"{}\" is mounted below it", other.target),
                          {EBUSY, std::system_category()}, "detach that first");
    }
  }
  return mount;
}

void LiveChange::prepare(const ResolvedMount& wanted) {
  const prepare::Ids ids = prepare::parse_ids(state_.user);
  const launcher::Identity identity = launcher::identity_for(ids.uid, ids.gid);
  const prepare::Owner owner{.id = state_.id, .name = run_->subject(), .user = ids, .runs = true};
  const MountPlan plan{{wanted}};
  const bool fills = state_.rootfs.kind() == Rootfs::Kind::Image && wanted.copy_up;
  if (!fills) {
    prepared_ = prepare::prepare(plan, identity, owner);
  } else {
    const image::Layout images = image::open_layout(state_.store);
    const prepare::ImageRoot image{images, image::get_known_image(images, state_.image_id), identity, {}};
    prepare::MountSource source{identity};
    const kernel::FileDescriptor root = image.mount(source, {});
    prepared_ = prepare::prepare(plan, identity, owner, {.root = root.get(), .watch = {}});
  }
  mounts_ = PreparedMountsAccess::state(prepared_);
}

void LiveChange::change(ChangeRequest request, std::vector<ResolvedMount> after, const ResolvedMount& shown) {
  const std::vector<AnonymousVolume> more = mounts_ == nullptr ? std::vector<AnonymousVolume>{} : mounts_->anonymous;
  MountPlan plan{std::move(after)};
  const ResolvedMount mount = shown;
  request.prepared = mounts_;
  request.stop_signal = state_.stop_signal;
  request.record = record_ ? &*record_ : nullptr;
  if (request.before != nullptr) {
    request.released = container::explained(
        deed_, [&] { return released_locks(*request.before, state_.id, prepare::parse_ids(state_.user)); });
  }
  request.report = container::encode_event({.kind = verb_.event, .mount = mount});
  const ChangeAnswer answer = container::explained(deed_, [&] {
    if (record_) {
      record_->propose(plan, more, known());
    }
    return ask_for_change(*run_, request);
  });
  if (answer.kind == ChangeAnswer::Kind::Late) {
    leave();
  }
  if (answer.kind == ChangeAnswer::Kind::Lost) {
    leave_mounts();  // its record may name an anonymous volume by now
  }
  check(answer, mount);
  leave_mounts();
  remember(std::move(plan), more);
  keep_record();
}

void LiveChange::check(const ChangeAnswer& answer, const ResolvedMount& mount) const {
  const launcher::Failure& failure = answer.failure;
  if (answer.kind == ChangeAnswer::Kind::Late) {
    throw container::failure(deed_, "its launcher does not answer, and may still do it", errc::timed_out,
                             "look at Container::plan(); the machine is very busy");
  }
  if (answer.kind == ChangeAnswer::Kind::NotRunning || answer.kind == ChangeAnswer::Kind::Lost) {
    throw not_running();
  }
  if (failure.step == launcher::Step::DetachMount && failure.error == EBUSY) {
    const std::vector<MountHolder> holders = holders_of(answer.holders);
    throw mount_failure(verb_, mount, holders.empty() ? "it is in use" : "it is in use by " + words_of(holders),
                        {EBUSY, std::system_category()},
                        "end what uses it, or detach it lazily: what is open stays open then");
  }
  if (failure.error != 0) {
    const MountPlan plan{{mount}};
    throw_failure({.operation = deed_.operation,
                   .subject = deed_.subject,
                   .program = {},
                   .cwd = {},
                   .plan = &plan,
                   .limits = nullptr,
                   .mount_verb = std::string{verb_.word}},
                  failure);
  }
}

std::vector<volume::KnownVolume> LiveChange::known() const {
  return mounts_ == nullptr ? std::vector<volume::KnownVolume>{} : mounts_->known_volumes();
}

void LiveChange::leave() {
  if (record_) {
    record_->leave_lock();
  }
  leave_mounts();
}

void LiveChange::leave_mounts() {
  if (mounts_ == nullptr) {
    return;
  }
  mounts_->taken = true;
  kernel::close_all(mounts_->mounts);
  mounts_->locks.clear();
  for (volume::VolumeUse& use : mounts_->uses) {
    use.keep();
  }
}

void LiveChange::remember(MountPlan plan, const std::vector<AnonymousVolume>& more) {
  container::Storage storage = state_.storage();
  storage.plan = std::make_shared<const MountPlan>(std::move(plan));
  storage.anonymous.insert(storage.anonymous.end(), more.begin(), more.end());
  const std::vector<volume::KnownVolume> volumes = known();
  storage.volumes.insert(storage.volumes.end(), volumes.begin(), volumes.end());
  state_.set_storage(std::move(storage));
}

}  // namespace dunnage::launch
