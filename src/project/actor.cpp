// SPDX-License-Identifier: Apache-2.0
#include "project/actor.hpp"

#include "kernel/descriptor_path.hpp"
#include "kernel/file_descriptor.hpp"
#include "project/labels.hpp"
#include "project/launch_service.hpp"

#include <dunnage/error.hpp>
#include <dunnage/image_store.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

namespace dunnage::project {
namespace {

/// Nothing if it has ended, or is gone.
std::optional<Container> running(const ContainerStore& store, const std::string& name) {
  try {
    return store.get(name);
  } catch (const LaunchError& error) {
    if (error.code() != errc::not_running && error.code() != errc::container_missing) {
      throw;
    }
  }
  return std::nullopt;
}

/// An input that nobody writes to and that never ends: who reads it holds the other end as well.
kernel::FileDescriptor endless_input() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    throw std::system_error{errno, std::generic_category(), "cannot make a pipe"};
  }
  const kernel::FileDescriptor reader{ends[0]};
  const kernel::FileDescriptor writer{ends[1]};
  return kernel::FileDescriptor{::open(kernel::DescriptorPath{reader.get()}.text, O_RDWR | O_CLOEXEC | O_NOCTTY)};
}

bool mounts_volume(const ContainerInfo& info, const std::string& volume) {
  return std::any_of(info.mounts.begin(), info.mounts.end(), [&](const ResolvedMount& mount) {
    return mount.kind == MountKind::Volume && mount.volume == volume;
  });
}

}  // namespace

Actor::Actor(const Project& project, const std::filesystem::path& store, Ledger& ledger,
             std::optional<std::chrono::milliseconds> grace)
    : project_{project},
      store_{store},
      ledger_{ledger},
      grace_{grace},
      containers_{ContainerStore::open(store)},
      volumes_{VolumeStore::open(store)} {}

void Actor::perform(const ProjectStep& step, const Watch& watch) {
  if (!step.changes_something()) {
    return;
  }
  ledger_.run(step, [&] { act(step, watch); });
}

void Actor::act(const ProjectStep& step, const Watch& watch) {
  switch (step.kind) {
    case ProjectStep::Kind::PullImage:
      (void)ImageStore::open(store_).pull(step.subject, {.watch = watch});
      return;
    case ProjectStep::Kind::CreateVolume:
      (void)volumes_.create(step.subject, volume_options(project_, step.service));
      return;
    case ProjectStep::Kind::RecreateVolume:
      return recreate_volume(step);
    case ProjectStep::Kind::RemoveVolume:
      return volumes_.remove(step.subject);
    case ProjectStep::Kind::CreateContainer:
      return launch(step, Replace::No);
    case ProjectStep::Kind::RecreateContainer:
      stop(step);
      return launch(step, renew_ ? Replace::RenewVolumes : Replace::KeepVolumes);
    case ProjectStep::Kind::StartContainer:
      (void)containers_.start(step.subject);
      return;
    case ProjectStep::Kind::RestartContainer:
      return restart(step);
    case ProjectStep::Kind::StopContainer:
      return stop(step);
    case ProjectStep::Kind::RemoveContainer:
      return ContainerStore{containers_}.remove(step.subject, false, !step.lost.empty());
    case ProjectStep::Kind::KeepVolume:
    case ProjectStep::Kind::KeepContainer:
      return;
  }
}

/// Who runs with it is recreated later in the same plan.
void Actor::recreate_volume(const ProjectStep& step) {
  for (const ContainerInfo& info : containers_.list()) {
    const auto owner = info.labels.find(label::kProject);
    if (owner != info.labels.end() && owner->second == project_.name() && mounts_volume(info, step.subject)) {
      if (const auto container = running(containers_, info.name)) {
        (void)container->stop(grace_.value_or(std::chrono::seconds{10}));
      }
    }
  }
  volumes_.remove(step.subject);
  (void)volumes_.create(step.subject, volume_options(project_, step.service));
}

void Actor::launch(const ProjectStep& step, Replace replace) {
  LaunchSpec spec = detached_spec(project_, step.service, step.number, step.subject, store_);
  spec.replace = replace;
  kernel::FileDescriptor input;
  if (project_.service(step.service).stdin_open) {
    input = endless_input();
    spec.in = Stdio::descriptor(input.get());
  }
  (void)Container::launch(std::move(spec));
}

std::chrono::milliseconds Actor::grace_of(const std::string& service) const {
  if (grace_) {
    return *grace_;
  }
  const auto found = project_.services().find(service);
  if (found != project_.services().end() && found->second.stop_grace_period) {
    return std::chrono::ceil<std::chrono::milliseconds>(*found->second.stop_grace_period);
  }
  return std::chrono::seconds{10};
}

void Actor::stop(const ProjectStep& step) const {
  if (const auto container = running(containers_, step.subject)) {
    (void)container->stop(grace_of(step.service));
  }
}

void Actor::restart(const ProjectStep& step) const {
  if (auto container = running(containers_, step.subject)) {
    container->restart(grace_of(step.service));
  } else {
    (void)containers_.start(step.subject);
  }
}

}  // namespace dunnage::project
