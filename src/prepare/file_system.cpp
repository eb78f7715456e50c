// SPDX-License-Identifier: Apache-2.0
#include "prepare/file_system.hpp"

#include "kernel/call_error.hpp"
#include "kernel/calls.hpp"
#include "kernel/device_mount.hpp"
#include "kernel/loop_device.hpp"
#include "prepare/failure.hpp"

#include <dunnage/error.hpp>

#include <fmt/format.h>

#include <cerrno>
#include <string>

namespace dunnage::prepare {
namespace {

MountError refused(const ResolvedMount& mount, const volume::LocalDriver& driver, const kernel::DeviceMount& made) {
  return prepare_error(
      mount, fmt::format("{} of type \"{}\"{}{}", made.call, driver.type, made.said.empty() ? "" : ": ", made.said),
      made.number,
      made.number == EBUSY ? "it is mounted already with another \"ro\" or \"rw\"; use the same"
                           : "check type, device and o of the volume");
}

}  // namespace

kernel::FileDescriptor mount_device(const ResolvedMount& mount, const volume::LocalDriver& driver,
                                    const launcher::Identity& identity) {
  if (identity.rootless()) {
    throw prepare_error(mount, fmt::format("a volume of type \"{}\" is mounted by root alone", driver.type), EOPNOTSUPP,
                        "launch as root, or mount it on the host and use type=none with o=bind");
  }
  if (kernel::FileDescriptor{kernel::open_file_system(driver.type.c_str())}.get() == -ENODEV) {
    throw prepare_error(mount, fmt::format("this kernel has no file system \"{}\"", driver.type), EOPNOTSUPP,
                        "load its module, or mount it on the host and use type=none with o=bind");
  }
  kernel::BlockDevice device;
  try {
    device = kernel::open_block_device(driver.device, driver.read_only);
  } catch (const kernel::CallError& error) {
    throw prepare_error(mount, fmt::format("{} \"{}\"", error.call(), driver.device.string()), error.code().value(),
                        "check the option \"device\" of the volume");
  }
  kernel::DeviceMount made = kernel::mount_device(driver.type, device, driver.read_only, driver.data);
  if (made.number != 0) {
    throw refused(mount, driver, made);
  }
  return std::move(made.mount);
}

}  // namespace dunnage::prepare
