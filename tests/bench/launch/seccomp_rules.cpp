// SPDX-License-Identifier: Apache-2.0
#include "bench/launch/seccomp_rules.hpp"

#include <asm/unistd.h>
#include <linux/audit.h>
#include <linux/seccomp.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <span>

namespace dunnage::bench {
namespace {

constexpr std::size_t kInLeaf = 8;
constexpr std::uint32_t kRules = 148;

#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#else
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#endif

sock_filter statement(unsigned code, std::uint32_t value) { return BPF_STMT(static_cast<std::uint16_t>(code), value); }

sock_filter jump(unsigned code, std::uint32_t value, std::size_t yes, std::size_t no) {
  return BPF_JUMP(static_cast<std::uint16_t>(code), value, static_cast<std::uint8_t>(yes),
                  static_cast<std::uint8_t>(no));
}

std::vector<sock_filter> search(std::span<const std::uint32_t> numbers) {
  std::vector<sock_filter> code;
  if (numbers.size() <= kInLeaf) {
    for (std::size_t index = 0; index < numbers.size(); ++index) {
      code.push_back(jump(BPF_JMP | BPF_JEQ | BPF_K, numbers[index], numbers.size() - index, 0));
    }
    code.push_back(statement(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM));
    code.push_back(statement(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
    return code;
  }
  const auto low = search(numbers.first(numbers.size() / 2));
  const auto high = search(numbers.subspan(numbers.size() / 2));
  code.push_back(jump(BPF_JMP | BPF_JGE | BPF_K, numbers[numbers.size() / 2], low.size(), 0));
  code.insert(code.end(), low.begin(), low.end());
  code.insert(code.end(), high.begin(), high.end());
  return code;
}

}  // namespace

std::vector<sock_filter> make_seccomp_rules() {
  std::vector<std::uint32_t> numbers{__NR_execve, __NR_exit_group};
  for (std::uint32_t number = 0; numbers.size() < kRules; ++number) {
    if (std::find(numbers.begin(), numbers.end(), number) == numbers.end()) {
      numbers.push_back(number);
    }
  }
  std::sort(numbers.begin(), numbers.end());
  std::vector<sock_filter> code{statement(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)),
                                jump(BPF_JMP | BPF_JEQ | BPF_K, kArchitecture, 1, 0),
                                statement(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
                                statement(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr))};
  const auto tree = search(numbers);
  code.insert(code.end(), tree.begin(), tree.end());
  return code;
}

}  // namespace dunnage::bench
