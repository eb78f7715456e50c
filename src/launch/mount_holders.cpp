// SPDX-License-Identifier: Apache-2.0
#include "launch/mount_holders.hpp"

#include "container/running.hpp"
#include "kernel/files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>

namespace dunnage::launch {
namespace {

/// The name of a process, as others see it too; empty if it has ended.
MountHolder holder_of(int pidfd) {
  MountHolder holder{.pid = container::pid_of(pidfd), .program = {}};
  if (holder.pid > 0) {
    std::string buffer;
    const std::string path = fmt::format("/proc/{}/comm", holder.pid);
    constexpr std::size_t kMostName = 64;
    const auto [text, number] = kernel::read_host_file(path.c_str(), buffer, kMostName);
    holder.program = number == 0 ? std::string{text.substr(0, text.find('\n'))} : std::string{};
  }
  return holder;
}

}  // namespace

std::vector<MountHolder> holders_of(std::span<const kernel::FileDescriptor> processes) {
  std::vector<MountHolder> holders;
  for (const kernel::FileDescriptor& process : processes) {
    MountHolder holder = holder_of(process.get());
    if (holder.pid > 0) {
      holders.push_back(std::move(holder));
    }
  }
  std::ranges::sort(holders, {}, &MountHolder::pid);
  return holders;
}

std::string words_of(const std::vector<MountHolder>& holders) {
  constexpr std::size_t kMostNamed = 8;
  std::string words;
  for (std::size_t index = 0; index < holders.size() && index < kMostNamed; ++index) {
    words += fmt::format("{}{} (pid {})", index == 0 ? "" : ", ", holders[index].program, holders[index].pid);
  }
  return holders.size() > kMostNamed ? fmt::format("{} and {} more", words, holders.size() - kMostNamed) : words;
}

}  // namespace dunnage::launch
