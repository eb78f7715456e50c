// SPDX-License-Identifier: Apache-2.0
// The power is cut while volumes with limits are made, written to, grown and removed. What was acknowledged is done;
// what was written and synced is in the file system in the image, or below the quota; and what holds the limit never
// allows more than the metadata says.

#include "crash/bench.hpp"
#include "crash/power_cuts.hpp"
#include "crash/told_stages.hpp"
#include "kernel/files.hpp"
#include "kernel/loop_device.hpp"
#include "kernel/open_beneath.hpp"
#include "kernel/quota_group.hpp"
#include "support/catch.hpp"
#include "support/requires.hpp"
#include "volume/data_image.hpp"
#include "volume/limit_mark.hpp"
#include "volume/limited_data.hpp"

#include <dunnage/store_check.hpp>
#include <dunnage/volume_store.hpp>

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <optional>
#include <system_error>

namespace dunnage::test {
namespace {

namespace fs = std::filesystem;
using kernel::FileDescriptor;

enum Stage { kMade = 1, kWritten, kGrown, kWrittenAgain, kRemoved };

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20U;

std::string name_of(int number) { return "v" + std::to_string(number); }
VolumeStore store_on(const fs::path& top) { return VolumeStore::open(top / "store"); }

/// Every fourth is so large that XFS holds it, or has a number of inodes, which an image of ext4 holds on btrfs, too.
struct Limits {
  VolumeLimit first;
  VolumeLimit second;
};
Limits limits_of(int number, bool quotas) {
  if (number % 4 != 3) return {{.size = 16 * kMiB}, {.size = 24 * kMiB}};
  if (!quotas) return {{.size = 300 * kMiB}, {.size = 400 * kMiB}};
  const VolumeLimit fixed{.size = 16 * kMiB, .inodes = 496};  // which does not grow
  return {fixed, fixed};
}
bool is_removed(int number) { return number % 3 == 0; }

void require(bool done, const char* what) {
  if (!done) throw std::system_error{errno, std::generic_category(), what};
}

FileDescriptor open_volume(const fs::path& top, const std::string& name) {
  FileDescriptor directory{::open((top / "store/volumes" / name).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  require(directory.get() >= 0, "open the volume");
  return directory;
}

bool grows_while_used(const fs::path& top, const std::string& name) {
  return volume::grows_while_mounted(volume::limit_way_of(open_volume(top, name).get()));
}

/// The top of the data, as a container has it.
FileDescriptor open_data(const fs::path& top, const std::string& name) {
  const FileDescriptor directory = open_volume(top, name);
  const LimitWay way = volume::limit_way_of(directory.get());
  const auto data = volume::open_limited_data({"open the data of", name}, directory.get(), way);
  return kernel::require_readable(data.get());
}

std::string content_of_file(const std::string& name, const char* file) {
  constexpr int kTimes = 5'000;  // more than a block
  std::string content;
  for (int time = 0; time < kTimes; ++time) content += name + file;
  return content;
}

void write_synced(int data, const std::string& name, const char* file) {
  const FileDescriptor opened{::openat(data, file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
  require(opened.get() >= 0, "create");
  kernel::write_all(opened.get(), content_of_file(name, file));
  kernel::sync(opened.get());
  kernel::sync(data);
}

[[noreturn]] void keep_limiting(const fs::path& top, const Report& report, int first, bool quotas) {
  VolumeStore store = store_on(top);
  for (int number = first;; ++number) {
    const std::string name = name_of(number);
    const Limits limits = limits_of(number, quotas);
    do_stage(report, number, kMade, [&] { (void)store.create(name, {.limit = limits.first}); });
    FileDescriptor data = open_data(top, name);
    do_stage(report, number, kWritten, [&] { write_synced(data.get(), name, "first"); });
    const bool used = number % 2 != 0 && grows_while_used(top, name);
    if (!used) data.reset();
    if (limits.second != limits.first) {
      do_stage(report, number, kGrown, [&] { (void)store.update(name, {.limit = limits.second}); });
    }
    if (!used) data = open_data(top, name);
    do_stage(report, number, kWrittenAgain, [&] { write_synced(data.get(), name, "second"); });
    data.reset();
    if (is_removed(number)) do_stage(report, number, kRemoved, [&] { store.remove(name); });
  }
}

/// What the file system allows.
std::uint64_t allowed(int data, LimitWay way) {
  if (way == LimitWay::BtrfsQuota) return kernel::quota_of(data).value_or(kernel::Quota{}).size;
  struct statvfs system {};
  require(::fstatvfs(data, &system) == 0, "statvfs");
  return std::uint64_t{system.f_blocks} * system.f_frsize;
}

/// What was left of them on a disk.
class Inspection {
 public:
  Inspection(const fs::path& top, bool quotas) : top_{top}, quotas_{quotas}, store_{store_on(top)} {
    (void)store_.list({}, damaged_);
    for (const std::string& name : damaged_) complaints_.require(false, name + " is damaged");
  }

  void inspect(int number, const Reached& reached) {
    const std::string name = name_of(number);
    complaints_.trying(name, [&] {
      const auto volume = store_.find(name);
      const bool may_be_gone = is_removed(number) && reached.maybe(kRemoved);
      const bool may_be_there = reached.maybe(kMade) && !(is_removed(number) && reached.surely(kRemoved));
      say(name, volume ? may_be_there : !reached.surely(kMade) || may_be_gone, volume ? "is there" : "is not there");
      if (volume) inspect(number, reached, volume->info());
    });
  }

  std::string end() {
    const StoreReport report = check_store(top_ / "store", {.grace = std::chrono::seconds{0}});
    complaints_.require(report.is_clean(), report.to_string());
    for (const char* place : {"staging", "trash"}) {
      complaints_.require(fs::is_empty(top_ / "store" / place), std::string{place} + " is not empty");
    }
    return complaints_.text();
  }

 private:
  void say(const std::string& name, bool right, const std::string& what) {
    complaints_.require(right, name + ": " + what);
  }

  void inspect(int number, const Reached& reached, const VolumeInfo& info) {
    const auto [first, second] = limits_of(number, quotas_);
    const bool grows = second != first;
    say(info.name, info.limit_way == wanted_way(number),
        "its limit is held by " + std::string{to_string(info.limit_way)});
    const bool old = info.limit.size == first.size;
    say(info.name, old || info.limit.size == second.size, "it has another limit");
    say(info.name, !grows || (old ? !reached.surely(kGrown) : reached.maybe(kGrown)),
        old ? "it is small" : "it is large");
    inspect_data(info, reached, grows && reached.surely(kGrown) ? first.size : 0);
    if (grows) {
      const VolumeInfo grown = store_.update(info.name, {.limit = second}).info();
      inspect_data(grown, reached, first.size);
    }
    if (info.limit_way == LimitWay::Ext4Image) check_file_system(info);
  }

  /// \param more  than so much has to be allowed
  void inspect_data(const VolumeInfo& info, const Reached& reached, std::uint64_t more) {
    const FileDescriptor data = open_data(top_, info.name);
    const std::uint64_t size = allowed(data.get(), info.limit_way);
    say(info.name, size > more && size <= info.limit.size, "allows " + std::to_string(size));
    if (reached.surely(kWritten)) inspect_file(data.get(), info.name, "first");
    if (reached.surely(kWrittenAgain)) inspect_file(data.get(), info.name, "second");
  }

  void inspect_file(int data, const std::string& name, const char* file) {
    constexpr std::size_t kMost = std::size_t{1} << 20U;
    std::string buffer;
    const auto [text, number] = kernel::read_small_file(data, file, buffer, kMost);
    say(name, number == 0 && text == content_of_file(name, file), std::string{file} + " is not what was synced");
  }

  void check_file_system(const VolumeInfo& info) {
    const fs::path image = info.mountpoint / "image";
    const FileDescriptor opened{::open(image.c_str(), O_RDONLY | O_CLOEXEC)};
    require(kernel::await_no_block_device(opened.get()), "wait for the device of an image");
    const std::string command = "e2fsck -fn '" + image.string() + "' >/dev/null 2>&1";
    say(info.name, std::system(command.c_str()) == 0, "e2fsck finds something");
  }

  [[nodiscard]] LimitWay wanted_way(int number) const {
    if (quotas_) return number % 4 == 3 ? LimitWay::Ext4Image : LimitWay::BtrfsQuota;
    return number % 4 == 3 ? LimitWay::XfsImage : LimitWay::Ext4Image;
  }

  fs::path top_;
  bool quotas_;
  VolumeStore store_;
  std::vector<std::string> damaged_;
  Complaints complaints_;
};

void cut(const std::string& kind, std::size_t times) {
  const bool quotas = kind == "btrfs";
  cut_power(kind, times,
            {.mebibytes = 600,
             .prepare = [](const CutDisk& disk, std::size_t) { disk.clear(); },
             .works =
                 [quotas](std::size_t) {
                   std::vector<CutDisk::Work> works;
                   for (const int first : {1'000, 2'003}) {
                     works.emplace_back(
                         [=](const fs::path& top, const Report& report) { keep_limiting(top, report, first, quotas); });
                   }
                   return works;
                 },
             .inspect =
                 [quotas](const fs::path& top, const Told& told) {
                   Inspection inspection{top, quotas};
                   for (const auto& [number, stages] : reached(told)) inspection.inspect(number, stages);
                   return inspection.end();
                 }});
}

}  // namespace

TEST_CASE("T-3: a volume with a limit whose power was cut is there or not, within its limit, with what was synced",
          "[crash]") {
  if (!requires_root() || !requires_program("mkfs.xfs") || !requires_program("mkfs.ext4")) return;
  if (!requires_program("mkfs.btrfs") || !requires_program("e2fsck")) return;
  std::vector<std::string> kinds = kinds_of_disks();
  if (std::getenv("DUNNAGE_CRASH_FILE_SYSTEMS") == nullptr) kinds.emplace_back("btrfs");  // which alone has quotas
  for (const std::string& kind : kinds) cut(kind, crashes_of_each(2));
}

}  // namespace dunnage::test
