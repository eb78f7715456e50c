// SPDX-License-Identifier: Apache-2.0
#include "volume/usage.hpp"

#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "kernel/open_beneath.hpp"
#include "kernel/quota_group.hpp"
#include "kernel/random_hex.hpp"
#include "launcher/compare_trees.hpp"
#include "launcher/connection.hpp"
#include "volume/data.hpp"
#include "volume/directory.hpp"
#include "volume/failure.hpp"
#include "volume/limit_choice.hpp"
#include "volume/limit_mark.hpp"
#include "volume/limited_data.hpp"
#include "volume/noted_usage.hpp"
#include "volume/reading.hpp"
#include "volume/use.hpp"

#include <fcntl.h>
#include <sys/statvfs.h>

#include <cerrno>
#include <chrono>
#include <optional>
#include <utility>

namespace dunnage::volume {
namespace {

using std::chrono::system_clock;

constexpr const char* kUsage = "usage";
constexpr const char* kUsageOfAll = "usage-of-all";

/// A directory with a volume in it, and where that is.
struct Measured {
  const Layout& layout;
  const Deed& deed;
  int directory = -1;
  const char* note = kUsage;
};

VolumeUsage walk(const Measured& measured, int tree, const UsageOptions& options) {
  if (auto noted = read_noted_usage(measured.directory, measured.note, options.max_age)) {
    return std::move(*noted);
  }
  const auto begun = system_clock::now();
  const auto connection = launcher::connection_of_containers();
  const launcher::WorkOutcome outcome = launcher::count_tree(*connection, tree, options.watch);
  require_done(measured.deed, outcome);
  VolumeUsage usage{.bytes = outcome.bytes, .files = outcome.entries, .measured_at = begun};
  note_usage(measured.layout, measured.directory, measured.note, usage);
  return usage;
}

/// What is a file system's own is none of the volume's files: on XFS three inodes, the root with them.
std::uint64_t own_inodes(LimitWay way) { return way == LimitWay::XfsImage ? 3 : kExt4OwnInodes; }

VolumeUsage usage_of_image(const Measured& measured, const VolumeInfo& info) {
  constexpr std::size_t kUseIdDigits = 64;
  // a snapshot that is made meanwhile has to know that the file system is mounted
  const VolumeUse use = VolumeUse::acquire(measured.layout, measured.deed.volume, kernel::random_hex(kUseIdDigits),
                                           "a measurement", {.claim = Claim::Presence});
  const auto mounted = open_limited_data(measured.deed, use.volume_fd(), limit_way_of(use.volume_fd()));
  struct statvfs system {};
  if (::fstatvfs(mounted.get(), &system) != 0) {
    throw kernel::CallError{"statfs", errno};
  }
  const std::uint64_t inodes = system.f_files - system.f_ffree;
  return {.bytes = (system.f_blocks - system.f_bfree) * system.f_frsize,
          .files = inodes - std::min(inodes, own_inodes(info.limit_way)),
          .way = UsageWay::FileSystem,
          .measured_at = system_clock::now()};
}

VolumeUsage usage_of_quota(int directory) {
  const auto quota = kernel::quota_of(open_data_directory(directory).get());
  if (!quota) {
    throw kernel::CallError{"ask for the quota of its data", ENODATA};
  }
  return {.bytes = quota->used, .way = UsageWay::Quota, .measured_at = system_clock::now()};
}

VolumeUsage usage_of_tree(const Measured& measured, const VolumeInfo& info, const UsageOptions& options) {
  auto tree = open_data_elsewhere(info, measured.deed.operation);
  if (!tree) {
    tree = kernel::open_beneath(measured.directory, kDataName, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0,
                                kernel::Crossing::Allowed);
  }
  if (!tree) {
    throw kernel::CallError{"open the data", errno};
  }
  return walk(measured, tree.get(), options);
}

VolumeUsage measure(const Measured& measured, const VolumeInfo& info, const UsageOptions& options) {
  if (is_image(info.limit_way)) {
    return usage_of_image(measured, info);
  }
  return info.limit_way == LimitWay::BtrfsQuota ? usage_of_quota(measured.directory)
                                                : usage_of_tree(measured, info, options);
}

/// What is known of the volume; while its data moves under another limit, its mark knows better.
VolumeInfo known_limit(const Layout& layout, const Deed& deed, int directory) {
  VolumeInfo info = read_volume(layout, deed.operation, deed.volume);
  if (const auto move = limit_move_of(directory)) {
    take_limit(info, move->held());
  }
  return info;
}

/// \return nothing if it was given another limit meanwhile
std::optional<VolumeUsage> try_usage(const Layout& layout, const Deed& deed, const UsageOptions& options) {
  const auto directory = require_volume_directory(layout, deed.operation, deed.volume);
  const VolumeInfo info = known_limit(layout, deed, directory.get());
  const auto require_it = [&] {
    if (!kernel::is_at(layout.volumes.get(), deed.volume, directory.get())) {
      throw missing_failure(deed.operation, deed.volume, names_to_suggest(layout));
    }
  };
  const auto same = [&](const VolumeInfo& now) { return now.limit == info.limit && now.limit_way == info.limit_way; };
  try {
    VolumeUsage usage = measure({layout, deed, directory.get(), kUsage}, info, options);
    require_it();
    if (!same(known_limit(layout, deed, directory.get()))) {
      return std::nullopt;
    }
    usage.limit = info.limit;
    usage.limit_way = info.limit_way;
    return usage;
  } catch (...) {
    require_it();  // or that is why it failed
    if (!same(known_limit(layout, deed, directory.get()))) {
      return std::nullopt;
    }
    throw;
  }
}

}  // namespace

VolumeUsage usage_of(const Layout& layout, const Deed& deed, const UsageOptions& options) {
  constexpr int kAttempts = 16;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    if (auto usage = try_usage(layout, deed, options)) {
      return std::move(*usage);
    }
  }
  throw kernel::CallError{"measure the data", EAGAIN};
}

std::optional<VolumeUsage> usage_of_all(const Layout& layout, const Deed& deed, int place, const std::string& name,
                                        const UsageOptions& options) {
  const auto directory = kernel::open_beneath(place, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!directory) {
    if (errno == ENOENT) {
      return std::nullopt;
    }
    throw kernel::CallError{"open directory", errno};
  }
  const auto is_there = [&] { return kernel::is_at(place, name, directory.get()); };
  try {
    VolumeUsage usage = walk({layout, deed, directory.get(), kUsageOfAll}, directory.get(), options);
    return is_there() ? std::optional{std::move(usage)} : std::nullopt;
  } catch (const VolumeError& error) {
    if (error.code() == errc::cancelled || error.code() == errc::timed_out || is_there()) {
      throw;
    }
    return std::nullopt;
  }
}

}  // namespace dunnage::volume
