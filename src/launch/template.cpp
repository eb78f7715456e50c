// SPDX-License-Identifier: Apache-2.0
// Making what containers of one specification share: their mounts as a mount namespace each begins with.

#include "launch/template.hpp"

#include "container/failure.hpp"
#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "launch/failure.hpp"
#include "launch/launch.hpp"
#include "launch/payload.hpp"
#include "model/target.hpp"
#include "plan/followed_source.hpp"
#include "prepare/image.hpp"
#include "prepare/prepare.hpp"
#include "prepare/volume_making.hpp"

#include <dunnage/error.hpp>

#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace dunnage::launch {
namespace {

/// What a container writes there, its label, or what it is exchanged for is for it alone. What a driver mounts may be
/// in memory.
bool is_own(const ResolvedMount& mount) {
  const bool driven = mount.kind == MountKind::Volume && !mount.volume.empty() &&
                      prepare::driver_of(mount).kind != volume::LocalDriver::Kind::Directory &&
                      prepare::driver_of(mount).kind != volume::LocalDriver::Kind::Bind;
  return mount.kind == MountKind::Tmpfs || plan::is_looked_for(mount) || mount.overlay.has_value() ||
         mount.relabel == Relabel::Private || driven || (mount.kind == MountKind::Volume && mount.volume.empty());
}

/// What is mounted on it, or below it, gets to its other places, on the host perhaps: each container does that itself.
bool passes_on(const ResolvedMount& mount) {
  return mount.propagation == Propagation::Shared || mount.propagation == Propagation::RShared;
}

/// Whether a mount has its place in the root all containers share, or in a shared mount that has.
bool lies_in_root(const MountPlan& plan, const std::vector<AttachedMount>& attached, std::size_t index) {
  const std::string& target = plan[index].target;
  return !model::is_at_or_below(target, "/dev") && !passes_on(plan[index]) &&
         std::ranges::none_of(attached, [&](const AttachedMount& other) {
           return model::is_at_or_below(target, plan[other.index].target);
         });
}

void add_place(std::string& text, const ResolvedMount& mount, std::size_t index, int opened) {
  struct stat status {};
  if (::fstat(opened, &status) != 0) {
    throw kernel::CallError{"fstat", errno};
  }
  constexpr std::size_t kWord = 8;
  launcher::PlaceRecord place;
  place.device = std::uint64_t{major(status.st_dev)} << 32U | minor(status.st_dev);
  place.inode = status.st_ino;
  place.plan_index = static_cast<std::int32_t>(index);
  place.path_size = static_cast<std::uint32_t>((mount.target.size() + kWord) / kWord * kWord);
  text.append(reinterpret_cast<const char*>(&place), sizeof place);
  text += mount.target;
  text.append(place.path_size - mount.target.size(), '\0');
}

kernel::FileDescriptor file_of(const std::string& text) {
  kernel::FileDescriptor file{::memfd_create("dunnage-places", MFD_CLOEXEC)};
  if (!file) {
    throw kernel::CallError{"memfd_create", errno};
  }
  kernel::write_all(file.get(), text);
  return file;
}

/// What one mount of the plan becomes a part of.
void sort_in(Template& made, const MountPlan& plan, std::size_t index, std::vector<ResolvedMount>& shared,
             std::vector<ResolvedMount>& own) {
  if (plan[index].left_out) {
    return;
  }
  if (is_own(plan[index])) {
    made.attached.push_back({.index = index, .own = own.size()});
    own.push_back(plan[index]);
    return;
  }
  if (!made.with_root || !lies_in_root(plan, made.attached, index)) {
    made.attached.push_back({.index = index, .own = {}, .shared = static_cast<std::int32_t>(shared.size())});
  }
  shared.push_back(plan[index]);
}

/// Which mount of the plan each mount of `shared` is.
std::vector<std::size_t> places_in_plan(const MountPlan& plan) {
  std::vector<std::size_t> places;
  for (std::size_t index = 0; index < plan.size(); ++index) {
    if (!plan[index].left_out && !is_own(plan[index])) {
      places.push_back(index);
    }
  }
  return places;
}

bool is_attached(const Template& made, std::size_t index) {
  return std::ranges::binary_search(made.attached, index, {}, &AttachedMount::index);  // they are in its order
}

}  // namespace

/// The root of the image without what a container writes; without privilege it may be mounted already.
void Launch::open_shared_root(prepare::MountSource& source) {
  if (!root_.mount) {
    root_.mount = spec_.read_only_root ? mount_with_places(source) : image_root_->mount(source, {});
  }
}

