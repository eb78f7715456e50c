// SPDX-License-Identifier: Apache-2.0
#include "support/outer_filter.hpp"

#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <system_error>
#include <utility>

namespace dunnage::test {

void load_outer_filter(std::vector<sock_filter> program) {
  // root may load one without giving up what programs may gain, as engines do; others may not
  if (::geteuid() != 0 && ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    throw std::system_error{errno, std::generic_category(), "PR_SET_NO_NEW_PRIVS"};
  }
  const sock_fprog all{static_cast<unsigned short>(program.size()), program.data()};
  if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &all) != 0) {
    throw std::system_error{errno, std::generic_category(), "seccomp"};
  }
}

void deny_calls(const std::vector<int>& calls, int error) {
  std::vector<sock_filter> program;
  program.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)));
  for (const int number : calls) {
    program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(number), 0, 1));
    program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<unsigned>(error)));
  }
  program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  load_outer_filter(std::move(program));
}

}  // namespace dunnage::test
