// SPDX-License-Identifier: Apache-2.0
#include "volume/metadata.hpp"

#include "model/words.hpp"
#include "volume/metadata_format.hpp"
#include "volume/timestamp.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdint>
#include <map>
#include <utility>

namespace dunnage::volume {
namespace {

/// Reads the very text that encode_metadata() writes, unless a string in it is more than plain ASCII. That is nearly
/// every record, and a listing reads thousands: this takes a fifth of the time that the reader of any JSON takes.
class PlainReader {
 public:
  PlainReader(std::string_view text, VolumeInfo& volume) : rest_{text}, volume_{volume} {}

  /// \return false if the text is anything else; the volume's members are unspecified then
  bool read() {
    std::string time;
    if (!literal("\"version\":1,\"name\":") || !string(volume_.name) || !literal(",\"created_at\":") || !string(time) ||
        !literal(",\"labels\":{") || !labels() || !literal("},\"anonymous\":") || !anonymous() ||
        !literal(",\"owner\":") || !string(volume_.owner) || rest_ != "}\n") {
      return false;
    }
    const auto created_at = parse_time(time);
    volume_.created_at = created_at.value_or(TimePoint{});
    return created_at.has_value();
  }

 private:
  bool literal(std::string_view expected) {
    if (rest_.substr(0, expected.size()) != expected) {
      return false;
    }
    rest_.remove_prefix(expected.size());
    return true;
  }

  /// What means itself in any JSON, and needs no look at what is beside it.
  static bool is_plain(char byte) noexcept { return byte >= ' ' && byte <= '~' && byte != '\\'; }

  bool string(std::string& value) {
    const std::size_t end = rest_.find('"', 1);
    if (rest_.empty() || rest_.front() != '"' || end == std::string_view::npos) {
      return false;
    }
    value.assign(rest_, 1, end - 1);
    rest_.remove_prefix(end + 1);
    return std::ranges::all_of(value, is_plain);
  }

  bool labels() {
    std::string key;
    std::string value;
    while (!rest_.empty() && rest_.front() != '}') {
      if ((!volume_.labels.empty() && !literal(",")) || !string(key) || !literal(":") || !string(value)) {
        return false;
      }
      volume_.labels.insert_or_assign(volume_.labels.end(), std::move(key), std::move(value));
    }
    return true;
  }

  bool anonymous() {
    volume_.anonymous = literal("true");
    return volume_.anonymous || literal("false");
  }

  std::string_view rest_;
  VolumeInfo& volume_;
};

/// Reads any JSON, member by member. Members of the same version it does not know are passed over.
class Reader {
 public:
  explicit Reader(VolumeInfo& volume) : volume_{volume} {}

  [[nodiscard]] bool complete() const noexcept { return seen_ == kAll; }
  [[nodiscard]] std::int64_t version() const noexcept { return version_; }
  /// Words that only a newer version knows: the volume must not be mounted by less strict rules than it has.
  [[nodiscard]] const std::string& unknown_access() const noexcept { return unknown_access_; }
  [[nodiscard]] const std::string& unknown_limit() const noexcept { return unknown_limit_; }

  bool null() { return is_other(); }
  bool boolean(bool value) {
    if (depth_ == 1 && key_ == "anonymous") {
      volume_.anonymous = value;
      seen_ |= kAnonymous;
      return true;
    }
    if (depth_ == 1 && key_ == kProtected) {
      volume_.is_protected = value;
      return true;
    }
    return is_other();
  }
  bool number_integer(std::int64_t value) { return number(value); }
  bool number_unsigned(std::uint64_t value) { return number(static_cast<std::int64_t>(value)); }
  bool number_float(double, const std::string&) { return is_other(); }
  bool string(std::string& value) {
    if (depth_ == 2 && in_labels_) {
      map_->insert_or_assign(std::move(key_), std::move(value));
      return true;
    }
    if (depth_ == 2 && in_limit_ && key_ == "way") {
      const auto way = model::limit_way_named(value);
      volume_.limit_way = way.value_or(LimitWay::None);
      unknown_limit_ = way ? std::string{} : std::move(value);
      return true;
    }
    if (depth_ != 1) {
      return is_other();
    }
    if (key_ == "name") {
      volume_.name = std::move(value);
      seen_ |= kName;
    } else if (key_ == "owner") {
      volume_.owner = std::move(value);
      seen_ |= kOwner;
    } else if (key_ == "created_at") {
      const auto time = parse_time(value);
      volume_.created_at = time.value_or(TimePoint{});
      seen_ |= time ? kCreatedAt : 0U;
    } else if (key_ == kAccess) {
      const auto mode = model::access_mode_named(value);
      volume_.access = mode.value_or(AccessMode::Exclusive);
      unknown_access_ = mode ? std::string{} : std::move(value);
    } else {
      return is_other();
    }
    return true;
  }
  bool binary(nlohmann::json::binary_t&) { return false; }
  bool start_object(std::size_t) {
    if (depth_ == 1 && key_ == "labels") {
      in_labels_ = true;
      map_ = &volume_.labels;
      seen_ |= kLabels;
    } else if (depth_ == 1 && key_ == "options") {
      in_labels_ = true;
      map_ = &volume_.driver_options;
    } else if (depth_ == 1) {
      in_limit_ = key_ == kLimit;
    }
    ++depth_;
    return !in_labels_ || depth_ <= 2;
  }
  bool key(std::string& value) {
    key_ = std::move(value);
    return true;
  }
  bool end_object() {
    --depth_;
    in_labels_ = in_labels_ && depth_ >= 2;
    in_limit_ = in_limit_ && depth_ >= 2;
    return true;
  }
  bool start_array(std::size_t) {
    ++depth_;
    return is_other();
  }
  bool end_array() {
    --depth_;
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) { return false; }

