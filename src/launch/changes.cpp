// SPDX-License-Identifier: Apache-2.0
// What containers have changed of their images.

#include <dunnage/container.hpp>
#include <dunnage/container_store.hpp>
#include <dunnage/error.hpp>

#include "container/config.hpp"
#include "container/failure.hpp"
#include "container/lookup.hpp"
#include "container/state.hpp"
#include "container/store_state.hpp"
#include "image/changes.hpp"
#include "image/known.hpp"
#include "image/layout.hpp"
#include "image/trees.hpp"
#include "kernel/call_error.hpp"
#include "kernel/open_beneath.hpp"
#include "launcher/changes.hpp"
#include "launcher/connection.hpp"
#include "launcher/identity.hpp"
#include "model/json_text.hpp"

#include <nlohmann/json.hpp>

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dunnage {
namespace {

/// Whose changes are looked for.
struct Changed {
  std::string name;
  std::string id;
  std::string image_id;
  std::filesystem::path store;
  RootChanges kept{};
  bool read_only = false;
};

LaunchError refusal(const Changed& container, std::string cause, std::string remedy) {
  return LaunchError{{.stage = Stage::Run,
                      .operation = "tell the changes of container",
                      .subject = container.name.empty() ? container.id : container.name,
                      .detail = {},
                      .cause = std::move(cause),
                      .code = errc::not_supported,
                      .remedy = std::move(remedy)}};
}

Change::Kind kind_of(launcher::ChangeKind kind) noexcept {
  switch (kind) {
    case launcher::ChangeKind::Added:
      return Change::Kind::Added;
    case launcher::ChangeKind::Deleted:
      return Change::Kind::Deleted;
    default:
      return Change::Kind::Modified;
  }
}

image::OpenedUpper open_upper(const image::Layout& images, const Changed& container) {
  image::OpenedUpper opened = image::open_upper(
      images.open_changes().get(), {.container_id = container.id, .container_name = container.name, .image_id = {}});
  if (!opened.upper) {
    throw refusal(container, "they went with it", "launch it with remove_on_exit = false to keep them");
  }
  return opened;
}

/// Where every container finds what it needs; an image may lack them (Docker makes them in a layer of its own).
bool is_place_of_the_library(launcher::ChangeKind kind, std::string_view path) noexcept {
  return kind == launcher::ChangeKind::Added && (path == "dev" || path == "proc" || path == "sys");
}

/// In the launcher, as whom the files belong to.
std::vector<Change> list_changes(const Changed& container) {
  const image::Layout images = image::open_layout(container.store);
  const launcher::Identity identity = launcher::identity_for(0, 0);
  const image::Trees trees =
      image::open_trees(images, *image::get_known_image(images, container.image_id), identity, {}, {});
  const image::OpenedUpper opened = open_upper(images, container);
  std::vector<int> lowers;
  std::for_each(trees.trees.rbegin(), trees.trees.rend(),
                [&](const kernel::FileDescriptor& tree) { lowers.push_back(tree.get()); });
  std::vector<Change> changes;
  const launcher::WorkOutcome outcome =
      launcher::list_changes(*launcher::Connection::get(identity), opened.upper.get(), lowers,
                             [&](launcher::ChangeKind kind, std::string_view path) {
                               if (!is_place_of_the_library(kind, path)) {
                                 changes.push_back({kind_of(kind), "/" + std::string{path}});
                               }
                             },
                             {});
  if (!outcome.done()) {
    throw LaunchError{{.stage = Stage::Run,
                       .operation = "tell the changes of container",
                       .subject = container.name.empty() ? container.id : container.name,
                       .detail = {},
                       .cause = outcome.cause(),
                       .code = outcome.code(),
                       .remedy = "try again"}};
  }
  std::ranges::sort(changes, {}, &Change::path);
  return changes;
}

std::vector<Change> changes_of(const Changed& container) {
  if (container.image_id.empty()) {
    throw refusal(container, "it has no image that it could differ from", "launch it with Rootfs::image()");
  }
  if (container.read_only) {
    return {};
  }
  if (container.kept.kind == RootChanges::Kind::Memory) {
    throw refusal(container, "they are kept in memory, which nobody else can look into",
                  "launch it with root_changes on disk");
  }
  return container::explained({Stage::Run, "tell the changes of container", container.name},
                              [&] { return list_changes(container); });
}

}  // namespace

std::string_view to_string(Change::Kind kind) noexcept {
  switch (kind) {
    case Change::Kind::Modified:
      return "modified";
    case Change::Kind::Added:
      return "added";
    case Change::Kind::Deleted:
      return "deleted";
  }
  return "unknown";
}

std::string to_json(const std::vector<Change>& changes) {
  auto list = nlohmann::ordered_json::array();
  for (const Change& change : changes) {
    list.push_back({{"Path", model::to_json_text(change.path)}, {"Kind", static_cast<int>(change.kind)}});
  }
  return list.dump();
}

std::vector<Change> Container::changes() const {
  Changed changed{.name = state_->name, .id = state_->id, .image_id = state_->image_id, .store = state_->store};
  if (state_->spec) {
    changed.kept = state_->spec->root_changes;
    changed.read_only = state_->spec->read_only_root;
  }
  return changes_of(changed);
}

std::vector<Change> ContainerStore::changes(std::string_view name) const {
  const container::Deed deed{Stage::Store, "tell the changes of container", std::string{name}};
  return container::reading(deed, [&] {
    const container::Found record = container::get_record(deed, state_->containers().get(), name);
    const container::Config config = container::read_config(record.directory.get());
    Changed changed{.name = config.name, .id = config.id, .image_id = config.image_id, .store = root()};
    if (config.relaunch) {
      changed.kept = config.relaunch->root_changes;
      changed.read_only = config.relaunch->read_only_root;
    }
    return changes_of(changed);
  });
}

}  // namespace dunnage
