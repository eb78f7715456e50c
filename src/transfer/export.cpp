// SPDX-License-Identifier: Apache-2.0
#include "transfer/export.hpp"

#include "image/digest.hpp"
#include "launcher/connection.hpp"
#include "launcher/pack_tree.hpp"
#include "transfer/compressor.hpp"
#include "transfer/tree_packing.hpp"
#include "volume/data.hpp"
#include "volume/directory.hpp"
#include "volume/reading.hpp"

#include <exception>
#include <iterator>
#include <set>
#include <string>
#include <utility>

namespace dunnage::transfer {
namespace {

/// The caller's program holds still while this is there.
class Frozen {
 public:
  explicit Frozen(const VolumeExportOptions& options) : options_{options} {
    if (options_.freeze) {
      options_.freeze();
    }
  }
  Frozen(const Frozen&) = delete;
  Frozen& operator=(const Frozen&) = delete;
  ~Frozen() {
    if (!ended_) {
      try {
        end();
      } catch (...) {  // the failure that brought us here is the one to report
      }
    }
  }
  void end() {
    ended_ = true;
    if (options_.thaw) {
      options_.thaw();
    }
  }

 private:
  const VolumeExportOptions& options_;
  bool ended_ = false;
};

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

VolumeInfo info_of(const volume::Layout& layout, const Deed& deed) {
  volume::Reading reading = volume::VolumeReader{layout}.read(deed.name);
  if (!reading.damage.empty()) {
    throw volume::damaged_failure(layout, deed.operation, deed.name, reading);
  }
  if (!reading.volume) {
    throw volume::missing_failure(deed.operation, deed.name, volume::names_to_suggest(layout));
  }
  return std::move(*reading.volume);
}

void note_users(const volume::VolumeData& data, std::set<std::string>& users) {
  std::vector<std::string> now = data.other_users();
  users.insert(std::make_move_iterator(now.begin()), std::make_move_iterator(now.end()));
}

/// What the volume itself is called in an archive of it.
constexpr const char* kTop = "./";

}  // namespace

VolumeExportResult export_volume(const volume::Layout& layout, const Deed& deed, const VolumeExportOptions& options,
                                 image::Watching& watching, const Take& take) {
  const volume::VolumeData data{layout, info_of(layout, deed), deed.operation, "an export"};
  const auto connection = launcher::Connection::get(launcher::identity_for(0, 0));
  VolumeExportResult result;
  std::set<std::string> users;
  note_users(data, users);
  Outgoing outgoing{options.compression, take};
  Frozen frozen{options};
  TreePacking packing{watching, [&](std::string_view bytes) { outgoing.add(bytes); }, {.exact = true, .living = true}};
  const launcher::TreePack tree{.root = data.directory(), .most_entries = options.most_entries, .locks = data.locks()};
  const launcher::WorkOutcome outcome = launcher::pack_tree(
      *connection, tree,
      [&](const launcher::PackedEntry& entry) {
        watching.at(entry.path, packing.size(), 0);
        packing.add(entry.path.empty() ? kTop : entry.path, entry);
        ++result.entries;
      },
      options.watch);
  if (!outcome.done()) {
    throw failure(deed, outcome);
  }
  frozen.end();
  note_users(data, users);
  packing.finish();
  outgoing.finish(result);
  result.bytes = packing.bytes();
  result.changed = packing.changed();
  result.users.assign(users.begin(), users.end());
  return result;
}

}  // namespace dunnage::transfer
