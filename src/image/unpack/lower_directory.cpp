// SPDX-License-Identifier: Apache-2.0
#include "image/unpack/lower_directory.hpp"

#include "error/printable.hpp"
#include "image/failure.hpp"
#include "image/unpack/directory_list.hpp"
#include "kernel/call_error.hpp"
#include "kernel/open_beneath.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <string_view>

namespace dunnage::image {
namespace {

enum class Sight { Found, Through, Hidden };

kernel::FileDescriptor open_below(int tree, const std::string& name) {
  auto directory = kernel::open_beneath(tree, name.empty() ? "." : name.c_str(), O_RDONLY | O_DIRECTORY);
  if (!directory && errno == EACCES) {  // it belongs to another id, and nobody but that one may look
    throw Fault{
        errc::not_supported,
        fmt::format("it has no entry for the directory \"{}\", and this user cannot see what that is like in the "
                    "layers below",
                    error::printable(name)),
        "make the layer with entries for all its directories, or unpack it as root"};
  }
  if (!directory && errno != ENOENT && errno != ENOTDIR && errno != ELOOP) {
    throw kernel::CallError{"open directory", errno};
  }
  return directory;
}

/// Goes down `name` in one layer. \param found  the directory, if it is there
Sight look(int tree, const std::string& name, const launcher::Identity& identity, kernel::FileDescriptor& found) {
  bool opaque = false;
  for (std::size_t end = 0; end < name.size();) {
    end = std::min(name.find('/', end + 1), name.size());
    auto directory = open_below(tree, name.substr(0, end));
    if (!directory) {
      // Something else of that name hides all below; nothing of that name hides nothing.
      return errno == ENOENT && !opaque ? Sight::Through : Sight::Hidden;
    }
    opaque = opaque || is_opaque(directory.get(), identity);
    if (end == name.size()) {
      found = std::move(directory);
    }
  }
  if (name.empty()) {
    found = open_below(tree, name);
    opaque = found && is_opaque(found.get(), identity);
  }
  return opaque ? Sight::Hidden : Sight::Found;
}

}  // namespace

kernel::FileDescriptor find_lower_directory(int tree, std::span<const int> lowers, const std::string& name,
                                            const launcher::Identity& identity) {
  kernel::FileDescriptor found;
  if (look(tree, name, identity, found) == Sight::Hidden) {
    return {};
  }
  for (const int lower : lowers) {
    kernel::FileDescriptor directory;
    const Sight sight = look(lower, name, identity, directory);
    if (directory || sight == Sight::Hidden) {
      return directory;
    }
  }
  return {};
}

}  // namespace dunnage::image
