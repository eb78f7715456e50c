// SPDX-License-Identifier: Apache-2.0
#include "support/swap.hpp"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <utility>

namespace dunnage::test {

bool exchange_names(const std::filesystem::path& one, const std::filesystem::path& other) noexcept {
  return ::syscall(SYS_renameat2, AT_FDCWD, one.c_str(), AT_FDCWD, other.c_str(), RENAME_EXCHANGE) == 0;
}

Swap::Swap(std::filesystem::path one, std::filesystem::path other)
    : thread_{[this, one = std::move(one), other = std::move(other)] {
        while (!stop_) count_ += exchange_names(one, other) ? 1U : 0U;
      }} {}

Swap::~Swap() {
  stop_ = true;
  thread_.join();
}

void Swap::wait_for_more() const {
  for (const unsigned now = count_; count_ < now + 2;) std::this_thread::yield();
}

}  // namespace dunnage::test
