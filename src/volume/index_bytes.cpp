// SPDX-License-Identifier: Apache-2.0
#include "volume/index_bytes.hpp"

#include "launcher/volume_log.hpp"
#include "model/volume_name.hpp"

#include <array>
#include <chrono>
#include <cstring>
#include <type_traits>
#include <utility>

namespace dunnage::volume {
namespace {

constexpr std::size_t kBootLength = 48;

struct IndexHead {
  std::array<char, 8> magic{'D', 'N', 'G', 'V', 'O', 'L', '\0', '\3'};  // the last is the version of the format
  std::uint64_t check_sum = 0;                                          // of all behind it
  std::uint64_t bytes = 0;                                              // of all of it
  std::uint64_t count = 0;
  std::uint64_t device = 0;
  std::uint64_t volumes = 0;
  std::uint64_t file = 0;
  std::array<char, kBootLength> boot{};
};
static_assert(std::is_trivially_copyable_v<IndexHead> && std::has_unique_object_representations_v<IndexHead>);

struct RecordHead {
  std::uint64_t inode = 0;
  std::int64_t created_at = 0;
  std::uint32_t labels = 0;
  std::uint32_t options = 0;
  std::uint32_t owner_length = 0;
  std::uint16_t name_length = 0;
  std::uint16_t flags = 0;  ///< as below
};
static_assert(std::is_trivially_copyable_v<RecordHead> && std::has_unique_object_representations_v<RecordHead>);

constexpr unsigned kIsAnonymous = 1U;
constexpr unsigned kIsProtected = 2U;
constexpr unsigned kHasLimit = 4U;
constexpr unsigned kAccessShift = 3;  ///< and the access mode above it
constexpr unsigned kMostAccess = static_cast<unsigned>(AccessMode::Exclusive);

std::uint16_t flags_of(const VolumeInfo& volume) noexcept {
  return static_cast<std::uint16_t>((volume.anonymous ? kIsAnonymous : 0U) | (volume.is_protected ? kIsProtected : 0U) |
                                    (volume.limit_way != LimitWay::None ? kHasLimit : 0U) |
                                    static_cast<unsigned>(volume.access) << kAccessShift);
}

/// Of a volume that has a limit, behind all else.
struct LimitTail {
  std::uint64_t size = 0;
  std::uint64_t inodes = 0;
  std::uint64_t way = 0;
};
static_assert(std::is_trivially_copyable_v<LimitTail> && std::has_unique_object_representations_v<LimitTail>);

std::uint64_t sum_of(std::string_view index) noexcept {
  index.remove_prefix(offsetof(IndexHead, bytes));
  return launcher::check_sum(index.data(), index.size());
}

template <typename Value>
void append(std::string& bytes, const Value& value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void append_text(std::string& bytes, std::string_view text) {
  append(bytes, static_cast<std::uint32_t>(text.size()));
  bytes.append(text);
}

/// Takes one thing after the other off the front; false once there was too little.
class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : rest_{bytes} {}

  template <typename Value>
  bool take(Value& value) noexcept {
    if (rest_.size() < sizeof value) {
      return false;
    }
    std::memcpy(&value, rest_.data(), sizeof value);
    rest_.remove_prefix(sizeof value);
    return true;
  }
  bool take(std::string_view& text, std::size_t length) noexcept {
    if (rest_.size() < length) {
      return false;
    }
    text = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return true;
  }
  bool take_text(std::string_view& text) noexcept {
    std::uint32_t length = 0;
    return take(length) && take(text, length);
  }
  bool take_pairs(IndexedPairs& pairs, std::uint32_t count) noexcept {
    const std::string_view before = rest_;
    std::string_view text;
    for (std::uint32_t pair = 0; pair < count; ++pair) {
      if (!take_text(text) || !take_text(text)) {
        return false;
      }
    }
    pairs = {.count = count, .bytes = before.substr(0, before.size() - rest_.size())};
    return true;
  }
  [[nodiscard]] bool at_end() const noexcept { return rest_.empty(); }

 private:
  std::string_view rest_;
};

bool take_volume(Cursor& cursor, IndexedVolume& volume) {
  RecordHead head;
  if (!cursor.take(head) || head.flags >> kAccessShift > kMostAccess || !cursor.take(volume.name, head.name_length) ||
      !cursor.take(volume.owner, head.owner_length) || !cursor.take_pairs(volume.labels, head.labels) ||
      !cursor.take_pairs(volume.options, head.options)) {
    return false;
  }
  volume.inode = head.inode;
  volume.created_at = head.created_at;
  volume.anonymous = (head.flags & kIsAnonymous) != 0;
  volume.is_protected = (head.flags & kIsProtected) != 0;
  volume.access = static_cast<AccessMode>(head.flags >> kAccessShift);
  if ((head.flags & kHasLimit) != 0) {
    LimitTail limit;
    if (!cursor.take(limit) || limit.way == 0 || limit.way > static_cast<std::uint64_t>(LimitWay::Memory)) {
      return false;
    }
    volume.limit = {limit.size, limit.inodes};
    volume.limit_way = static_cast<LimitWay>(limit.way);
  }
  return model::is_valid_volume_name(volume.name);
}

}  // namespace

std::optional<std::string_view> IndexedPairs::find(std::string_view key) const noexcept {
  Cursor cursor{bytes};
  std::string_view name;
  std::string_view value;
  while (cursor.take_text(name) && cursor.take_text(value)) {
    if (name == key) {
      return value;
    }
  }
  return std::nullopt;
}

void IndexedPairs::add_to(std::map<std::string, std::string>& map) const {
  Cursor cursor{bytes};
  std::string_view name;
  std::string_view value;
  while (cursor.take_text(name) && cursor.take_text(value)) {
    map.emplace_hint(map.end(), name, value);
  }
}

void IndexedVolume::write_to(VolumeInfo& info) const {
  info.name = name;
  info.created_at = std::chrono::system_clock::time_point{std::chrono::system_clock::duration{created_at}};
  labels.add_to(info.labels);
  options.add_to(info.driver_options);
  info.anonymous = anonymous;
  info.is_protected = is_protected;
  info.access = access;
  info.limit = limit;
  info.limit_way = limit_way;
  info.owner = owner;
}

IndexWriter::IndexWriter() : bytes_(sizeof(IndexHead), '\0') {}

void IndexWriter::add(std::uint64_t inode, const VolumeInfo& volume) {
  append(bytes_, RecordHead{.inode = inode,
                            .created_at = volume.created_at.time_since_epoch().count(),
                            .labels = static_cast<std::uint32_t>(volume.labels.size()),
                            .options = static_cast<std::uint32_t>(volume.driver_options.size()),
                            .owner_length = static_cast<std::uint32_t>(volume.owner.size()),
                            .name_length = static_cast<std::uint16_t>(volume.name.size()),
                            .flags = flags_of(volume)});
  bytes_ += volume.name;
  bytes_ += volume.owner;
  for (const auto* pairs : {&volume.labels, &volume.driver_options}) {
    for (const auto& [key, value] : *pairs) {
      append_text(bytes_, key);
      append_text(bytes_, value);
    }
  }
  if (volume.limit_way != LimitWay::None) {
    append(bytes_, LimitTail{volume.limit.size, volume.limit.inodes, static_cast<std::uint64_t>(volume.limit_way)});
  }
  ++count_;
}

std::optional<std::string> IndexWriter::finish(const IndexPlace& place) {
  IndexHead head;
  if (bytes_.size() > kMaxIndexBytes || place.boot.size() > kBootLength) {
    return std::nullopt;
  }
  head.bytes = bytes_.size();
  head.count = count_;
  head.device = place.device;
  head.volumes = place.volumes;
  head.file = place.file;
  place.boot.copy(head.boot.data(), kBootLength);
  std::memcpy(bytes_.data(), &head, sizeof head);
  head.check_sum = sum_of(bytes_);
  std::memcpy(bytes_.data(), &head, sizeof head);
  return std::move(bytes_);
}

namespace {

bool take_head(std::string_view bytes, Cursor& cursor, IndexHead& head) {
  return bytes.size() <= kMaxIndexBytes && cursor.take(head) && head.magic == IndexHead{}.magic &&
         head.bytes == bytes.size() && head.check_sum == sum_of(bytes);
}

IndexPlace place_of(const IndexHead& head) {
  const std::string_view boot{head.boot.data(), kBootLength};
  return {std::string{boot.substr(0, boot.find('\0'))}, head.device, head.volumes, head.file};
}

}  // namespace

std::optional<IndexPlace> read_index_place(std::string_view bytes) {
  IndexHead head;
  Cursor cursor{bytes};
  return take_head(bytes, cursor, head) ? std::optional{place_of(head)} : std::nullopt;
}

std::optional<std::vector<IndexedVolume>> read_index(std::string_view bytes, const IndexPlace& place) {
  IndexHead head;
  Cursor cursor{bytes};
  if (!take_head(bytes, cursor, head) || place_of(head) != place || place.boot.empty() ||
      head.count > bytes.size() / sizeof(RecordHead)) {
    return std::nullopt;
  }
  std::vector<IndexedVolume> volumes(head.count);
  std::string_view before;
  for (IndexedVolume& volume : volumes) {
    if (!take_volume(cursor, volume) || volume.name <= before) {
      return std::nullopt;
    }
    before = volume.name;
  }
  return cursor.at_end() ? std::optional{std::move(volumes)} : std::nullopt;
}

}  // namespace dunnage::volume
