// SPDX-License-Identifier: Apache-2.0
#include "launcher/program/transfer.hpp"

namespace dunnage::launcher {

long receive_message(int socket, void* buffer, size_t size, Descriptors& descriptors, int flags) noexcept {
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof descriptors.values)];
  iovec part{buffer, size};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control;
  header.msg_controllen = sizeof control;
  descriptors.count = 0;
  const long received = raw_syscall(__NR_recvmsg, socket, as_argument(&header), flags | MSG_CMSG_CLOEXEC);
  if (received < 0) {
    return received;
  }
  if (header.msg_controllen >= sizeof(cmsghdr)) {
    const auto* first = reinterpret_cast<const cmsghdr*>(control);
    if (first->cmsg_level == SOL_SOCKET && first->cmsg_type == SCM_RIGHTS) {
      descriptors.count = static_cast<uint32_t>((first->cmsg_len - CMSG_LEN(0)) / sizeof(int));
      __builtin_memcpy(descriptors.values, CMSG_DATA(first), descriptors.count * sizeof(int));
    }
  }
  if ((header.msg_flags & MSG_CTRUNC) != 0) {
    descriptors.close_all();
    return -EMFILE;
  }
  return (header.msg_flags & MSG_TRUNC) != 0 ? -EMSGSIZE : received;
}

long send_message(int socket, const void* data, size_t size, int descriptor) noexcept {
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  iovec part{const_cast<void*>(data), size};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  if (descriptor >= 0) {
    header.msg_control = control;
    header.msg_controllen = sizeof control;
    auto* first = reinterpret_cast<cmsghdr*>(control);
    first->cmsg_level = SOL_SOCKET;
    first->cmsg_type = SCM_RIGHTS;
    first->cmsg_len = CMSG_LEN(sizeof(int));
    __builtin_memcpy(CMSG_DATA(first), &descriptor, sizeof descriptor);
  }
  long result = -EINTR;
  while (result == -EINTR) {  // whoever waits for an answer would wait for ever
    result = raw_syscall(__NR_sendmsg, socket, as_argument(&header), MSG_NOSIGNAL | MSG_DONTWAIT);
  }
  return result;
}

long deliver_message(int socket, const void* data, size_t size, int descriptor, int attempts) noexcept {
  for (;;) {
    const long result = send_message(socket, data, size, descriptor);
    if ((result != -ETOOMANYREFS && result != -EAGAIN && result != -ENOBUFS) || --attempts == 0) {
      return result < 0 ? result : 0;
    }
    const timespec moment{0, 1'000'000};
    (void)raw_syscall(__NR_ppoll, 0, 0, as_argument(&moment), 0, 8);
  }
}

}  // namespace dunnage::launcher
