// SPDX-License-Identifier: Apache-2.0
#include "plan/check_options.hpp"

#include "model/mount_name.hpp"
#include "volume/local_driver.hpp"

#include <dunnage/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

namespace dunnage::plan {
namespace {

constexpr unsigned kAllBits = 07777;
constexpr auto kNoId = std::numeric_limits<std::uint32_t>::max();
constexpr std::size_t kMostRanges = 340;  // of one map (user_namespaces(7))
constexpr std::size_t kMostPatterns = 256;
constexpr std::size_t kLongestPattern = 4095;

/// Refuses one mount, so that each check is a line. Nothing is copied or put into words before one is refused.
class Checker {
 public:
  template <typename Kind>
  explicit Checker(const Kind& mount) noexcept : mount_{&mount} {}

  [[noreturn]] void refuse(std::string cause, std::string_view remedy, errc code = errc::invalid_argument) const {
    const Mount mount = std::visit([](const auto* kind) { return Mount{*kind}; }, mount_);
    throw model::mount_error(Stage::Resolve, "resolve", mount, std::move(cause), code, std::string{remedy});
  }

  void refuse_if(bool wrong, std::string_view cause, std::string_view remedy,
                 errc code = errc::invalid_argument) const {
    if (wrong) {
      refuse(std::string{cause}, remedy, code);
    }
  }

  void id(std::optional<std::uint32_t> value) const {
    refuse_if(value == kNoId, "4294967295 is not a user or group id", "use an id below it");
  }

  void mode(unsigned value) const {
    if (value > kAllBits) {
      refuse(fmt::format("{:#o} is not a mode", value), "use bits up to 07777");
    }
  }

  void text(std::string_view what, std::string_view value) const {
    if (value.find('\0') != std::string_view::npos) {
      refuse(fmt::format("the {} holds a NUL", what), "give a path without control characters");
    }
  }

