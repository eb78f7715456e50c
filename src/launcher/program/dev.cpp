// SPDX-License-Identifier: Apache-2.0
// /dev: a tmpfs of our own that an image cannot prepare, with six nodes, four links and three file systems.

#include "launcher/detach.hpp"
#include "launcher/program/child.hpp"
#include "launcher/program/park.hpp"

#include <sys/sysmacros.h>

namespace dunnage::launcher {
namespace {

struct Node {
  const char* name;
  unsigned major;
  unsigned minor;
};

constexpr Node kNodes[] = {{"null", 1, 3}, {"zero", 1, 5}, {"full", 1, 7}, {"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0}};

struct Link {
  const char* name;
  const char* target;
};

constexpr Link kLinks[] = {{"fd", "/proc/self/fd"},
                           {"stdin", "/proc/self/fd/0"},
                           {"stdout", "/proc/self/fd/1"},
                           {"stderr", "/proc/self/fd/2"},
                           {"ptmx", "pts/ptmx"}};

void create_nodes(Child& child) noexcept {
  for (const Node& node : kNodes) {
    const auto device = static_cast<long>(makedev(node.major, node.minor));
    require(child, Step::CreateDevice,
            raw_syscall(__NR_mknodat, child.dev, as_argument(node.name), S_IFCHR | 0666, device));
  }
}

/// mknod(2) of a device is for the initial user namespace; elsewhere the machine's own nodes are shown.
void show_nodes(Child& child) noexcept {
  const int devices =
      static_cast<int>(require(child, Step::CreateDevice, open_at(AT_FDCWD, kParkedDevices, O_PATH | O_DIRECTORY)));
  for (const Node& node : kNodes) {
    require(child, Step::CreateDevice, raw_syscall(__NR_mknodat, child.dev, as_argument(node.name), S_IFREG | 0666, 0));
    const int target = static_cast<int>(require(child, Step::CreateDevice, open_at(child.dev, node.name, O_PATH)));
    const int mount =
        static_cast<int>(require(child, Step::CreateDevice, kernel::open_tree_at(devices, node.name, OPEN_TREE_CLONE)));
    require(child, Step::CreateDevice, kernel::attach_mount(mount, target));
    (void)close_descriptor(mount);
    (void)close_descriptor(target);
  }
  (void)close_descriptor(devices);
}

void attach_below_dev(Child& child, const char* name, int mount, Step step) noexcept {
  require(child, step, mount);
  const int target = open_own_directory(child, child.dev, name, step);
  require(child, step, kernel::attach_mount(mount, target));
  (void)close_descriptor(target);
  (void)close_descriptor(mount);
}

int detach_pts(const Child& child) noexcept {
  const int context = kernel::open_file_system("devpts");
  if (context < 0) {
    return context;
  }
  int result = kernel::configure_string(context, "source", "devpts");
  result = result < 0 ? result : kernel::configure_flag(context, "newinstance");
  result = result < 0 ? result : kernel::configure_string(context, "ptmxmode", "0666");
  result = result < 0 ? result : kernel::configure_string(context, "mode", "0620");
  if (!child.surroundings.single_id) {  // group 5, "tty", is not mapped otherwise
    result = result < 0 ? result : kernel::configure_string(context, "gid", "5");
  }
  result = result < 0 ? result : kernel::create_file_system(context);
  result = result < 0 ? result : kernel::mount_file_system(context, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
  (void)close_descriptor(context);
  return result;
}

int detach_mqueue() noexcept {
  const int context = kernel::open_file_system("mqueue");
  if (context < 0) {
    return context;
  }
  (void)kernel::configure_string(context, "source", "mqueue");
  int result = kernel::create_file_system(context);
  result = result < 0 ? result
                      : kernel::mount_file_system(context, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
  (void)close_descriptor(context);
  return result;
}

int detach_memory(uint64_t size, uint32_t mode, uint64_t attributes) noexcept {
  DetachRequest request;
  request.size = size;
  request.mode = mode;
  request.attributes = attributes;
  const DetachResult result = detach_tmpfs(request);
  return result.failure.error != 0 ? -result.failure.error : result.fd;
}

}  // namespace

void attach_dev(Child& child) noexcept {
  constexpr uint64_t kDevSize = 64U << 20U;
  const int target = open_own_directory(child, child.root, "dev", Step::MountDev);
  child.dev = static_cast<int>(
      require(child, Step::MountDev, detach_memory(kDevSize, 0755, MOUNT_ATTR_NOSUID | MOUNT_ATTR_STRICTATIME)));
  require(child, Step::MountDev, kernel::attach_mount(child.dev, target));
  (void)close_descriptor(target);
  (void)raw_syscall(__NR_umask, 0);
  if (child.surroundings.rootless) {
    show_nodes(child);
  } else {
    create_nodes(child);
  }
  (void)raw_syscall(__NR_umask, 022);
  for (const Link& link : kLinks) {
    require(child, Step::CreateDevice,
            raw_syscall(__NR_symlinkat, as_argument(link.target), child.dev, as_argument(link.name)));
  }
  constexpr uint64_t kShmSize = 64U << 20U;
  attach_below_dev(child, "pts", detach_pts(child), Step::MountPts);
  attach_below_dev(child, "shm",
                   detach_memory(kShmSize, 01777, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC),
                   Step::MountShm);
  attach_below_dev(child, "mqueue", detach_mqueue(), Step::MountMqueue);
}

}  // namespace dunnage::launcher
