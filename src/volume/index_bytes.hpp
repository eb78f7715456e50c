// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The bytes of an index of volumes: a head, and one record for each volume, sorted by name. Numbers are as this
/// machine has them, for an index is of use to no other.
///
/// They are read with the care that input of a stranger needs. A checksum tells what was damaged; what is behind it is
/// checked nevertheless, so that nothing in a file can lead out of the memory it was read into, or name a volume that
/// cannot be.

#include <dunnage/volume_store.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage::volume {

/// More than this is neither written nor read.
inline constexpr std::size_t kMaxIndexBytes = std::size_t{256} << 20U;

/// Which file of which directory, since which start of the kernel. An index that was copied is of another one.
struct IndexPlace {
  std::string boot;  ///< the kernel's id of its start
  std::uint64_t device = 0;
  std::uint64_t volumes = 0;  ///< inode of the directory of the volumes
  std::uint64_t file = 0;     ///< inode of the index itself

  friend bool operator==(const IndexPlace&, const IndexPlace&) = default;
};

/// Keys and values, one behind the other, still as bytes.
struct IndexedPairs {
  std::uint32_t count = 0;
  std::string_view bytes{};

  /// The value of `key`, if there is one.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view key) const noexcept;
  /// \param map  empty
  void add_to(std::map<std::string, std::string>& map) const;
};

/// What an index says of one volume. Lives as long as the bytes.
struct IndexedVolume {
  std::uint64_t inode = 0;  ///< of its directory, as listing the directory of all shows it
  std::int64_t created_at = 0;
  bool anonymous = false;
  bool is_protected = false;
  AccessMode access = AccessMode::Shared;
  VolumeLimit limit{};
  LimitWay limit_way = LimitWay::None;
  std::string_view name{};
  std::string_view owner{};
  IndexedPairs labels{};
  IndexedPairs options{};

  /// All but the mountpoint. \param info  as new
  void write_to(VolumeInfo& info) const;
};

class IndexWriter {
 public:
  IndexWriter();
  /// Volumes come in the order of their names.
  void add(std::uint64_t inode, const VolumeInfo& volume);
  /// \return nothing if it became larger than kMaxIndexBytes
  [[nodiscard]] std::optional<std::string> finish(const IndexPlace& place);

 private:
  std::string bytes_;
  std::uint64_t count_ = 0;
};

/// Of whatever place it is. \return nothing unless the checksum is right
[[nodiscard]] std::optional<IndexPlace> read_index_place(std::string_view bytes);

/// \return nothing unless it is whole, and of that place
[[nodiscard]] std::optional<std::vector<IndexedVolume>> read_index(std::string_view bytes, const IndexPlace& place);

}  // namespace dunnage::volume
