// SPDX-License-Identifier: Apache-2.0
#include "kernel/boot_id.hpp"

#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "kernel/per_process.hpp"

#include <cstddef>

namespace dunnage::kernel {
namespace {

constexpr std::size_t kMostBytes = 64;

struct BootId {
  std::string text = [] {
    std::string buffer;
    const auto [text, number] = read_host_file("/proc/sys/kernel/random/boot_id", buffer, kMostBytes);
    if (number != 0) {
      throw CallError{"read boot_id", number};
    }
    return std::string{text.substr(0, text.find('\n'))};
  }();
};

constinit PerProcess<BootId> boot_id_of_process;

}  // namespace

const std::string& boot_id() { return boot_id_of_process.get().text; }

}  // namespace dunnage::kernel
