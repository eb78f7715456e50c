// SPDX-License-Identifier: Apache-2.0
#include "volume/users.hpp"

#include "kernel/call_error.hpp"
#include "kernel/file_descriptor.hpp"
#include "kernel/files.hpp"
#include "kernel/lock.hpp"
#include "kernel/open_beneath.hpp"
#include "volume/directory.hpp"
#include "volume/layout.hpp"
#include "volume/living_record.hpp"

#include <nlohmann/json.hpp>

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <string_view>
#include <thread>
#include <tuple>
#include <utility>

namespace dunnage::volume {
User decode_user(std::string_view text, const std::string& file) {
  User user{.id = file.substr(0, file.find('.')), .name = {}};
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (json.is_object()) {
    const auto id = json.find("id");
    const auto name = json.find("name");
    const auto pid = json.find("pid");
    const auto claim = json.find("claim");
    user.id = id != json.end() && id->is_string() ? id->get<std::string>() : user.id;
    user.name = name != json.end() && name->is_string() ? name->get<std::string>() : user.name;
    user.pid = pid != json.end() && pid->is_number_integer() ? pid->get<int>() : 0;
    if (claim != json.end() && claim->is_string()) {
      user.claim = claim_named(claim->get<std::string>()).value_or(Claim::Write);
    }
  }
  if (user.name.empty()) {
    user.name = user.id;
  }
  return user;
}

std::string encode_user(const User& user) {
  const nlohmann::ordered_json json{
      {"id", user.id}, {"name", user.name}, {"pid", user.pid}, {"claim", to_string(user.claim)}};
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

std::vector<User> living_users(int volume_fd) {
  const auto directory = kernel::open_beneath(volume_fd, kUsersName, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  std::vector<User> users;
  if (!directory) {
    if (errno == ENOENT) {
      return users;
    }
    throw kernel::CallError{"open directory", errno};
  }
  for (const std::string& file : kernel::names_in(directory.get())) {
    if (const auto text = read_living_record(directory.get(), file, {volume_fd, kLastUserName})) {
      users.push_back(decode_user(*text, file));
    }
  }
  std::sort(users.begin(), users.end(), [](const User& a, const User& b) {  // of one container's claims the strongest
    return std::tie(a.name, a.id, b.claim) < std::tie(b.name, b.id, a.claim);
  });
  const auto same = [](const User& a, const User& b) { return a.id == b.id; };
  users.erase(std::unique(users.begin(), users.end(), same), users.end());
  return users;
}

std::vector<std::string> names_of(const std::vector<User>& users) {
  std::vector<std::string> names;
  names.reserve(users.size());
  for (const User& user : users) {
    names.push_back(user.name);
  }
  return names;
}

kernel::FileDescriptor lock_alone(int volume_fd) {
  kernel::FileDescriptor lock = open_lock(volume_fd);
  const auto deadline = std::chrono::steady_clock::now() + kPatienceWithOthers;
  while (lock && !kernel::try_lock(lock.get(), kernel::LockKind::Exclusive)) {
    if (std::chrono::steady_clock::now() > deadline || !living_users(volume_fd).empty()) {
      return {};
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
  return lock;
}

bool is_in_use(int volume_fd) {
  const auto lock = kernel::open_beneath(volume_fd, kLockName, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
  if (!lock) {
    if (errno == ENOENT) {
      return false;
    }
    throw kernel::CallError{"open lock", errno};
  }
  return kernel::is_locked_by_another(lock.get(), kernel::LockKind::Exclusive);
}

}  // namespace dunnage::volume
