// SPDX-License-Identifier: Apache-2.0
#include "volume/index_log.hpp"

#include "model/volume_name.hpp"

#include <algorithm>
#include <cstring>
#include <ctime>
#include <type_traits>

namespace dunnage::volume {
namespace {

using launcher::VolumeLogRecord;

static_assert(std::has_unique_object_representations_v<ChangeTime>);

bool take_record(std::string_view text, std::string_view content, IndexLog& log) {
  std::uint32_t check = 0;
  std::memcpy(&check, content.data() + content.size(), sizeof check);
  if (check != static_cast<std::uint32_t>(launcher::check_sum(text.data(), VolumeLogRecord::kHead + content.size()))) {
    return false;
  }
  if (text.front() == VolumeLogRecord::kName && model::is_valid_volume_name(content)) {
    log.names.emplace_back(content);
    return true;
  }
  if (text.front() == VolumeLogRecord::kTime && content.size() == sizeof(ChangeTime)) {
    std::memcpy(&log.right_at.emplace_back(), content.data(), sizeof(ChangeTime));
    return true;
  }
  return false;
}

}  // namespace

ChangeTime ChangeTime::of(const struct stat& status) noexcept {
  return {status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ctim.tv_sec, status.st_ctim.tv_nsec};
}

bool ChangeTime::is_settled() const noexcept {
  constexpr std::int64_t kSecond = 1'000'000'000;
  constexpr std::int64_t kSomeTicks = kSecond / 50;
  constexpr std::int64_t kCoarse = 3 * kSecond;
  timespec now{};
  if (::clock_gettime(CLOCK_REALTIME_COARSE, &now) != 0) {
    return false;
  }
  const std::int64_t seconds = now.tv_sec - changed_seconds;
  if (seconds < 0 || seconds > kSecond) {
    return seconds > 0;
  }
  const std::int64_t passed = seconds * kSecond + now.tv_nsec - changed_nanoseconds;
  return passed > (changed_nanoseconds == 0 ? kCoarse : kSomeTicks);
}

VolumeLogRecord log_record(std::string_view name) noexcept {
  return launcher::volume_log_record(VolumeLogRecord::kName, name.data(), name.size());
}

VolumeLogRecord log_record(const ChangeTime& time) noexcept {
  static_assert(sizeof time <= launcher::kMostLoggedBytes);
  return launcher::volume_log_record(VolumeLogRecord::kTime, reinterpret_cast<const char*>(&time), sizeof time);
}

std::optional<IndexLog> read_log(std::string_view bytes) {
  IndexLog log;
  while (bytes.size() >= VolumeLogRecord::kHead) {
    const std::size_t length = static_cast<unsigned char>(bytes[1]);
    const std::size_t all = VolumeLogRecord::kHead + length + sizeof(std::uint32_t);
    if (bytes.size() < all) {
      break;
    }
    if (!take_record(bytes, bytes.substr(VolumeLogRecord::kHead, length), log)) {
      return std::nullopt;
    }
    bytes.remove_prefix(all);
  }
  std::sort(log.names.begin(), log.names.end());
  log.names.erase(std::unique(log.names.begin(), log.names.end()), log.names.end());
  return log;
}

}  // namespace dunnage::volume