 private:
  std::variant<const BindMount*, const VolumeMount*, const Tmpfs*, const ImageMount*> mount_;
};

/// A path that stays below where it begins.
bool is_below(std::string_view path) {
  if (path.empty() || path.front() == '/') {
    return false;
  }
  std::size_t begin = 0;
  while (begin <= path.size()) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    if (path.substr(begin, end - begin) == "..") {
      return false;
    }
    begin = end + 1;
  }
  return true;
}

bool overlap(std::uint64_t first, std::uint64_t count, std::uint64_t other, std::uint64_t other_count) {
  return first < other + other_count && other < first + count;
}

void check_ranges(const Checker& checker, const std::vector<IdRange>& ranges) {
  if (ranges.empty() || ranges.size() > kMostRanges) {
    checker.refuse(fmt::format("a map of ids has {} ranges", ranges.size()),
                   fmt::format("give 1 to {} ranges, of users and of groups", kMostRanges));
  }
  for (std::size_t index = 0; index < ranges.size(); ++index) {
    const IdRange& range = ranges[index];
    const std::uint64_t last = std::max(range.inside, range.outside) + std::uint64_t{range.count};
    if (range.count == 0 || last > kNoId) {
      checker.refuse(fmt::format("the range of ids {}={}+{} is empty or leaves the numbers there are", range.inside,
                                 range.outside, range.count),
                     "use ids up to 4294967294");
    }
    for (std::size_t other = 0; other < index; ++other) {
      const bool twice = overlap(range.inside, range.count, ranges[other].inside, ranges[other].count) ||
                         overlap(range.outside, range.count, ranges[other].outside, ranges[other].count);
      checker.refuse_if(twice, "an id is in two ranges of the map", "make the ranges disjoint, inside and on disk");
    }
  }
}

void check_owner(const Checker& checker, const Ownership& owner, bool chown) {
  if (chown && owner.kind() != Ownership::Kind::AsIs) {
    checker.refuse("chown changes the owners on disk, and the ownership \"" + to_string(owner) + "\" leaves them alone",
                   "choose one of the two");
  }
  if (owner.kind() == Ownership::Kind::As) {
    checker.id(owner.uid());
    checker.id(owner.gid());
  } else if (owner.kind() == Ownership::Kind::Map) {
    check_ranges(checker, owner.users());
    check_ranges(checker, owner.groups());
  }
}

void check_exclude(const Checker& checker, const std::vector<std::string>& patterns) {
  if (patterns.size() > kMostPatterns) {
    checker.refuse(fmt::format("{} patterns to exclude are too many", patterns.size()),
                   fmt::format("give at most {}", kMostPatterns));
  }
  for (const std::string& pattern : patterns) {
    checker.text("pattern", pattern);
    if (!is_below(pattern) || pattern.size() > kLongestPattern) {
      checker.refuse(fmt::format("\"{}\" is no pattern of what lies below the source", pattern),
                     "write it relative to the source and without \"..\", as \"node_modules\" or \"**/.git\"");
    }
  }
}

void check_overlay(const Checker& checker, const OverlayOptions& overlay) {
  checker.refuse_if(overlay.upper.empty() != overlay.work.empty(),
                    "an overlay has an upper and a work directory, or neither", "give both or none");
  checker.refuse_if(!overlay.upper.empty() && (overlay.upper.is_relative() || overlay.work.is_relative()),
                    "the upper and the work directory of an overlay have to be absolute paths",
                    "begin them with \"/\"");
  checker.text("upper directory", overlay.upper.native());
  checker.text("work directory", overlay.work.native());
  checker.refuse_if(overlay.size == 0, "changes of size 0 would have no limit", "give them a size");
}

/// \param whole "volume" or "image"
void check_subpath(const Checker& checker, std::string_view whole, std::string_view subpath) {
  if (subpath.empty()) {
    return;
  }
  checker.text(fmt::format("path in the {}", whole), subpath);
  if (subpath.size() > kLongestPattern) {
    checker.refuse(fmt::format("the path in the {} is too long", whole),
                   fmt::format("use at most {} bytes", kLongestPattern));
  }
  if (!is_below(subpath)) {
    checker.refuse(fmt::format("\"{}\" is no path in {} {}", subpath, whole == "image" ? "an" : "a", whole),
                   fmt::format("give a path relative to the {}'s root, without \"..\"", whole));
  }
}

/// What preparing does once, to what is there then.
void check_follow(const Checker& checker, const BindOptions& options) {
  if (options.follow != Follow::Name) {
    return;
  }
  checker.refuse_if(options.chown || options.relabel != Relabel::None || !options.exclude.empty() || options.overlay ||
                        !options.transaction.empty(),
                    "chown, relabel, exclude, overlay and transaction are about what is there at the launch, and "
                    "another source would come without them",
                    "leave these out, or follow");
  checker.refuse_if(options.propagation != Propagation::RPrivate,
                    "a mount that is exchanged cannot pass mounts on, or get them",
                    "leave the propagation out, or follow", errc::not_supported);
  checker.refuse_if(options.require_mountpoint, "a mount point has no other source that could take its name",
                    "leave out require_mountpoint, or follow");
}

/// What preparing does once, to what is there then, would not be done to a source that is mounted again.
template <typename Options>
void check_loss(const Checker& checker, const Options& options) {
  using std::chrono::hours;
  using std::chrono::milliseconds;
  using std::chrono::minutes;
  constexpr milliseconds kLeast{100};
  const SourceLoss& loss = options.on_loss;
  if (loss.policy == LossPolicy::Keep) {
    checker.refuse_if(loss != SourceLoss{}, "an interval and a timeout of looks nobody takes", "set the policy, too");
    return;
  }
  checker.refuse_if(loss.interval < kLeast || loss.interval > hours{1}, "that is no interval of looks at a source",
                    "choose 100 ms to 1 hour");
  checker.refuse_if(loss.timeout < kLeast || loss.timeout > minutes{10}, "that is no timeout of a look at a source",
                    "choose 100 ms to 10 minutes");
  checker.refuse_if(options.chown || options.relabel != Relabel::None || !options.exclude.empty() || options.overlay,
                    "chown, relabel, exclude and overlay are about what is there at the launch, and what is mounted "
                    "again would come without them",
                    "leave these out, or on_loss");
}

template <typename Options>
void check_common(const Checker& checker, const Options& options) {
  check_owner(checker, options.owner, options.chown);
  check_exclude(checker, options.exclude);
  check_loss(checker, options);
  if (options.overlay) {
    check_overlay(checker, *options.overlay);
    checker.refuse_if(options.chown, "chown changes the owners on disk, and an overlay leaves the source alone",
                      "choose one of the two");
    checker.refuse_if(!options.overlay->upper.empty() && options.owner.kind() != Ownership::Kind::AsIs,
                      "the changes in an upper directory would not have the owners of the source",
                      "leave out upper and work, or the owner");
  }
}

}  // namespace

