// SPDX-License-Identifier: Apache-2.0
// The part of a launch that is left when a template has done the rest.

#include "container/failure.hpp"
#include "image/changes.hpp"
#include "launch/check.hpp"
#include "launch/environment.hpp"
#include "launch/image_config.hpp"
#include "launch/launch.hpp"
#include "launch/payload.hpp"
#include "launch/template.hpp"
#include "prepare/prepare.hpp"

#include <memory>
#include <utility>
#include <vector>

namespace dunnage::launch {

Launch::Launch(LaunchSpec spec, std::shared_ptr<const Template> shared, Renew renew) : Launch{std::move(spec)} {
  template_ = std::move(shared);
  renew_ = std::move(renew);
}

void Launch::begin_with_template() {
  images_ = template_->images;
  image_ = template_->image;
  if (of_image()) {
    complete(spec_, image_->config);
    check_complete(spec_);
    changes_directory_ = images_->open_changes();
  }
  accounts_ = template_->accounts;
  user_ = template_->user;
  environment_ = complete_environment(spec_.env, user_.home, hostname_, spec_.terminal);
  identity_ = template_->identity;
  connection_ = template_->connection;
  capabilities_ = template_->capabilities;
  prepare::MountSource source{identity_};
  take_root_with_template(source);
  prepare_own_storage();
}

void Launch::take_root_with_template(prepare::MountSource& source) {
  switch (spec_.rootfs.kind()) {
    case Rootfs::Kind::Host:
      root_ = make_host_root(accounts_, hostname_, spec_.network, source, false);
      break;
    case Rootfs::Kind::Directory:
      break;
    case Rootfs::Kind::Image:
      image_root_.emplace(*images_, image_, identity_, spec_.watch);
      if (template_->with_root) {
        open_changes(false);
      } else {
        root_.mount = mount_image(source);
      }
      break;
  }
}

void Launch::prepare_own_storage() {
  const prepare::Owner owner{id_, subject(), {user_.uid, user_.gid}};
  const prepare::Content content{.root = root_.mount ? root_.mount.get() : template_->content.get(),
                                 .watch = {.progress = {}, .stop = {}, .deadline = deadline_},
                                 .beside = &template_->shared};
  prepared_ = prepare::prepare(template_->own, identity_, owner,
                               of_image() ? content : prepare::Content{.beside = &template_->shared});
  mounts_ = PreparedMountsAccess::state(prepared_);
  prepare::join_users(template_->shared, identity_, owner, *mounts_);
  whole_plan_ = template_->plan;
  if (prepared_.plan() == template_->own) {
    return;
  }
  std::vector<ResolvedMount> whole{whole_plan_->begin(), whole_plan_->end()};
  for (const AttachedMount& mount : template_->attached) {
    if (mount.own) {
      whole[mount.index] = prepared_.plan()[*mount.own];
    }
  }
  whole_plan_ = std::make_shared<const MountPlan>(std::move(whole));
}

void Launch::describe_shared(Payload& payload) const {
  payload.fixed.begins_with = payload.descriptor(template_->mounts.get());
  payload.fixed.places = payload.descriptor(template_->places.get());
  for (const SharedPart& part : template_->parts) {
    launcher::MountRecord record;
    record.flags = launcher::kMountInternal | launcher::kMountShared | (part.is_file ? launcher::kMountFile : 0U);
    record.target = payload.text(part.target);
    record.descriptor = part.number;
    payload.add_mount(record);
  }
  for (const AttachedMount& mount : template_->attached) {
    launcher::MountRecord record = record_of(plan()[mount.index], mount.index);
    record.target = payload.text(plan()[mount.index].target);
    if (mount.own) {
      record.descriptor = payload.descriptor(mounts_->mounts.at(*mount.own).get());
      record.id = mounts_->ids.at(*mount.own);
    } else {
      record.flags |= launcher::kMountShared;
      record.descriptor = mount.shared.value_or(-1);
    }
    payload.add_mount(record);
  }
}

}  // namespace dunnage::launch
