// SPDX-License-Identifier: Apache-2.0
#include "volume/trash.hpp"

#include <dunnage/error.hpp>

#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "kernel/open_beneath.hpp"
#include "kernel/random_hex.hpp"
#include "kernel/remove_tree.hpp"
#include "launcher/connection.hpp"

#include <fcntl.h>

#include <cerrno>
#include <chrono>
#include <new>
#include <string_view>
#include <system_error>

namespace dunnage::volume {
namespace {

constexpr std::string_view kKept = ".kept";
constexpr std::size_t kTrashIdDigits = 32;

bool is_kept(std::string_view name) {
  return name.size() > kKept.size() && name.substr(name.size() - kKept.size()) == kKept;
}

}  // namespace

std::optional<std::string> move_to_trash(int directory, const std::string& name, int trash_fd) {
  std::string id = kernel::random_hex(kTrashIdDigits);
  const int number = kernel::rename_exclusively(directory, name, trash_fd, id);
  if (number == ENOENT) {
    return std::nullopt;
  }
  if (number != 0) {
    throw kernel::CallError{"rename", number};
  }
  return id;
}

void delete_from_trash(int trash_fd, const std::string& name) {
  try {
    const std::error_code error = kernel::remove_tree(trash_fd, name);
    if ((error == std::errc::permission_denied || error == std::errc::operation_not_permitted) && !is_kept(name)) {
      // So that every later sweep need not walk through all of it in vain. Gone: another sweeper had the rights.
      (void)kernel::rename_exclusively(trash_fd, name, trash_fd, name + std::string{kKept});
    }
  } catch (const std::bad_alloc&) {  // it is thrown away, whatever of it is there; a later sweep deletes the rest
  }
}

bool throw_away(int directory, const std::string& name, int trash_fd) {
  const auto trashed = move_to_trash(directory, name, trash_fd);
  if (trashed) {
    try {
      kernel::sync(directory);
    } catch (...) {
      (void)kernel::rename_exclusively(trash_fd, *trashed, directory, name);  // if not, the caller knows of the failure
      throw;
    }
    delete_from_trash(trash_fd, *trashed);
  }
  return trashed.has_value();
}

std::size_t sweep_trash(int root_fd, const RemoveTree& fallback) {
  const kernel::FileDescriptor trash = kernel::open_beneath(root_fd, "trash", O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!trash) {
    throw kernel::CallError{"open directory", errno};
  }
  std::size_t left = 0;
  for (const std::string& name : kernel::names_in(trash.get())) {
    std::string now = name;
    if (!is_kept(name)) {
      delete_from_trash(trash.get(), name);
      now += kKept;
    }
    if (fallback && kernel::exists_at(trash.get(), now)) {
      fallback(trash.get(), now);
    }
    left += kernel::exists_at(trash.get(), now) || kernel::exists_at(trash.get(), name) ? 1 : 0;
  }
  return left;
}

void sweep_trash_of_ids(int root_fd, const launcher::Identity& identity) {
  constexpr auto kPatience = std::chrono::seconds{60};
  if (identity.privilege != launcher::Privilege::Range) {
    return;
  }
  try {
    (void)sweep_trash(root_fd, [&](int trash, const std::string& name) {
      (void)launcher::Connection::get(identity)->remove_tree(trash, name, std::chrono::steady_clock::now() + kPatience);
    });
  } catch (const Error&) {  // no launcher; whoever needs one hears why
  } catch (const kernel::CallError&) {
  }
}

}  // namespace dunnage::volume