void check_options(const BindMount& mount) {
  const Checker checker{mount};
  const BindOptions& options = mount.options;
  checker.mode(options.create_mode);
  checker.id(options.create_uid);
  checker.id(options.create_gid);
  checker.refuse_if(options.optional && options.create_source,
                    "a source that is created is never missing, so the mount cannot be optional",
                    "set one of create_source and optional");
  checker.refuse_if((options.create_uid || options.create_gid) && !options.create_source,
                    "an owner for a source that is not created", "set create_source, or leave the owner out");
  checker.refuse_if(options.require_mountpoint && options.create_source, "a source that is created is no mount point",
                    "set one of create_source and require_mountpoint");
  check_follow(checker, options);
  if (options.on_loss.policy != LossPolicy::Keep) {
    checker.refuse_if(!options.transaction.empty(), "a transaction is of the directory that was there at the launch",
                      "leave one of transaction and on_loss out");
    checker.refuse_if(options.propagation != Propagation::RPrivate,
                      "a mount that is exchanged cannot pass mounts on, or get them",
                      "leave the propagation out, or on_loss", errc::not_supported);
  }
  check_common(checker, options);
  checker.text("transaction", options.transaction);
  checker.refuse_if(!options.transaction.empty() && (options.overlay || options.chown),
                    "a transaction leaves the source alone, and has its own directories",
                    "leave overlay and chown out");
  checker.refuse_if(!options.transaction.empty() && options.owner.kind() != Ownership::Kind::AsIs,
                    "what is changed in a transaction would not have the owners of the source",
                    "leave one of transaction and owner out");
}

void check_options(const VolumeMount& mount) {
  const Checker checker{mount};
  const VolumeMountOptions& options = mount.options;
  check_subpath(checker, "volume", options.subpath);
  checker.refuse_if(!options.create && mount.name.empty(), "an anonymous volume is always created",
                    "name the volume, or leave create as it is");
  if (!options.driver.empty() && options.driver != "local") {
    checker.refuse(fmt::format("there is no volume driver \"{}\"", options.driver), "use \"local\"",
                   errc::not_supported);
  }
  check_common(checker, options);
  volume::LocalDriver driver;
  if (const auto fault = volume::read_driver_options(options.driver_options, driver)) {
    checker.refuse(fault->cause, fault->remedy, fault->unsupported ? errc::not_supported : errc::invalid_argument);
  }
}

void check_options(const ImageMount& mount) {
  const Checker checker{mount};
  const ImageMountOptions& options = mount.options;
  checker.refuse_if(mount.image.empty(), "it has no image", "name one that is in the store");
  checker.text("name of the image", mount.image);
  check_subpath(checker, "image", options.subpath);
  if (options.overlay) {
    checker.refuse_if(!options.overlay->upper.empty() || !options.overlay->work.empty(),
                      "changes of an image mount are kept in memory", "leave out upper and work", errc::not_supported);
    check_overlay(checker, *options.overlay);
  }
}

void check_options(const Tmpfs& mount) {
  const Checker checker{mount};
  const TmpfsOptions& options = mount.options;
  checker.refuse_if(options.size == 0, "a tmpfs of size 0 would have no limit", "give it a size");
  checker.refuse_if(options.nr_inodes == std::uint64_t{0}, "a tmpfs with 0 files would have no limit of them",
                    "give it a number, or leave it to the kernel");
  checker.mode(options.mode);
  checker.id(options.uid);
  checker.id(options.gid);
}

}  // namespace dunnage::plan
