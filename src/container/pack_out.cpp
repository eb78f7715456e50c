// SPDX-License-Identifier: Apache-2.0
#include "container/copy_archive.hpp"
#include "container/copying.hpp"
#include "image/failure.hpp"
#include "image/watching.hpp"
#include "kernel/call_error.hpp"
#include "launcher/pack_tree.hpp"
#include "transfer/output.hpp"
#include "transfer/tree_packing.hpp"

#include <dunnage/error.hpp>

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace dunnage::container {
namespace {

using launcher::PackedEntry;

/// Holes are skipped piece by piece, and a file may claim to have 8 EiB of them.
constexpr std::uint64_t kMostBytes = std::uint64_t{64} << 40U;

class Packing {
 public:
  /// \param top  what the source is called in the archive; empty: only what is in it goes there
  Packing(const Copying& copying, int archive, std::string top)
      : copying_{copying},
        top_{std::move(top)},
        watching_{copying.options().watch, "copy"},
        output_{archive, watching_},
        packing_{watching_, [this](std::string_view bytes) { output_.write(bytes); }} {}

  void add(const PackedEntry& entry) {
    const std::string name = name_of(entry.path);
    if (name.empty()) {
      return;
    }
    count(entry);
    packing_.add(name, entry);
  }
  void finish() { packing_.finish(); }

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
  transfer::Output output_;
  transfer::TreePacking packing_;
  std::uint64_t bytes_ = 0;
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
