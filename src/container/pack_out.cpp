// SPDX-License-Identifier: Apache-2.0
#include "container/copy_archive.hpp"
#include "container/copying.hpp"
#include "container/output.hpp"
#include "image/failure.hpp"
#include "image/tar_writer.hpp"
#include "kernel/call_error.hpp"
#include "launcher/pack_tree.hpp"

#include <dunnage/error.hpp>

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace dunnage::container {
namespace {

using launcher::PackedEntry;

/// Holes are skipped piece by piece, and a file may claim to have 8 EiB of them.
constexpr std::uint64_t kMostBytes = std::uint64_t{64} << 40U;

/// The bounds of a copy are looked at here.
ImageLimits no_limits() {
  constexpr auto kNone = std::numeric_limits<std::uint64_t>::max();
  return {.bytes = kNone, .file_bytes = kNone, .entries = kNone};
}

struct stat status_of(const launcher::PackRecord& record) {
  struct stat status {};
  status.st_mode = record.mode;
  status.st_uid = record.uid;
  status.st_gid = record.gid;
  status.st_nlink = record.links;
  status.st_size = static_cast<off_t>(record.size);
  status.st_blocks = static_cast<blkcnt_t>(record.blocks);
  status.st_mtim.tv_sec = record.seconds;
  status.st_rdev = ::makedev(record.device_major, record.device_minor);
  return status;
}

class Packing {
 public:
  /// \param top  what the source is called in the archive; empty: only what is in it goes there
  Packing(const Copying& copying, int archive, std::string top)
      : copying_{copying},
        top_{std::move(top)},
        watching_{copying.options().watch, "copy"},
        output_{archive, watching_},
        writer_{limits_, watching_, write_} {}

  void add(const PackedEntry& entry) {
    const std::string name = name_of(entry.path);
    if (name.empty()) {
      return;
    }
    count(entry);
    const struct stat status = status_of(entry.record);
    writer_.begin(name, status, -1);
    for (const launcher::PackedAttribute& attribute : entry.attributes) {
      writer_.add_attribute(attribute.name.data(), attribute.value);
    }
    if (!S_ISDIR(status.st_mode) && status.st_nlink > 1) {
      const auto [known, first] = links_.try_emplace({entry.record.device, entry.record.inode}, name);
      if (!first) {
        writer_.end_as_link_to(known->second);
        return;
      }
    }
    if (S_ISLNK(status.st_mode)) {
      writer_.end_as_symbolic_link(entry.target);
    } else if (S_ISREG(status.st_mode)) {
      writer_.end_with_content(entry.file, status);
    } else {
      writer_.end();
    }
  }
  void finish() { writer_.finish(); }

 private:
  [[nodiscard]] std::string name_of(const std::string& path) const {
    return top_.empty() || path.empty() ? top_ + path : top_ + "/" + path;
  }

  void count(const PackedEntry& entry) {
    const std::uint64_t size = S_ISREG(entry.record.mode) ? entry.record.size : 0;
    const std::uint64_t most = std::min(copying_.options().most_bytes, kMostBytes);
    if (size > most - bytes_) {
      copying_.fail(fmt::format("there are more than {} bytes, holes in files included", most),
                    make_error_code(errc::limit_exceeded),
                    most < kMostBytes ? "raise the limit of the copy, or copy less" : "copy less at once");
    }
    bytes_ += size;
  }

  const Copying& copying_;
  std::string top_;
  image::Watching watching_;
  Output output_;
  ImageLimits limits_ = no_limits();
  std::function<void(std::string_view)> write_ = [this](std::string_view bytes) { output_.write(bytes); };
  image::TarWriter writer_;
  std::uint64_t bytes_ = 0;
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::string> links_;
};

std::string remedy_of_packing(const image::Fault& fault) {
  return fault.code() == errc::image_invalid ? "copy it again when nobody writes to it" : fault.remedy();
}

/// \param top  what the source is called in the archive
void pack(const Copying& copying, const std::string& path, launcher::Follow follow, int archive, std::string top) {
  const CopyOptions& options = copying.options();
  const launcher::TreePack tree{.root = copying.place().root,
                                .path = path,
                                .follow = follow,
                                .most_entries = options.most_entries,
                                .locks = copying.place().locks};
  try {
    Packing packing{copying, archive, std::move(top)};
    const launcher::WorkOutcome outcome = launcher::pack_tree(
        copying.place().connection, tree, [&](const PackedEntry& entry) { packing.add(entry); }, options.watch);
    if (!outcome.done()) {
      copying.fail(outcome);
    }
    packing.finish();
  } catch (const image::Fault& fault) {
    copying.fail(fault.cause(), make_error_code(fault.code()), remedy_of_packing(fault));
  } catch (const kernel::CallError& error) {
    copying.fail(error.call(), error.code(),
                 error.code() == std::errc::broken_pipe ? "keep reading to the end of the archive"
                                                        : "look at what the archive is written to");
  }
}

}  // namespace

void pack_out(const CopyPlace& place, const std::string& source, int archive, const CopyOptions& options) {
  const Copying copying{place, options, fmt::format("\"{}\"", source)};
  const CopySource from = copying.source(source);
  const bool content = from.path.content || !from.path.named();
  pack(copying, from.path.path, from.follow, archive, content ? std::string{} : from.path.leaf);
}

}  // namespace dunnage::container
