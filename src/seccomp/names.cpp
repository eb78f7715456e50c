// SPDX-License-Identifier: Apache-2.0
#include "seccomp/names.hpp"

#include <linux/audit.h>
#include <seccomp.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace dunnage::seccomp {
namespace {

struct Row {
  Architecture architecture;
  std::string_view name;
  std::string_view go_name;
  std::uint32_t library;
  std::uint32_t audit;
};

constexpr std::array kArchitectures{
    Row{Architecture::X86_64, "SCMP_ARCH_X86_64", "amd64", SCMP_ARCH_X86_64, AUDIT_ARCH_X86_64},
    Row{Architecture::X86, "SCMP_ARCH_X86", "386", SCMP_ARCH_X86, AUDIT_ARCH_I386},
    Row{Architecture::X32, "SCMP_ARCH_X32", "amd64p32", SCMP_ARCH_X32, AUDIT_ARCH_X86_64},
    Row{Architecture::Aarch64, "SCMP_ARCH_AARCH64", "arm64", SCMP_ARCH_AARCH64, AUDIT_ARCH_AARCH64},
    Row{Architecture::Arm, "SCMP_ARCH_ARM", "arm", SCMP_ARCH_ARM, AUDIT_ARCH_ARM}};

const Row& row_of(Architecture architecture) noexcept { return kArchitectures.at(static_cast<unsigned>(architecture)); }

struct Call {
  std::string_view name;
  std::uint32_t number;
};

/// Newer than the libseccomp of long-lived distributions. Since 5.0 every architecture has the same numbers.
constexpr std::array kNewer{
    Call{"cachestat", 451},         Call{"fchmodat2", 452},        Call{"map_shadow_stack", 453},
    Call{"futex_wake", 454},        Call{"futex_wait", 455},       Call{"futex_requeue", 456},
    Call{"statmount", 457},         Call{"listmount", 458},        Call{"lsm_get_self_attr", 459},
    Call{"lsm_set_self_attr", 460}, Call{"lsm_list_modules", 461}, Call{"mseal", 462},
    Call{"setxattrat", 463},        Call{"getxattrat", 464},       Call{"listxattrat", 465},
    Call{"removexattrat", 466},     Call{"open_tree_attr", 467},   Call{"file_getattr", 468},
    Call{"file_setattr", 469}};
constexpr std::array kNewerOn64{Call{"uretprobe", 335}, Call{"uprobe", 336}};

/// On 32 bit x86 libseccomp has these for socketcall and ipc, too, and says no number for them.
constexpr std::array kDirect{
    Call{"recvmmsg", 337},   Call{"sendmmsg", 345},   Call{"socket", 359},      Call{"socketpair", 360},
    Call{"bind", 361},       Call{"connect", 362},    Call{"listen", 363},      Call{"accept4", 364},
    Call{"getsockopt", 365}, Call{"setsockopt", 366}, Call{"getsockname", 367}, Call{"getpeername", 368},
    Call{"sendto", 369},     Call{"sendmsg", 370},    Call{"recvfrom", 371},    Call{"recvmsg", 372},
    Call{"shutdown", 373},   Call{"semget", 393},     Call{"semctl", 394},      Call{"shmget", 395},
    Call{"shmctl", 396},     Call{"shmat", 397},      Call{"shmdt", 398},       Call{"msgget", 399},
    Call{"msgsnd", 400},     Call{"msgrcv", 401},     Call{"msgctl", 402}};

template <typename Table>
std::optional<std::uint32_t> find(const Table& table, std::string_view name) noexcept {
  for (const Call& call : table) {
    if (call.name == name) {
      return call.number;
    }
  }
  return std::nullopt;
}

template <typename Table>
bool has(const Table& table, std::uint32_t number) noexcept {
  for (const Call& call : table) {
    if (call.number == number) {
      return true;
    }
  }
  return false;
}

}  // namespace

std::optional<Architecture> architecture_named(std::string_view name) noexcept {
  for (const Row& row : kArchitectures) {
    if (row.name == name) {
      return row.architecture;
    }
  }
  return std::nullopt;
}

std::uint32_t audit_number(Architecture architecture) noexcept { return row_of(architecture).audit; }

std::string_view go_name(Architecture architecture) noexcept { return row_of(architecture).go_name; }

std::optional<std::uint32_t> number_of(Architecture architecture, const std::string& name) {
  const int number = ::seccomp_syscall_resolve_name_arch(row_of(architecture).library, name.c_str());
  if (number >= 0) {
    return static_cast<std::uint32_t>(number) & ~(architecture == Architecture::X32 ? kX32Bit : 0U);
  }
  if (architecture == Architecture::X86) {
    if (const auto direct = find(kDirect, name)) {
      return direct;
    }
  }
  if (architecture == Architecture::X86_64) {
    if (const auto newer = find(kNewerOn64, name)) {
      return newer;
    }
  }
  return find(kNewer, name);
}

bool is_system_call(const std::string& name) {
  return ::seccomp_syscall_resolve_name(name.c_str()) != __NR_SCMP_ERROR || find(kNewer, name) ||
         find(kNewerOn64, name);
}

bool is_known(Architecture architecture, std::uint32_t number) {
  const std::uint32_t bit = architecture == Architecture::X32 ? kX32Bit : 0U;
  const std::unique_ptr<char, void (*)(void*)> name{
      ::seccomp_syscall_resolve_num_arch(row_of(architecture).library, static_cast<int>(number | bit)), std::free};
  return name != nullptr || has(kNewer, number) || (architecture == Architecture::X86_64 && has(kNewerOn64, number)) ||
         (architecture == Architecture::X86 && has(kDirect, number));
}

}  // namespace dunnage::seccomp
