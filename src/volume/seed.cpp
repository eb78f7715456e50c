// SPDX-License-Identifier: Apache-2.0
// What a new volume has in it from the beginning.

#include <dunnage/error.hpp>

#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "kernel/open_beneath.hpp"
#include "volume/clone.hpp"
#include "volume/data_copy.hpp"
#include "volume/failure.hpp"
#include "volume/snapshot_content.hpp"
#include "volume/snapshots.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <cerrno>
#include <string_view>
#include <utility>
#include <variant>

namespace dunnage::volume {
namespace {

constexpr mode_t kSeedDirectory = 0755;
constexpr mode_t kSeedFile = 0644;

[[noreturn]] void refuse_seed(const Deed& deed, std::string cause, std::string remedy) {
  throw deed_failure(deed, std::move(cause), make_error_code(errc::invalid_argument), std::move(remedy));
}

/// The components of "conf/app.toml".
std::vector<std::string> components_of(const Deed& deed, const std::string& path) {
  std::vector<std::string> components;
  std::string_view rest{path};
  while (true) {
    const std::size_t slash = rest.find('/');
    const std::string_view component = rest.substr(0, slash);
    if (component.empty() || component == "." || component == ".." || component.find('\0') != std::string_view::npos) {
      refuse_seed(deed, fmt::format("the path \"{}\" of the seed", path),
                  "write paths of files in the volume, as \"conf/app.toml\"");
    }
    components.emplace_back(component);
    if (slash == std::string_view::npos) {
      return components;
    }
    rest.remove_prefix(slash + 1);
  }
}

/// Opens the directory a file belongs into, making what is missing. Each one that gets an entry is synced.
kernel::FileDescriptor open_parent(const Deed& deed, int data, const std::vector<std::string>& components) {
  constexpr int kReadDirectory = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;
  auto parent = kernel::open_beneath(data, ".", kReadDirectory);
  for (std::size_t index = 0; parent && index + 1 < components.size(); ++index) {
    if (kernel::make_directory(parent.get(), components[index], kSeedDirectory)) {
      kernel::sync(parent.get());
    }
    parent = kernel::open_beneath(parent.get(), components[index], kReadDirectory);
    if (!parent && errno == ENOTDIR) {
      refuse_seed(deed, fmt::format("\"{}\" of the seed is a file and a directory", components[index]),
                  "give each path one meaning");
    }
  }
  if (!parent) {
    throw kernel::CallError{"open directory", errno};
  }
  return parent;
}

void write_seed_files(const Deed& deed, const Stage& stage, const SeedFiles& seed, const Watch& watch) {
  const kernel::FileDescriptor data = open_data(stage);
  for (const auto& [path, content] : seed.files) {
    stop_if_asked(deed, watch);
    const std::vector<std::string> components = components_of(deed, path);
    const auto parent = open_parent(deed, data.get(), components);
    const auto file = kernel::create_file(parent.get(), components.back(), kSeedFile);
    if (!file) {
      refuse_seed(deed, fmt::format("\"{}\" of the seed is a file and a directory", path),
                  "give each path one meaning");
    }
    kernel::write_all(file.get(), content);
    kernel::sync(file.get());
    kernel::sync(parent.get());
  }
  kernel::sync(data.get());
}

void copy_seed_directory(const Deed& deed, const Stage& stage, const SeedDirectory& seed, const Watch& watch) {
  const kernel::FileDescriptor from{::open(seed.path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
  if (!from) {
    throw deed_failure(deed, fmt::format("open the seed \"{}\"", seed.path.string()),
                       std::error_code{errno, std::system_category()}, "name a directory of the host");
  }
  (void)copy_data(deed, stage, {.from = from.get(), .gives_away = !seed.keep_owner}, watch);
}

void copy_seed_snapshot(const Layout& layout, const Deed& deed, const Stage& stage, const SeedSnapshot& seed,
                        const Watch& watch) {
  const Deed of_source{deed.operation, seed.volume, fmt::format("as the seed of \"{}\"", deed.volume)};
  const OpenVolume volume = open_volume(layout, of_source);
  const OpenSnapshot snapshot = open_snapshot(layout, of_source, volume.directory.get(), seed.snapshot);
  (void)with_snapshot(of_source, snapshot, [&] {
    const auto content = open_snapshot_content(of_source, snapshot);
    return copy_data(of_source, stage, {.from = content.get(), .quiet = true}, watch);
  });
}

}  // namespace

Content content_of_seed(const Layout& layout, const std::string& name, const VolumeOptions& options, const Watch& watch,
                        const ContentOfArchive& content_of_archive) {
  if (std::holds_alternative<std::monostate>(options.seed)) {
    return {};
  }
  const Deed deed{"create volume", name};
  if (!options.driver_options.empty()) {
    refuse_seed(deed, "a seed together with options of the driver, which say where the data is", "give one of them");
  }
  if (const auto* files = std::get_if<SeedFiles>(&options.seed)) {
    for (const auto& [path, content] : files->files) {
      (void)components_of(deed, path);
    }
    return [deed, files, &watch](const Stage& stage) { write_seed_files(deed, stage, *files, watch); };
  }
  if (const auto* directory = std::get_if<SeedDirectory>(&options.seed)) {
    return [deed, directory, &watch](const Stage& stage) { copy_seed_directory(deed, stage, *directory, watch); };
  }
  if (const auto* archive = std::get_if<SeedArchive>(&options.seed)) {
    return content_of_archive(*archive, name, watch);
  }
  const auto* snapshot = &std::get<SeedSnapshot>(options.seed);
  return [&layout, deed, snapshot, &watch](const Stage& stage) {
    copy_seed_snapshot(layout, deed, stage, *snapshot, watch);
  };
}

}  // namespace dunnage::volume
