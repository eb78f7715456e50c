// SPDX-License-Identifier: Apache-2.0
#include "fuzz/seccomp_input.hpp"

#include "seccomp/profile.hpp"
#include "seccomp/program.hpp"
#include "seccomp/rules.hpp"

#include <linux/filter.h>
#include <linux/seccomp.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string_view>
#include <vector>

namespace dunnage::test {
namespace {

void require(bool condition, const char* what) {
  if (!condition) {
    std::cerr << "seccomp input: " << what << '\n';
    std::abort();
  }
}

bool is_jump(const sock_filter& one) {
  return one.code == (BPF_JMP | BPF_JEQ | BPF_K) || one.code == (BPF_JMP | BPF_JGE | BPF_K) ||
         one.code == (BPF_JMP | BPF_JGT | BPF_K) || one.code == (BPF_JMP | BPF_JSET | BPF_K);
}

/// What the kernel checks of a program before it takes it.
void check(const std::vector<sock_filter>& program) {
  require(!program.empty() && program.size() <= BPF_MAXINSNS, "the program has a length the kernel refuses");
  require(program.back().code == (BPF_RET | BPF_K), "the program does not end in an answer");
  for (std::size_t at = 0; at < program.size(); ++at) {
    const sock_filter& one = program[at];
    const std::size_t left = program.size() - at - 1;
    if (is_jump(one)) {
      require(one.jt < left && one.jf < left, "a branch leads out of the program");
    } else if (one.code == (BPF_JMP | BPF_JA)) {
      require(one.k < left, "a jump leads out of the program");
    } else if (one.code == (BPF_LD | BPF_W | BPF_ABS)) {
      require(one.k % 4 == 0 && one.k + 4 <= sizeof(seccomp_data), "a load is outside of the data");
    } else {
      require(one.code == (BPF_RET | BPF_K) || one.code == (BPF_ALU | BPF_AND | BPF_K), "an instruction is unknown");
    }
  }
}

}  // namespace

void read_seccomp_input(std::string_view bytes) {
  if (bytes.empty()) {
    return;
  }
  const auto choice = static_cast<unsigned char>(bytes.front());
  constexpr std::array<std::uint64_t, 4> kCapabilities{0, 0x800405fb, std::uint64_t{1} << 21U, ~std::uint64_t{0}};
  const seccomp::Target target{
      .native = (choice & 4U) != 0 ? seccomp::Architecture::Aarch64 : seccomp::Architecture::X86_64,
      .capabilities = kCapabilities.at(choice & 3U),
      .kernel = 6U << 16U};
  try {
    check(seccomp::program_of(seccomp::calls_of(seccomp::parse_profile(bytes.substr(1)), target)));
  } catch (const seccomp::ProfileFault& fault) {
    require(*fault.what() != '\0', "a refusal says nothing");
  }
}

}  // namespace dunnage::test
