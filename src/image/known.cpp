// SPDX-License-Identifier: Apache-2.0
#include "image/known.hpp"

#include "image/find.hpp"
#include "image/index.hpp"
#include "kernel/per_process.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cstddef>
#include <deque>
#include <mutex>
#include <string>
#include <tuple>
#include <utility>

namespace dunnage::image {
namespace {

constexpr std::size_t kMostKnown = 64;

/// Which file index.json is; it is replaced as a whole with each change.
using IndexFile = std::tuple<dev_t, ino_t, time_t, long, off_t>;

std::optional<IndexFile> index_file(const Layout& layout) {
  struct stat status {};
  if (::fstatat(layout.images.get(), "index.json", &status, AT_SYMLINK_NOFOLLOW) != 0) {
    return std::nullopt;
  }
  return IndexFile{status.st_dev, status.st_ino, status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_size};
}

struct Known {
  IndexFile file;
  std::string name;
  std::shared_ptr<const ImageInfo> image;
};

struct Memory {
  std::mutex mutex;
  std::deque<Known> known;

  std::shared_ptr<const ImageInfo> recall(const IndexFile& file, std::string_view name) {
    const std::scoped_lock lock{mutex};
    for (const Known& entry : known) {
      if (entry.file == file && entry.name == name) {
        return entry.image;
      }
    }
    return nullptr;
  }
  void remember(Known entry) {
    const std::scoped_lock lock{mutex};
    std::erase_if(known, [&](const Known& other) { return other.name == entry.name; });
    known.push_front(std::move(entry));
    if (known.size() > kMostKnown) {
      known.pop_back();
    }
  }
};

constinit kernel::PerProcess<Memory> memory;

template <typename Find>
std::shared_ptr<const ImageInfo> recall_or(const Layout& layout, std::string_view name, Find&& find) {
  const auto file = index_file(layout);
  if (file) {
    if (auto known = memory.get().recall(*file, name)) {
      return known;
    }
  }
  std::shared_ptr<const ImageInfo> image = find();
  if (file && image != nullptr && index_file(layout) == file) {
    memory.get().remember({*file, std::string{name}, image});
  }
  return image;
}

}  // namespace

std::shared_ptr<const ImageInfo> find_known_image(const Layout& layout, std::string_view name) {
  return recall_or(layout, name, [&]() -> std::shared_ptr<const ImageInfo> {
    auto found = find_image(layout, name);
    return found ? std::make_shared<const ImageInfo>(std::move(*found)) : nullptr;
  });
}

std::shared_ptr<const ImageInfo> get_known_image(const Layout& layout, std::string_view name) {
  return recall_or(layout, name, [&] { return std::make_shared<const ImageInfo>(get_image(layout, name)); });
}

bool is_still_there(const Layout& layout, const ImageInfo& image) {
  await_changes(layout);
  return find_known_image(layout, image.id) != nullptr;
}

}  // namespace dunnage::image
