// SPDX-License-Identifier: Apache-2.0
#include "kernel/device_mount.hpp"

#include "kernel/calls.hpp"
#include "kernel/timed_call.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>

namespace dunnage::kernel {
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

int configure(int context, const std::string& name, const std::optional<std::string>& value) {
  return value ? configure_string(context, name.c_str(), value->c_str()) : configure_flag(context, name.c_str());
}

}  // namespace

DeviceMount mount_device(const std::string& type, const BlockDevice& device, bool read_only,
                         const std::vector<std::pair<std::string, std::optional<std::string>>>& data) {
  DeviceMount made;
  const FileDescriptor context{open_file_system(type.c_str())};
  const auto failed = [&](const char* call, int answer) {
    made.call = call;
    made.number = -answer;
    made.said = context ? said_by(context.get()) : std::string{};
    return std::move(made);
  };
  if (!context) {
    return failed("fsopen", context.get());
  }
  int answer = configure_string(context.get(), "source", device.path.c_str());
  if (answer >= 0 && read_only) {
    answer = configure_flag(context.get(), "ro");
  }
  for (const auto& [name, value] : data) {
    answer = answer < 0 ? answer : configure(context.get(), name, value);
  }
  if (answer < 0) {
    return failed("fsconfig", answer);
  }
  answer = device.waits ? TimedCalls::create_file_system(context.get()) : create_file_system(context.get());
  if (answer == -ETIMEDOUT) {
    made.call = "mount";  // what the file system has to say waits as well
    made.number = ETIMEDOUT;
    return made;
  }
  if (answer < 0) {
    return failed("mount", answer);
  }
  made.mount = FileDescriptor{mount_file_system(context.get(), 0)};
  return made.mount ? std::move(made) : failed("fsmount", made.mount.get());
}

}  // namespace dunnage::kernel
