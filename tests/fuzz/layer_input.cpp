// SPDX-License-Identifier: Apache-2.0
#include "fuzz/layer_input.hpp"

#include <dunnage/image_store.hpp>

#include "image/failure.hpp"
#include "image/unpack/unpack.hpp"
#include "kernel/call_error.hpp"
#include "kernel/file_descriptor.hpp"
#include "kernel/files.hpp"
#include "kernel/quiet_thread.hpp"
#include "kernel/remove_tree.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace dunnage::test {
namespace {

[[noreturn]] void die(const char* what) {
  (void)std::fprintf(stderr, "%s\n", what);
  std::abort();
}

void require(bool good, const char* what) {
  if (!good) die(what);
}

/// All that can be seen of what lies beside the tree.
std::string surroundings(int directory) {
  std::string text;
  for (const char* name : {"canary", "canary/f", "canary/d"}) {
    struct stat status {};
    require(::fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0, "the canary is gone");
    text += std::to_string(status.st_mode) + ":" + std::to_string(status.st_uid) + ":" +
            std::to_string(status.st_size) + ":" + std::to_string(status.st_nlink) + ":" +
            std::to_string(status.st_ctim.tv_sec) + "." + std::to_string(status.st_ctim.tv_nsec) + "\n";
  }
  return text + std::to_string(kernel::names_in(directory).size());
}

void make_canary(int directory) {
  if (kernel::exists_at(directory, "canary")) return;
  require(::mkdirat(directory, "canary", 0755) == 0 && ::mkdirat(directory, "canary/d", 0755) == 0, "mkdir");
  const kernel::FileDescriptor file{::openat(directory, "canary/f", O_WRONLY | O_CREAT | O_CLOEXEC, 0644)};
  require(file && ::write(file.get(), "valuable", 8) == 8, "write");
}

kernel::FileDescriptor blob_of(std::string_view bytes) {
  kernel::FileDescriptor blob{::memfd_create("layer", MFD_CLOEXEC)};
  require(blob && ::write(blob.get(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()), "write");
  return blob;
}

bool is_expected(const kernel::CallError& error) {
  const int number = error.code().value();
  return number == EPERM || number == ENOSPC || number == EEXIST || number == EOPNOTSUPP;  // an attribute too large
}

void unpack(int blob, int tree) {
  static const launcher::Identity identity = [] {
    launcher::Identity own = launcher::identity_for(0, 0);
    if (own.rootless()) own = {launcher::Privilege::Single, {{0, ::geteuid(), 1}}, {{0, ::getegid(), 1}}};
    return own;
  }();
  const ImageLimits limits{.bytes = 32U << 20U, .file_bytes = 32U << 20U, .entries = 2000, .ratio = 1'000'000};
  try {
    image::LayerUnpacking layer{blob, {}, tree, identity, limits, [](std::uint64_t) {}};
    layer.run();
    layer.settle({}, {});
    require(layer.diff_id().size() == 71, "no digest");
  } catch (const image::Fault& fault) {
    require(fault.code() == errc::image_invalid || fault.code() == errc::limit_exceeded ||
                fault.code() == errc::not_supported,
            fault.what());
  } catch (const kernel::CallError& error) {
    require(is_expected(error), error.what());
  }
}

}  // namespace

void unpack_layer_input(const char* directory, std::string_view bytes) {
  const kernel::FileDescriptor place{::open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  require(static_cast<bool>(place), "open directory");
  make_canary(place.get());
  require(::mkdirat(place.get(), "tree", 0700) == 0, "mkdir");
  const std::string before = surroundings(place.get());
  {
    const kernel::FileDescriptor tree{::openat(place.get(), "tree", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    const kernel::FileDescriptor blob = blob_of(bytes);
    kernel::start_quiet_thread([&] { unpack(blob.get(), tree.get()); }).join();
    struct stat status {};
    require(::fstat(tree.get(), &status) == 0 && S_ISDIR(status.st_mode), "the root is no directory");
  }
  require(surroundings(place.get()) == before, "what lies beside the tree has changed");
  require(!kernel::remove_tree(place.get(), "tree"), "the tree cannot be removed");
}

}  // namespace dunnage::test
