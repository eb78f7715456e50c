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
#include "image/known.hpp"
#include "image/layout.hpp"
#include "kernel/call_error.hpp"
#include "launcher/identity.hpp"
#include "model/json_text.hpp"
#include "prepare/image_root.hpp"

#include <nlohmann/json.hpp>

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
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

std::string all_of(int memory) {
  std::string content;
  std::string buffer(std::size_t{64} << 10U, '\0');
  for (;;) {
    const ssize_t size = ::read(memory, buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) {
      continue;
    }
    if (size < 0) {
      throw kernel::CallError{"read changes", errno};
    }
    if (size == 0) {
      return content;
    }
    content.append(buffer, 0, static_cast<std::size_t>(size));
  }
}

/// The records of launcher/difference.hpp.
std::vector<Change> parse(std::string_view records) {
  std::vector<Change> changes;
  while (!records.empty()) {
    const std::size_t end = std::min(records.find('\0'), records.size());
    const char letter = records.front();
    changes.push_back({letter == 'A'   ? Change::Kind::Added
                       : letter == 'D' ? Change::Kind::Deleted
                                       : Change::Kind::Modified,
                       "/" + std::string{records.substr(1, end - 1)}});
    records.remove_prefix(std::min(end + 1, records.size()));
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
  const image::Layout images = image::open_layout(container.store);
  const launcher::Identity identity = launcher::identity_for(0, 0);
  const prepare::ImageRoot root{images, image::get_known_image(images, container.image_id), identity, {}};
  prepare::MountSource source{identity};
  const kernel::FileDescriptor memory = root.difference(source, container.id);
  return container::explained({Stage::Run, "tell the changes of container", container.name},
                              [&] { return parse(all_of(memory.get())); });
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
