// SPDX-License-Identifier: Apache-2.0
// /dev: a tmpfs of our own that an image cannot prepare, with six nodes, four links and three file systems.

#include "launcher/program/dev.hpp"
#include "launcher/detach.hpp"
#include "launcher/program/child.hpp"
#include "launcher/program/park.hpp"

#include <sys/sysmacros.h>

#include <initializer_list>

namespace dunnage::launcher {
namespace {

struct Node {
  const char* name;
  unsigned major;
  unsigned minor;
};

constexpr Node kNodes[kNodeCount] = {{"null", 1, 3},   {"zero", 1, 5},    {"full", 1, 7},
                                     {"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0}};

struct Link {
  const char* name;
  const char* target;
};

constexpr Link kLinks[] = {{"fd", "/proc/self/fd"},
                           {"stdin", "/proc/self/fd/0"},
                           {"stdout", "/proc/self/fd/1"},
                           {"stderr", "/proc/self/fd/2"},
                           {"ptmx", "pts/ptmx"}};

/// Nodes, links and directories in a /dev that is attached nowhere. mknod(2) of a device is for the initial user
/// namespace; elsewhere there are files, over which the machine's own nodes are shown (show_nodes()).
int fill_dev(int dev, bool rootless) noexcept {
  for (const Node& node : kNodes) {
    const auto device = static_cast<long>(makedev(node.major, node.minor));
    const long result = raw_syscall(__NR_mknodat, dev, as_argument(node.name), (rootless ? S_IFREG : S_IFCHR) | 0666,
                                    rootless ? 0 : device);
    if (result < 0) {
      return static_cast<int>(result);
    }
  }
  for (const Link& link : kLinks) {
    const long result = raw_syscall(__NR_symlinkat, as_argument(link.target), dev, as_argument(link.name));
    if (result < 0) {
      return static_cast<int>(result);
    }
  }
  for (const char* name : {"pts", "shm", "mqueue"}) {
    if (const int result = make_directory_at(dev, name, 0755); result < 0) {
      return result;
    }
  }
  return 0;
}

void show_nodes(Child& child) noexcept {
  for (unsigned index = 0; index < kNodeCount; ++index) {
    const int target =
        static_cast<int>(require(child, Step::CreateDevice, open_at(child.dev, kNodes[index].name, O_PATH)));
    require(child, Step::CreateDevice, kernel::attach_mount(child.nodes[index], target));
    (void)close_descriptor(child.nodes[index]);
    (void)close_descriptor(target);
  }
}

void attach_below_dev(Child& child, const char* name, int mount, Step step) noexcept {
  require(child, step, mount);
  const int target = open_own_directory(child, child.dev, name, step);
  require(child, step, kernel::attach_mount(mount, target));
  (void)close_descriptor(target);
}

int detach_pts(bool single_id) noexcept {
  const int context = kernel::open_file_system("devpts");
  if (context < 0) {
    return context;
  }
  int result = kernel::configure_string(context, "source", "devpts");
  result = result < 0 ? result : kernel::configure_flag(context, "newinstance");
  result = result < 0 ? result : kernel::configure_string(context, "ptmxmode", "0666");
  result = result < 0 ? result : kernel::configure_string(context, "mode", "0620");
  if (!single_id) {  // group 5, "tty", is not mapped otherwise
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

Failure make_dev(Spare& made, const Surroundings& surroundings) noexcept {
  constexpr uint64_t kDevSize = 64U << 20U;
  constexpr uint64_t kShmSize = 64U << 20U;
  Failure failure;
  failure.step = Step::MountDev;
  made.dev = detach_memory(kDevSize, 0755, MOUNT_ATTR_NOSUID | MOUNT_ATTR_STRICTATIME);
  int result = made.dev;
  if (result >= 0) {
    failure.step = Step::CreateDevice;
    const auto mask = raw_syscall(__NR_umask, 0);
    result = fill_dev(made.dev, surroundings.rootless);
    (void)raw_syscall(__NR_umask, mask);
  }
  if (result >= 0) {
    failure.step = Step::MountPts;
    result = made.pts = detach_pts(surroundings.single_id);
  }
  if (result >= 0) {
    failure.step = Step::MountShm;
    result = made.shm = detach_memory(kShmSize, 01777, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
  }
  failure.error = result < 0 ? -result : 0;
  return failure;
}

void make_nodes(Child& child) noexcept {
  const int devices =
      static_cast<int>(require(child, Step::CreateDevice, open_at(AT_FDCWD, kParkedDevices, O_PATH | O_DIRECTORY)));
  for (unsigned index = 0; index < kNodeCount; ++index) {
    child.nodes[index] = static_cast<int>(
        require(child, Step::CreateDevice, kernel::open_tree_at(devices, kNodes[index].name, OPEN_TREE_CLONE)));
  }
  (void)close_descriptor(devices);
}

void attach_dev(Child& child) noexcept {
  Spare made = child.slot.spare;
  if (made.shm < 0) {
    const Failure failure = make_dev(made, child.surroundings);
    if (failure.error != 0) {
      fail(child, failure.step, failure.error);
    }
  }
  const int target = open_own_directory(child, child.root, "dev", Step::MountDev);
  child.dev = made.dev;
  require(child, Step::MountDev, kernel::attach_mount(child.dev, target));
  (void)close_descriptor(target);
  if (child.surroundings.rootless) {
    show_nodes(child);
  }
  attach_below_dev(child, "pts", made.pts, Step::MountPts);
  child.pts = made.pts;
  attach_below_dev(child, "shm", made.shm, Step::MountShm);
  attach_below_dev(child, "mqueue", detach_mqueue(), Step::MountMqueue);
}

}  // namespace dunnage::launcher
