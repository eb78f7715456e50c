// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The process that makes one system call (timed_call.hpp).

#include "kernel/file_descriptor.hpp"
#include "kernel/timed_call.hpp"

#include <linux/openat2.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

namespace dunnage::kernel {

/// What the process that makes the call has for itself. It may outlive the call, where even killing it has to wait.
struct TimedProcess {
  TimedProcess() {
    message.msg_iov = &words;
    message.msg_iovlen = 1;
    auto* header = reinterpret_cast<cmsghdr*>(control);
    header->cmsg_len = CMSG_LEN(sizeof(int));
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
  }
  TimedProcess(const TimedProcess&) = delete;
  TimedProcess& operator=(const TimedProcess&) = delete;

  alignas(16) std::byte stack[std::size_t{16} << 10U];
  long (*make)(TimedProcess&) = nullptr;
  int fd = -1;
  long number = 0;  ///< a mode, a mask, a request
  long other = 0;
  bool makes_descriptor = false;
  int kept[3]{-1, -1, -1};  ///< what the call is about, and `answers`, sorted by make_in_time(); -1: nothing
  int answers = -1;
  std::string text{};
  const char* path = nullptr;  ///< the text: what is instrumented by a sanitizer shall not run there
  open_how how{};
  alignas(16) std::byte data[512]{};  ///< what it reads or writes
  long result = 0;
  iovec words{&result, sizeof result};
  alignas(cmsghdr) unsigned char control[CMSG_SPACE(sizeof(int))]{};
  msghdr message{};
  FileDescriptor process{};              ///< that makes it
  std::unique_ptr<TimedProcess> next{};  ///< of those that were given up
};

/// What of the caller's the call reads and writes; he gets what it has written if there is an answer.
struct CallData {
  void* bytes = nullptr;
  std::size_t size = 0;
};

struct CallTerms {
  std::chrono::milliseconds patience = kPatience;
  CallData data{};
};

/// \return what the call answers, or -ETIMEDOUT, or why no process could be made
[[nodiscard]] long make_in_time(std::unique_ptr<TimedProcess> call, const CallTerms& terms);

}  // namespace dunnage::kernel
