// SPDX-License-Identifier: Apache-2.0
#include "prepare/file_system.hpp"

#include "kernel/call_error.hpp"
#include "kernel/calls.hpp"
#include "prepare/failure.hpp"
#include "prepare/loop_device.hpp"

#include <dunnage/error.hpp>

#include <fmt/format.h>

#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>

namespace dunnage::prepare {
namespace {

/// What the file system itself says of its refusal; the kernel gives one line a read.
std::string said_by(int context) {
  std::string text;
  std::array<char, 512> line{};
  for (int count = 0; count < 8; ++count) {
    const ssize_t size = ::read(context, line.data(), line.size());
    if (size <= 2) {
      break;
    }
    std::string_view words{line.data() + 2, static_cast<std::size_t>(size) - 2};  // "e ext4: …"
    while (!words.empty() && words.back() == '\n') {
      words.remove_suffix(1);
    }
    text += fmt::format("{}{}", text.empty() ? "" : "; ", words);
  }
  return text;
}

MountError refused(const ResolvedMount& mount, const volume::LocalDriver& driver, int context, const char* call,
                   int number) {
  const std::string said = said_by(context);
  return prepare_error(mount, fmt::format("{} of type \"{}\"{}{}", call, driver.type, said.empty() ? "" : ": ", said),
                       number,
                       number == EBUSY ? "it is mounted already with another \"ro\" or \"rw\"; use the same"
                                       : "check type, device and o of the volume");
}

int configure(int context, const std::string& name, const std::optional<std::string>& value) {
  return value ? kernel::configure_string(context, name.c_str(), value->c_str())
               : kernel::configure_flag(context, name.c_str());
}

}  // namespace

kernel::FileDescriptor mount_device(const ResolvedMount& mount, const volume::LocalDriver& driver,
                                    const launcher::Identity& identity) {
  if (identity.rootless()) {
    throw prepare_error(mount, fmt::format("a volume of type \"{}\" is mounted by root alone", driver.type), EOPNOTSUPP,
                        "launch as root, or mount it on the host and use type=none with o=bind");
  }
  const kernel::FileDescriptor context{kernel::open_file_system(driver.type.c_str())};
  if (context.get() < 0) {
    const int number = -context.get();
    throw prepare_error(mount,
                        number == ENODEV ? fmt::format("this kernel has no file system \"{}\"", driver.type) : "fsopen",
                        number == ENODEV ? EOPNOTSUPP : number,
                        "load its module, or mount it on the host and use type=none with o=bind");
  }
  BlockDevice device;
  try {
    device = open_block_device(driver.device, driver.read_only);
  } catch (const kernel::CallError& error) {
    throw prepare_error(mount, fmt::format("{} \"{}\"", error.call(), driver.device.string()), error.code().value(),
                        "check the option \"device\" of the volume");
  }
  int answer = kernel::configure_string(context.get(), "source", device.path.c_str());
  if (answer >= 0 && driver.read_only) {
    answer = kernel::configure_flag(context.get(), "ro");
  }
  for (const auto& [name, value] : driver.data) {
    answer = answer < 0 ? answer : configure(context.get(), name, value);
  }
  if (answer < 0) {
    throw refused(mount, driver, context.get(), "fsconfig", -answer);
  }
  if (answer = kernel::create_file_system(context.get()); answer < 0) {
    throw refused(mount, driver, context.get(), "mount", -answer);
  }
  kernel::FileDescriptor result{kernel::mount_file_system(context.get(), 0)};
  if (!result) {
    throw refused(mount, driver, context.get(), "fsmount", -result.get());
  }
  return result;
}

}  // namespace dunnage::prepare