launcher::Request Launch::describe_template(const Template& made) const {
  Payload payload;
  payload.fixed.flags = launcher::kTemplate | launcher::kHostNetwork;
  payload.fixed.argv = payload.texts(spec_.argv);
  payload.fixed.environment = payload.texts({});
  payload.fixed.anonymous_volumes = payload.texts({});
  const std::vector<std::size_t> places = places_in_plan(*made.plan);
  for (std::size_t index = 0; index < places.size(); ++index) {
    const ResolvedMount& mount = (*made.plan)[places[index]];
    launcher::MountRecord record = record_of(mount, places[index]);
    record.target = payload.text(mount.target);
    record.descriptor = payload.descriptor(mounts_->mounts.at(index).get());
    record.id = mounts_->ids.at(index);
    record.flags |= is_attached(made, places[index]) ? launcher::kMountShared : 0U;
    payload.add_mount(record);
  }
  for (const RootPart& part : root_.parts) {
    launcher::MountRecord record;
    record.flags = launcher::kMountInternal | launcher::kMountShared | (part.is_file ? launcher::kMountFile : 0U);
    record.target = payload.text(part.target);
    record.descriptor = payload.descriptor(part.mount.get());
    payload.add_mount(record);
  }
  payload.fixed.rootfs = made.with_root ? payload.descriptor(root_.mount.get()) : -1;
  return payload.finish();
}

void Launch::hold_shared_image(Template& made, const prepare::Owner& owner, prepare::MountSource& source) {
  open_shared_root(source);
  made.content = image_root_->mount(source, {});
  ResolvedMount root;
  root.kind = MountKind::Image;
  root.image = spec_.rootfs.name();
  root.image_id = image_->id;
  root.store = store_path();
  made.image_locks = prepare::hold_image(root, identity_, {owner.id, owner.name});
}

void Launch::prepare_shared_mounts(Template& made, const prepare::Owner& owner) {
  const MountPlan& wanted = std::get<MountPlan>(spec_.mounts);
  std::vector<ResolvedMount> shared;
  std::vector<ResolvedMount> own;
  for (std::size_t index = 0; index < wanted.size(); ++index) {
    sort_in(made, wanted, index, shared, own);
  }
  const prepare::Content content{
      .root = made.content.get(),
      .watch = {.progress = spec_.watch.progress, .stop = spec_.watch.stop, .deadline = deadline_},
      .for_template = true};
  prepared_ = prepare::prepare(MountPlan{std::move(shared)}, identity_, owner, content);
  mounts_ = PreparedMountsAccess::state(prepared_);
  mounts_->taken = true;  // directories that were made stay: containers will have been launched
  made.shared = prepared_.plan();
  made.own = MountPlan{std::move(own)};
  std::vector<ResolvedMount> whole{wanted.begin(), wanted.end()};
  const std::vector<std::size_t> places = places_in_plan(wanted);
  std::string texts;
  for (std::size_t index = 0; index < places.size(); ++index) {
    whole[places[index]] = made.shared[index];
    if (!is_attached(made, places[index])) {
      add_place(texts, whole[places[index]], places[index], mounts_->mounts[index].get());
    }
  }
  made.places = texts.empty() ? kernel::FileDescriptor{} : file_of(texts);
  made.plan = whole_plan_ = std::make_shared<const MountPlan>(std::move(whole));
}

std::shared_ptr<const Template> Launch::make_template() {
  makes_template_ = true;
  return container::explained({Stage::Prepare, "prepare the template of containers", subject()},
                              [this] { return try_twice(&Launch::attempt_template); });
}

std::shared_ptr<const Template> Launch::attempt_template() {
  (void)cgroup::limits_of(spec_.resources, subject());  // what cannot be had is refused here
  auto made = std::make_shared<Template>();
  find_image();
  resolve_mounts();
  decide_identity();
  prepare::MountSource source{identity_};
  const prepare::Owner owner{id_, "template " + subject(), {user_.uid, user_.gid}};
  if (of_image()) {
    hold_shared_image(*made, owner, source);
  } else {
    prepare_root();
  }
  made->with_root = spec_.rootfs.kind() == Rootfs::Kind::Directory || (of_image() && spec_.read_only_root);
  prepare_shared_mounts(*made, owner);
  for (const RootPart& part : root_.parts) {
    made->parts.push_back(
        {part.target, part.is_file, static_cast<std::int32_t>(made->shared.size() + made->parts.size())});
  }
  const launcher::Request request = describe_template(*made);
  made->mounts = make_in_launcher(request, "prepare the template of containers");
  root_ = {};
  made->accounts = accounts_;
  made->user = user_;
  made->capabilities = capabilities_;
  made->identity = identity_;
  made->connection = connection_;
  made->images = images_;
  made->image = image_;
  made->prepared = std::move(prepared_);
  mounts_ = nullptr;
  return made;
}

}  // namespace dunnage::launch
