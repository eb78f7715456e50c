// SPDX-License-Identifier: Apache-2.0
#include "image/unpacking.hpp"

#include "image/failure.hpp"
#include "image/unpack/attributes.hpp"
#include "image/unpack/unpack.hpp"
#include "kernel/quiet_thread.hpp"
#include "support/catch.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <exception>
#include <fstream>
#include <iterator>

namespace dunnage::test {
namespace {

std::string read_file(const std::filesystem::path& path) {
  std::ifstream stream{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{stream}, std::istreambuf_iterator<char>{}};
}

std::string attributes_in(const std::filesystem::path& path) {
  std::string names(65536, '\0');
  const ssize_t size = ::llistxattr(path.c_str(), names.data(), names.size());
  std::vector<std::string> all;
  for (const char* name = names.data(); size > 0 && name < names.data() + size; name += std::strlen(name) + 1) {
    std::string value(65536, '\0');
    const ssize_t length = ::lgetxattr(path.c_str(), name, value.data(), value.size());
    all.push_back(fmt::format("{}={}", name, length < 0 ? "?" : value.substr(0, static_cast<std::size_t>(length))));
  }
  std::sort(all.begin(), all.end());
  return fmt::format("{}", fmt::join(all, ","));
}

std::string line_of(const std::filesystem::path& path, const std::string& name, bool changes) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return name + " cannot be seen";
  const bool directory = S_ISDIR(status.st_mode);
  const bool device = S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode);
  std::string text = fmt::format("{:06o} {}:{} {}.{:09} {} {}:{} {} {}", status.st_mode, status.st_uid, status.st_gid,
                                 status.st_mtim.tv_sec, status.st_mtim.tv_nsec, directory ? 0 : status.st_size,
                                 device ? major(status.st_rdev) : 0, device ? minor(status.st_rdev) : 0,
                                 directory ? 0 : status.st_nlink, name);
  if (S_ISLNK(status.st_mode)) text += " -> " + std::filesystem::read_symlink(path).native();
  text += " {" + attributes_in(path) + "}";
  if (S_ISREG(status.st_mode)) text += fmt::format(" {:016x}", std::hash<std::string>{}(read_file(path)));
  if (changes) text += fmt::format(" {}.{:09}", status.st_ctim.tv_sec, status.st_ctim.tv_nsec);
  return text;
}

}  // namespace

std::string listing(const std::filesystem::path& root, bool changes) {
  std::vector<std::string> lines{line_of(root, ".", changes)};
  std::error_code ignored;
  for (auto entry =
           std::filesystem::recursive_directory_iterator{
               root, std::filesystem::directory_options::skip_permission_denied, ignored};
       entry != std::filesystem::recursive_directory_iterator{}; entry.increment(ignored)) {
    lines.push_back(line_of(entry->path(), entry->path().lexically_relative(root).native(), changes));
  }
  std::sort(lines.begin(), lines.end(), [](const std::string& one, const std::string& other) { return one < other; });
  return fmt::format("{}\n", fmt::join(lines, "\n"));
}

Unpacking::Unpacking() {
  directory_.write("canary/f", "valuable");
  directory_.write("canary/d/f", "valuable too");
  directory_.write("dest-evil/s", "a neighbour");  // its name begins as the tree's does
  ::chmod((directory_.path() / "canary/f").c_str(), 0640);
  clear();
  before_ = surroundings();
}

Unpacking::~Unpacking() { CHECK(surroundings() == before_); }

std::string Unpacking::surroundings() const {
  return listing(directory_.path() / "canary", true) + listing(directory_.path() / "dest-evil", true);
}

void Unpacking::clear() {
  std::filesystem::remove_all(tree_);
  if (::mkdir(tree_.c_str(), 0700) != 0) throw std::system_error{errno, std::generic_category(), "mkdir"};
}

Unpacked Unpacking::unpack(std::string_view blob, const ImageLimits& limits, const std::string& media_type) {
  return unpack_file(directory_.write("blob", blob), limits, media_type);
}

Unpacked Unpacking::unpack_file(const std::filesystem::path& blob, const ImageLimits& limits,
                                const std::string& media_type, const std::vector<int>& lowers) {
  const kernel::FileDescriptor file{::open(blob.c_str(), O_RDONLY | O_CLOEXEC)};
  const kernel::FileDescriptor tree{::open(tree_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  Unpacked outcome;
  std::exception_ptr failure;
  image::LayerUnpacking layer{file.get(), media_type, tree.get(), identity_, limits, [](std::uint64_t) {}};
  kernel::start_quiet_thread([&] {
    try {
      layer.run();
    } catch (...) {
      failure = std::current_exception();
    }
  }).join();
  try {
    if (failure) std::rethrow_exception(failure);
    layer.settle(lowers, {});
    outcome.diff_id = layer.diff_id();
    outcome.losses = layer.losses();
  } catch (const image::Fault& fault) {
    outcome.code = make_error_code(fault.code());
    outcome.cause = fault.cause();
  } catch (const kernel::CallError& error) {
    outcome.code = error.code();
    outcome.cause = error.call();
  }
  return outcome;
}

struct stat Unpacking::status(std::string_view relative) const {
  struct stat found {};
  INFO(relative);
  REQUIRE(::lstat(path(relative).c_str(), &found) == 0);
  return found;
}

bool Unpacking::exists(std::string_view relative) const {
  struct stat found {};
  return ::lstat(path(relative).c_str(), &found) == 0;
}

std::string Unpacking::content(std::string_view relative) const { return read_file(path(relative)); }

std::string Unpacking::attribute(std::string_view relative, const std::string& name) const {
  std::string value(65536, '\0');
  const ssize_t size = ::lgetxattr(path(relative).c_str(), name.c_str(), value.data(), value.size());
  return size < 0 ? std::string{} : value.substr(0, static_cast<std::size_t>(size));
}

bool Unpacking::is_whiteout(std::string_view relative) const {
  return exists(relative) && S_ISCHR(status(relative).st_mode) && status(relative).st_rdev == 0;
}

bool Unpacking::is_opaque(std::string_view relative) const {
  return attribute(relative, identity_.rootless() ? "user.overlay.opaque" : "trusted.overlay.opaque") == "y";
}

std::uint32_t Unpacking::user(std::uint32_t inside) const {
  if (identity_.privilege == launcher::Privilege::Single) return ::geteuid();
  return identity_.rootless() ? image::outside_of(identity_.users, inside).value_or(0) : inside;
}

std::uint32_t Unpacking::group(std::uint32_t inside) const {
  if (identity_.privilege == launcher::Privilege::Single) return ::getegid();
  return identity_.rootless() ? image::outside_of(identity_.groups, inside).value_or(0) : inside;
}

}  // namespace dunnage::test
