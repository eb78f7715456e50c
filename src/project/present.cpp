// SPDX-License-Identifier: Apache-2.0
#include "project/present.hpp"

#include "container/store_access.hpp"
#include "image/known.hpp"
#include "image/layout.hpp"
#include "project/labels.hpp"
#include "volume/volume_store_access.hpp"

#include <dunnage/error.hpp>
#include <dunnage/volume_store.hpp>

#include <algorithm>
#include <charconv>
#include <tuple>
#include <utility>

namespace dunnage::project {
namespace {

std::string label_of(const Labels& labels, const char* name) {
  const auto found = labels.find(name);
  return found == labels.end() ? std::string{} : found->second;
}

unsigned number_of(const std::string& text) {
  unsigned number = 0;
  (void)std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

bool is_up(ContainerStatus status) {
  return status == ContainerStatus::Running || status == ContainerStatus::Paused ||
         status == ContainerStatus::Restarting;
}

/// One store, looked at once.
class Look {
 public:
  Look(const Wanted& wanted, std::filesystem::path store) : wanted_{wanted}, store_{std::move(store)} {}

  Present take() {
    if (const auto containers = ContainerStoreAccess::open_existing(store_)) {
      look_at_containers(containers->list());
    }
    if (const auto volumes = VolumeStoreAccess::open_existing(store_)) {
      look_at_volumes(*volumes);
    }
    if (const auto images = image::open_existing_layout(store_)) {
      look_at_images(*images);
    }
    return std::move(present_);
  }

 private:
  void look_at_containers(const std::vector<ContainerInfo>& infos) {
    for (const ContainerInfo& info : infos) {
      const std::string project = label_of(info.labels, label::kProject);
      if (project == wanted_.name) {
        present_.containers.push_back(present_container(info));
      } else {
        present_.others[info.name] = project;
      }
      for (const ResolvedMount& mount : info.mounts) {
        if (mount.kind == MountKind::Volume && is_up(info.status)) {
          users_[mount.volume].push_back(info.name);
        }
      }
    }
    std::sort(present_.containers.begin(), present_.containers.end(), [](const auto& left, const auto& right) {
      return std::tie(left.service, left.number, left.name) < std::tie(right.service, right.number, right.name);
    });
  }

  void look_at_volume(const VolumeStore& volumes, const std::string& name) {
    if (present_.volumes.contains(name)) {
      return;
    }
    if (const auto volume = volumes.find(name)) {
      present_.volumes[name] = {volume->info(), users_[name]};
    }
  }

  void look_at_volumes(const VolumeStore& volumes) {
    for (const auto& entry : wanted_.volumes) {
      look_at_volume(volumes, entry.second.name);
    }
    for (PresentContainer& container : present_.containers) {
      for (const auto& [target, name] : container.volumes) {
        look_at_volume(volumes, name);
        const auto found = present_.volumes.find(name);
        if (found != present_.volumes.end() && found->second.info.anonymous &&
            found->second.info.owner == container.name) {
          container.anonymous.push_back(name);
        }
      }
    }
  }

  void look_at_images(const image::Layout& images) {
    for (const auto& [name, service] : wanted_.services) {
      if (service.image.empty() || present_.images.contains(service.image)) {
        continue;
      }
      if (const auto image = image::find_known_image(images, service.image)) {
        present_.images[service.image] = image->id;
        if (image->config.healthcheck) {
          present_.image_checks[service.image] = *image->config.healthcheck;
        }
      }
    }
  }

  const Wanted& wanted_;
  std::filesystem::path store_;
  Present present_;
  std::map<std::string, std::vector<std::string>> users_;
};

}  // namespace

bool PresentContainer::up() const noexcept { return is_up(status); }

PresentContainer present_container(const ContainerInfo& info) {
  PresentContainer container;
  container.name = info.name;
  container.service = label_of(info.labels, label::kService);
  container.number = number_of(label_of(info.labels, label::kNumber));
  container.one_off = label_of(info.labels, label::kOneOff) == "True";
  container.status = info.status;
  container.exit = info.exit;
  container.image_id = info.image_id;
  container.labels = info.labels;
  for (const ResolvedMount& mount : info.mounts) {
    if (mount.kind == MountKind::Volume && !mount.volume.empty()) {
      container.volumes[mount.target] = mount.volume;
    }
  }
  return container;
}

Present look_at(const Wanted& wanted, const std::filesystem::path& store) { return Look{wanted, store}.take(); }

}  // namespace dunnage::project