 private:
  static constexpr unsigned kVersionSeen = 1U;
  static constexpr unsigned kName = 2U;
  static constexpr unsigned kCreatedAt = 4U;
  static constexpr unsigned kLabels = 8U;
  static constexpr unsigned kAnonymous = 16U;
  static constexpr unsigned kOwner = 32U;
  static constexpr unsigned kAll = 63U;

  bool number(std::int64_t value) {
    if (depth_ == 1 && key_ == "version") {
      version_ = value;
      seen_ |= kVersionSeen;
      return true;
    }
    if (depth_ == 2 && in_limit_ && (key_ == "size" || key_ == "inodes")) {
      (key_ == "size" ? volume_.limit.size : volume_.limit.inodes) = static_cast<std::uint64_t>(value);
      return true;
    }
    return is_other();
  }

  /// A value of a kind that no member we know has; right anywhere but in the labels.
  [[nodiscard]] bool is_other() const noexcept { return !in_labels_; }

  VolumeInfo& volume_;
  std::string key_;
  std::int64_t version_ = 0;
  std::size_t depth_ = 0;
  unsigned seen_ = 0;
  std::string unknown_access_;
  std::string unknown_limit_;
  bool in_limit_ = false;
  bool in_labels_ = false;  ///< or in the options, which are of the same form
  std::map<std::string, std::string>* map_ = nullptr;
};

std::optional<std::string> read_any(std::string_view text, VolumeInfo& volume) {
  volume.labels.clear();
  volume.driver_options.clear();
  volume.is_protected = false;
  volume.access = AccessMode::Shared;
  volume.limit = {};
  volume.limit_way = LimitWay::None;
  Reader reader{volume};
  if (!nlohmann::json::sax_parse(text.begin(), text.end(), &reader)) {
    return "it is not a record of a volume";
  }
  if (reader.version() > kVersion) {
    return fmt::format("it has format {}, this library reads {}", reader.version(), kVersion);
  }
  if (!reader.complete()) {
    return "members are missing";
  }
  if (!reader.unknown_access().empty()) {
    return fmt::format("it has access mode \"{}\", which this library does not know", reader.unknown_access());
  }
  if (!reader.unknown_limit().empty()) {
    return fmt::format("its limit is held by \"{}\", which this library does not know", reader.unknown_limit());
  }
  return std::nullopt;
}

}  // namespace

std::string_view without_checksum(std::string_view text) { return text.substr(kFirstLine); }

std::optional<std::string> checksum_fault(std::string_view text) {
  if (text.size() <= kFirstLine || text.substr(0, kHead.size()) != kHead ||
      text.substr(kHead.size() + kDigits, kTail.size()) != kTail) {
    return "it does not begin with a checksum";
  }
  if (text.substr(kHead.size(), kDigits) != checksum(text.substr(kFirstLine))) {
    return "its checksum is wrong";
  }
  return std::nullopt;
}

bool is_newer_metadata(std::string_view text) {
  VolumeInfo volume;
  Reader reader{volume};
  // what a newer format means by its members is unknown: its version is all that is asked for
  return !checksum_fault(text) &&
         (nlohmann::json::sax_parse(text.begin(), text.end(), &reader) || reader.version() > kVersion) &&
         (reader.version() > kVersion ||
          (reader.complete() && (!reader.unknown_access().empty() || !reader.unknown_limit().empty())));
}

bool says_protected(std::string_view text, std::string_view name) {
  VolumeInfo volume;
  const auto damage = decode_metadata(text, name, volume);
  // of what is damaged, rather too much is kept than too little
  return damage ? text.find("\"protected\":true") != std::string_view::npos : volume.is_protected;
}

std::optional<std::string> decode_metadata(std::string_view text, std::string_view name, VolumeInfo& volume) {
  if (auto damage = checksum_fault(text)) {
    return damage;
  }
  volume.labels.clear();
  volume.driver_options.clear();
  volume.is_protected = false;
  volume.access = AccessMode::Shared;
  volume.limit = {};
  volume.limit_way = LimitWay::None;
  if (!PlainReader{text.substr(kFirstLine), volume}.read()) {
    if (auto damage = read_any(text, volume)) {
      return damage;
    }
  }
  if (volume.name != name) {
    return fmt::format("it belongs to volume \"{}\"", volume.name);
  }
  return std::nullopt;
}

}  // namespace dunnage::volume
