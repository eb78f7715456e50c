// SPDX-License-Identifier: Apache-2.0
#include "image/removal.hpp"

#include <dunnage/error.hpp>

#include "image/blob.hpp"
#include "image/changes.hpp"
#include "image/collect.hpp"
#include "image/failure.hpp"
#include "image/find.hpp"
#include "image/index.hpp"
#include "image/mount_users.hpp"
#include "image/reference.hpp"
#include "kernel/call_error.hpp"

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace dunnage::image {
namespace {

constexpr const char* kRemoveImage = "remove image";

bool is_tagged(const std::string& name) { return name.find('@') == std::string::npos; }

/// Nothing if it is damaged.
std::optional<std::string> id_of(const Layout& layout, const Descriptor& image) {
  try {
    return parse_manifest(read_document(layout, image.digest), image.media_type).config.digest;
  } catch (const Fault&) {
    return std::nullopt;
  }
}

/// Containers that are made of it, mount it, or will do so when they are started again.
std::vector<std::string> users_of_id(const Layout& layout, const std::string& id, const Holders& holders) {
  std::vector<std::string> users = users_of(layout.open_changes().get(), id);
  const std::vector<std::string> mounting = mount_users_of(layout, id);
  users.insert(users.end(), mounting.begin(), mounting.end());
  const auto [first, last] = holders.equal_range(id);
  std::transform(first, last, std::back_inserter(users), [](const auto& holder) { return holder.second; });
  std::sort(users.begin(), users.end());
  users.erase(std::unique(users.begin(), users.end()), users.end());
  return users;
}

std::vector<std::string> users_of_image(const Layout& layout, const Descriptor& image, const Holders& holders) {
  const auto id = id_of(layout, image);
  return id ? users_of_id(layout, *id, holders) : std::vector<std::string>{};
}

/// The full name if `name` is one that the image has by that very name; nothing for an id or a digest.
std::optional<std::string> tag_meant(const Index& index, std::string_view name, const Descriptor& image) {
  try {
    const Reference reference = parse_reference(name);
    std::string full = to_string(reference);
    const Descriptor* holder = index.find(full);
    if (reference.digest.empty() && holder != nullptr && holder->digest == image.digest) {
      return full;
    }
  } catch (const Fault&) {  // an id
  }
  return std::nullopt;
}

/// What a registry calls an image by its content goes with the last tag of that repository.
void remove_tag(Index& index, const std::string& tag, const std::string& digest) {
  index.remove_name(tag);
  const std::string repository = parse_reference(tag).repository();
  const auto names = index.names_of(digest);
  const auto of_repository = [&](const std::string& name) { return parse_reference(name).repository() == repository; };
  if (std::any_of(names.begin(), names.end(),
                  [&](const auto& name) { return is_tagged(name) && of_repository(name); })) {
    return;
  }
  for (const std::string& name : names) {
    if (of_repository(name)) {
      index.remove_name(name);
    }
  }
}

bool has_other_tags(const Index& index, const std::string& digest, const std::string& tag) {
  const auto names = index.names_of(digest);
  return std::any_of(names.begin(), names.end(), [&](const auto& name) { return is_tagged(name) && name != tag; });
}

/// After the index says that images are gone nothing may fail any more; what stays is removed by the next prune.
Collected collect_what_can_be(const Layout& layout, IndexChange& change) {
  try {
    return collect(layout, change);
  } catch (const kernel::CallError&) {
  } catch (const Error&) {  // the store's own, of a directory that cannot be opened
  }
  return {};
}

void delete_what_can_be(const Layout& layout, const Collected& collected) {
  try {
    delete_collected(layout, collected);
  } catch (const kernel::CallError&) {
  } catch (const Error&) {
  }
}

/// Commits also where the disk is full, if layers that nobody needs any more are unpacked: they can be made again.
void commit_on_full_disk(const Layout& layout, IndexChange& change) {
  try {
    change.commit();
  } catch (const kernel::CallError& error) {
    const bool full = error.code() == std::errc::no_space_on_device || error.code().value() == EDQUOT;
    if (!full || error.call() == std::string_view{"fsync"}) {  // a sync that fails, fails for good
      throw;
    }
    delete_what_can_be(layout, collect_trees_alone(layout, change));
    change.commit();
  }
}

}  // namespace

void remove_image(const Layout& layout, std::string_view name, const FindHolders& find_holders) {
  const std::string subject{name};
  explained(kRemoveImage, subject, [&] {
    Collected collected;
    {
      IndexChange change{layout};
      Index& index = change.index();
      const auto image = resolve(layout, index, name);
      if (!image) {
        throw missing_failure(kRemoveImage, subject, known_names(index));
      }
      const auto tag = tag_meant(index, name, *image);
      if (tag && has_other_tags(index, image->digest, *tag)) {
        remove_tag(index, *tag, image->digest);
      } else {
        if (auto users = users_of_image(layout, *image, find_holders()); !users.empty()) {
          throw in_use_failure(kRemoveImage, subject, std::move(users));
        }
        index.remove_image(image->digest);
      }
      commit_on_full_disk(layout, change);
      collected = collect_what_can_be(layout, change);
    }
    delete_what_can_be(layout, collected);
  });
}

ImagePruneResult prune_images(const Layout& layout, bool all, const FindHolders& find_holders) {
  return explained("prune images of", layout.store.path.string(), [&] {
    ImagePruneResult result;
    Collected collected;
    {
      IndexChange change{layout};
      Index& index = change.index();
      const Holders holders = find_holders();
      for (const Descriptor& image : index.images()) {
        const auto names = index.names_of(image.digest);
        const auto id = id_of(layout, image);
        if (!id || (!all && std::any_of(names.begin(), names.end(), is_tagged)) ||
            !users_of_id(layout, *id, holders).empty()) {
          continue;
        }
        index.remove_image(image.digest);
        result.removed.push_back(*id);
      }
      if (!result.removed.empty()) {
        commit_on_full_disk(layout, change);
      }
      collected = result.removed.empty() ? collect(layout, change) : collect_what_can_be(layout, change);
    }
    delete_what_can_be(layout, collected);
    result.bytes = collected.bytes;
    return result;
  });
}

}  // namespace dunnage::image
