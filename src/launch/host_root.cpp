// SPDX-License-Identifier: Apache-2.0
// Rootfs::host(): the machine's /usr, and a little of our own around it.

#include <dunnage/error.hpp>

#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "launch/root.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>
#include <boost/filesystem/operations.hpp>

#include <array>
#include <cerrno>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dunnage::launch {
namespace {

constexpr std::uint64_t kRootSize = std::uint64_t{256} << 20U;
constexpr std::size_t kMostBytes = std::size_t{1} << 20U;

struct Directory {
  const char* path;
  mode_t mode;
};

constexpr std::array kDirectories{
    Directory{"etc", 0755},     Directory{"proc", 0555},      Directory{"sys", 0555},
    Directory{"dev", 0755},     Directory{"tmp", 01777},      Directory{"run", 0755},
    Directory{"root", 0700},    Directory{"home", 0755},      Directory{"mnt", 0755},
    Directory{"opt", 0755},     Directory{"srv", 0755},       Directory{"usr", 0755},
    Directory{"var", 0755},     Directory{"var/tmp", 01777},  Directory{"var/lib", 0755},
    Directory{"var/log", 0755}, Directory{"var/cache", 0755}, Directory{"etc/alternatives", 0755}};

/// Built into a detached tmpfs, by its descriptor.
class Builder {
 public:
  explicit Builder(int root) : root_{root} {}

  void directory(const char* path, mode_t mode) const {
    // the library never touches the process's umask, so the mode is set afterwards
    const kernel::FileDescriptor made{::mkdirat(root_, path, mode) == 0
                                          ? ::openat(root_, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
                                          : -1};
    if (!made || ::fchmod(made.get(), mode) != 0) {
      throw kernel::CallError{"mkdir", errno};
    }
  }
  void link(const std::string& target, const char* path) const {
    if (::symlinkat(target.c_str(), root_, path) != 0) {
      throw kernel::CallError{"symlink", errno};
    }
  }
  void file(const char* path, std::string_view content) const {
    constexpr mode_t kMode = 0644;
    const kernel::FileDescriptor made{::openat(root_, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kMode)};
    if (!made || ::fchmod(made.get(), kMode) != 0) {
      throw kernel::CallError{"create", errno};
    }
    kernel::write_all(made.get(), content);
  }

 private:
  int root_;
};

bool valid_field(const char* text) {
  return text != nullptr && std::string_view{text}.find_first_of(":\n") == std::string_view::npos;
}

/// Directories beside /usr that hold programs and libraries: links on a merged system, directories on others.
void add_programs(const Builder& builder, prepare::MountSource& source, Root& root, bool with_parts) {
  launcher::DetachRequest request;
  request.recursive = 1;
  request.attributes = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV;
  request.attributes_recursive = 1;
  request.propagation = launcher::kPrivate;
  request.propagation_recursive = 1;
  const auto take = [&](const std::string& name) {
    if (!with_parts) {
      return;
    }
    const launcher::DetachResult result = source.bind(request, {.path = ("/" + name).c_str()});
    if (result.failure.error != 0) {
      throw root_error("host", "open_tree /" + name, result.failure.error,
                       "see dunnage::support() for what this machine allows");
    }
    root.parts.push_back({"/" + name, request.is_file != 0, kernel::FileDescriptor{result.fd}});
  };
  take("usr");
  for (const char* name : {"bin", "sbin", "lib", "lib32", "lib64", "libx32"}) {
    boost::system::error_code failure;
    const std::string path = std::string{"/"} + name;
    const auto type = boost::filesystem::symlink_status(path, failure).type();
    if (type == boost::filesystem::symlink_file) {
      builder.link(boost::filesystem::read_symlink(path).string(), name);
    } else if (type == boost::filesystem::directory_file) {
      builder.directory(name, 0755);
      take(name);
    }
  }
  boost::system::error_code failure;
  if (boost::filesystem::is_directory("/etc/alternatives", failure)) {
    take("etc/alternatives");
  }
  if (boost::filesystem::is_regular_file("/etc/ld.so.cache", failure)) {
    request.is_file = 1;
    take("etc/ld.so.cache");
  }
}

void add_configuration(const Builder& builder, const Accounts& accounts, const std::string& hostname, Network network) {
  builder.file("etc/passwd", accounts.passwd);
  builder.file("etc/group", accounts.group);
  builder.file("etc/hostname", hostname + "\n");
  builder.file("etc/hosts", fmt::format("127.0.0.1 localhost {0}\n::1 localhost {0}\n", hostname));
  builder.file("etc/nsswitch.conf", "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\n");
  builder.link("/proc/mounts", "etc/mtab");
  builder.link("../usr/lib/os-release", "etc/os-release");
  builder.link("../run", "var/run");
  builder.link("../run/lock", "var/lock");
  if (network == Network::Host) {  // with the machine's network come its name servers
    std::string buffer;
    const auto [servers, number] = kernel::read_host_file("/etc/resolv.conf", buffer, kMostBytes);
    if (number == 0) {
      builder.file("etc/resolv.conf", servers);
    }
  }
}

}  // namespace

Accounts host_accounts() {
  Accounts accounts{
      "root:x:0:0:root:/root:/bin/sh\n"
      "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
      "root:x:0:\ntty:x:5:\nnogroup:x:65534:\n"};
  std::vector<char> buffer(16384);
  passwd entry{};
  passwd* found = nullptr;
  constexpr uid_t kNobody = 65534;
  const uid_t uid = ::geteuid();
  if (uid != 0 && uid != kNobody && ::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) == 0 &&
      found != nullptr && valid_field(found->pw_name) && std::string_view{found->pw_name} != "root") {
    accounts.passwd += fmt::format("{0}:x:{1}:{2}:{0}:/:/bin/sh\n", found->pw_name, uid, ::getegid());
    accounts.group += fmt::format("{}:x:{}:\n", found->pw_name, ::getegid());
  }
  return accounts;
}

Root make_host_root(const Accounts& accounts, const std::string& hostname, Network network,
                    prepare::MountSource& source, bool with_parts) {
  launcher::DetachRequest request;
  request.size = kRootSize;
  request.mode = 0755;
  request.attributes = MOUNT_ATTR_NODEV;
  const launcher::DetachResult result = source.tmpfs(request);
  if (result.failure.error != 0) {
    throw root_error("host", "tmpfs", result.failure.error, "see dunnage::support() for what this machine allows");
  }
  Root root;
  root.mount.reset(result.fd);
  try {
    const Builder builder{root.mount.get()};
    for (const Directory& directory : kDirectories) {
      builder.directory(directory.path, directory.mode);
    }
    add_programs(builder, source, root, with_parts);
    add_configuration(builder, accounts, hostname, network);
  } catch (const kernel::CallError& error) {
    throw root_error("host", error.call(), error.code().value(), "see dunnage::support() for what this machine allows");
  }
  return root;
}

}  // namespace dunnage::launch
