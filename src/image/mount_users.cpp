// SPDX-License-Identifier: Apache-2.0
#include "image/mount_users.hpp"

#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "kernel/lock.hpp"
#include "kernel/open_beneath.hpp"
#include "model/volume_name.hpp"
#include "volume/living_record.hpp"

#include <nlohmann/json.hpp>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <utility>

namespace dunnage::image {
namespace {

constexpr const char* kDirectory = "mounts";

kernel::FileDescriptor open_directory(const Layout& layout) {
  auto directory = kernel::open_beneath(layout.images.get(), kDirectory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!directory && errno != ENOENT) {
    throw kernel::CallError{"open directory", errno};
  }
  return directory;
}

kernel::FileDescriptor make_directory(const Layout& layout) {
  auto directory = open_directory(layout);
  if (!directory) {
    (void)kernel::make_directory(layout.images.get(), kDirectory, S_IRWXU);  // false: another one was faster
    directory = open_directory(layout);
  }
  if (!directory) {
    throw kernel::CallError{"open directory", ENOENT};
  }
  return directory;
}

std::string encode(const MountUser& user) {
  const nlohmann::ordered_json json{{"image", user.image_id}, {"container", user.container_name}};
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

/// A file that is being written says nothing yet: its writer has not looked for the image yet either.
MountUser decode(std::string_view text, const std::string& file) {
  MountUser user{.container_id = file.substr(0, file.find('.')), .container_name = {}, .image_id = {}};
  const auto json = nlohmann::json::parse(text, nullptr, false);
  const auto member = [&](const char* name) {
    const bool there = json.is_object() && json.contains(name) && json[name].is_string();
    return there ? json[name].get<std::string>() : std::string{};
  };
  user.image_id = member("image");
  user.container_name = member("container");
  if (user.container_name.empty()) {
    user.container_name = user.container_id;
  }
  return user;
}

std::vector<MountUser> living_users(int directory) {
  std::vector<MountUser> users;
  for (const std::string& file : kernel::names_in(directory)) {
    if (const auto text = volume::read_living_record(directory, file)) {
      users.push_back(decode(*text, file));
    }
  }
  return users;
}

}  // namespace

kernel::FileDescriptor add_mount_user(const Layout& layout, const MountUser& user) {
  if (!model::is_valid_volume_name(user.container_id)) {  // the rule of names is the rule of ids
    throw kernel::CallError{"name the user of an image", EINVAL};
  }
  const kernel::FileDescriptor directory = make_directory(layout);
  (void)living_users(directory.get());  // so that what is left behind does not become more and more
  constexpr int kMostMounts = 4096;
  for (int number = 0; number < kMostMounts; ++number) {
    const std::string file = fmt::format("{}.{}", user.container_id, number);
    auto lock = kernel::create_file(directory.get(), file, S_IRUSR | S_IWUSR);
    if (!lock || !kernel::try_lock(lock.get(), kernel::LockKind::Exclusive) ||
        !kernel::is_at(directory.get(), file, lock.get())) {
      continue;  // another mount has the name, or it was swept before it was locked
    }
    kernel::write_all(lock.get(), encode(user));
    return lock;
  }
  throw kernel::CallError{"name the user of an image", EMFILE};
}

std::vector<volume::LockedFile> locks_of_mount_user(const Layout& layout, std::string_view container_id,
                                                    std::string_view image_id) {
  std::vector<volume::LockedFile> files;
  const kernel::FileDescriptor directory = open_directory(layout);
  if (!directory) {
    return files;
  }
  for (const std::string& name : kernel::names_in(directory.get())) {
    const auto text = volume::read_living_record(directory.get(), name);
    const MountUser user = decode(text.value_or(""), name);
    if (!text || user.container_id != container_id || user.image_id != image_id) {
      continue;
    }
    volume::add_locked_file(directory.get(), name, files);
  }
  return files;
}

std::vector<std::string> mount_users_of(const Layout& layout, std::string_view image_id) {
  std::vector<std::string> names;
  const kernel::FileDescriptor directory = open_directory(layout);
  if (!directory) {
    return names;
  }
  for (MountUser& user : living_users(directory.get())) {
    if (user.image_id == image_id) {
      names.push_back(std::move(user.container_name));
    }
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

}  // namespace dunnage::image
