// SPDX-License-Identifier: Apache-2.0
#include "volume/usage_history.hpp"

#include "kernel/files.hpp"
#include "volume/directory.hpp"
#include "volume/failure.hpp"
#include "volume/layout.hpp"
#include "volume/timestamp.hpp"
#include "volume/users.hpp"
#include "volume/volume_store_access.hpp"

#include <nlohmann/json.hpp>

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstddef>
#include <string>

namespace dunnage::volume {

std::optional<TimePoint> last_use(int directory) {
  struct stat status {};
  if (!kernel::exists_at(directory, kUsersName) || ::fstatat(directory, kLockName, &status, AT_SYMLINK_NOFOLLOW) != 0) {
    return std::nullopt;
  }
  return TimePoint{std::chrono::duration_cast<TimePoint::duration>(std::chrono::seconds{status.st_mtim.tv_sec} +
                                                                   std::chrono::nanoseconds{status.st_mtim.tv_nsec})};
}

UsageHistory usage_history(int directory) {
  constexpr std::size_t kMostBytes = 4096;
  UsageHistory history;
  history.users = names_of(living_users(directory));
  history.last_used = last_use(directory);
  std::string buffer;
  const auto [text, number] = kernel::read_small_file(directory, kLastUserName, buffer, kMostBytes);
  if (number == 0) {
    history.last_user = decode_user(text, {}).name;
  }
  return history;
}

}  // namespace dunnage::volume

namespace dunnage {

UsageHistory VolumeStore::usage_history(const std::string& name) const {
  constexpr const char* kShowUsage = "show usage of volume";
  return volume::explained(kShowUsage, name, [&] {
    const auto directory = volume::require_volume_directory(state_->layout, kShowUsage, name);
    return volume::usage_history(directory.get());
  });
}

std::string to_json(const UsageHistory& history) {
  nlohmann::ordered_json json{{"LastUsed", nullptr}, {"LastUser", history.last_user}, {"Users", history.users}};
  if (history.last_used) {
    json["LastUsed"] = volume::format_time(*history.last_used, volume::Precision::Seconds);
  }
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace dunnage
