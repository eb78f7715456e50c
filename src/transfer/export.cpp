// SPDX-License-Identifier: Apache-2.0
#include "transfer/export.hpp"

#include "image/digest.hpp"
#include "launcher/connection.hpp"
#include "launcher/pack_tree.hpp"
#include "transfer/compressor.hpp"
#include "transfer/earlier_tree.hpp"
#include "transfer/tree_packing.hpp"
#include "volume/data.hpp"
#include "volume/frozen.hpp"
#include "volume/reading.hpp"

#include <exception>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace dunnage::transfer {
namespace {

/// Bytes of the tar on their way out.
class Outgoing {
 public:
  Outgoing(ArchiveCompression compression, const Take& take)
      : take_{take}, packed_{compression != ArchiveCompression::None}, compressor_{compression, [this](auto bytes) {
                                                                                     write(bytes);
                                                                                   }} {}
  void add(std::string_view bytes) {
    if (packed_) {
      tar_.add(bytes);
    }
    compressor_.add(bytes);
  }
  void finish(VolumeExportResult& result) {
    compressor_.finish();
    result.digest = written_.digest();
    result.tar_digest = packed_ ? tar_.digest() : result.digest;
    result.size = size_;
  }

 private:
  void write(std::string_view bytes) {
    written_.add(bytes);
    size_ += bytes.size();
    take_(bytes);
  }

  const Take& take_;
  bool packed_;
  image::Sha256 tar_;
  image::Sha256 written_;
  std::uint64_t size_ = 0;
  Compressor compressor_;
};

void note_users(const volume::VolumeData& data, std::set<std::string>& users) {
  std::vector<std::string> now = data.other_users();
  users.insert(std::make_move_iterator(now.begin()), std::make_move_iterator(now.end()));
}

/// What the volume itself is called in an archive of it.
constexpr const char* kTop = "./";

/// One volume on its way into an archive.
class Export {
 public:
  Export(const VolumeExportOptions& options, image::Watching& watching, const Take& take)
      : watching_{watching},
        outgoing_{options.compression, take},
        packing_{watching, [this](std::string_view bytes) { outgoing_.add(bytes); }, {.exact = true, .living = true}} {
    if (!options.since.empty()) {
      earlier_.emplace(options.since, watching);
      add_empty(since_name(earlier_->tar_digest()));
    }
  }

  void add(const launcher::PackedEntry& entry) {
    watching_.at(entry.path, packing_.size(), 0);
    if (earlier_ && earlier_->has(entry, packing_.first_name(entry))) {
      packing_.leave_out(entry.path, entry);
      return;
    }
    packing_.add(entry.path.empty() ? kTop : entry.path, entry);
    ++result_.entries;
  }

  VolumeExportResult finish(const std::set<std::string>& users) {
    if (earlier_) {
      for (const std::string& name : earlier_->whiteouts()) {
        add_empty(name);
      }
    }
    packing_.finish();
    outgoing_.finish(result_);
    result_.bytes = packing_.bytes();
    result_.changed = packing_.changed();
    result_.users.assign(users.begin(), users.end());
    return std::move(result_);
  }

 private:
  void add_empty(const std::string& name) {
    packing_.add_empty(name);
    ++result_.entries;
  }

  image::Watching& watching_;
  VolumeExportResult result_;
  Outgoing outgoing_;
  TreePacking packing_;
  std::optional<EarlierTree> earlier_;
};

}  // namespace

VolumeExportResult export_volume(const volume::Layout& layout, const Deed& deed, const VolumeExportOptions& options,
                                 image::Watching& watching, const Take& take) {
  const volume::VolumeData data{layout, volume::read_volume(layout, deed.operation, deed.volume), deed.operation,
                                "an export"};
  const auto connection = launcher::connection_of_containers();
  std::set<std::string> users;
  note_users(data, users);
  Export exporting{options, watching, take};
  volume::Frozen frozen{users.empty() ? nullptr : &options.freeze};
  const launcher::WorkOutcome outcome = launcher::pack_tree(
      *connection, {.root = data.directory(), .most_entries = options.most_entries, .locks = data.locks()},
      [&](const launcher::PackedEntry& entry) { exporting.add(entry); }, options.watch);
  if (!outcome.done()) {
    throw failure(deed, outcome);
  }
  frozen.thaw();
  note_users(data, users);
  return exporting.finish(users);
}

}  // namespace dunnage::transfer
