// SPDX-License-Identifier: Apache-2.0
// Profiles of system calls: what they mean, what is refused, and that the program says the same as the profile.

#include <dunnage/error.hpp>
#include <dunnage/seccomp.hpp>

#include "kernel/capability_names.hpp"
#include "seccomp/default_profile.hpp"
#include "seccomp/filter.hpp"
#include "seccomp/profile.hpp"
#include "seccomp/program.hpp"
#include "support/catch.hpp"
#include "support/requires.hpp"

#include <nlohmann/json.hpp>

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <vector>

using namespace dunnage;

namespace {

using Json = nlohmann::json;

constexpr std::uint32_t kAllow = SECCOMP_RET_ALLOW;
constexpr std::uint32_t refused(int number) { return SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(number); }

/// What the kernel does with a filter, an instruction at a time.
std::uint32_t run(const std::vector<sock_filter>& program, const seccomp_data& data) {
  std::uint32_t a = 0;
  for (std::size_t at = 0; at < program.size(); ++at) {
    const sock_filter& one = program[at];
    const auto jump = [&](bool holds) { at += holds ? one.jt : one.jf; };
    switch (one.code) {
      case BPF_LD | BPF_W | BPF_ABS:
        REQUIRE(one.k + 4 <= sizeof data);
        std::memcpy(&a, reinterpret_cast<const char*>(&data) + one.k, 4);
        break;
      case BPF_ALU | BPF_AND | BPF_K:
        a &= one.k;
        break;
      case BPF_JMP | BPF_JA:
        at += one.k;
        break;
      case BPF_JMP | BPF_JEQ | BPF_K:
        jump(a == one.k);
        break;
      case BPF_JMP | BPF_JGE | BPF_K:
        jump(a >= one.k);
        break;
      case BPF_JMP | BPF_JGT | BPF_K:
        jump(a > one.k);
        break;
      case BPF_JMP | BPF_JSET | BPF_K:
        jump((a & one.k) != 0);
        break;
      case BPF_RET | BPF_K:
        return one.k;
      default:
        FAIL("an instruction that is not known: " << one.code);
    }
  }
  FAIL("the program has no end");
  return 0;
}

struct Machine {
  const char* name;
  std::uint32_t library;
  std::uint32_t audit;
  const char* native;  ///< in includes.arches
  std::uint32_t bit;
};

constexpr std::array kX86Machines{Machine{"x86-64", SCMP_ARCH_X86_64, AUDIT_ARCH_X86_64, "amd64", 0},
                                  Machine{"i386", SCMP_ARCH_X86, AUDIT_ARCH_I386, "amd64", 0},
                                  Machine{"x32", SCMP_ARCH_X32, AUDIT_ARCH_X86_64, "amd64", 0x40000000}};
constexpr std::array kArmMachines{Machine{"arm64", SCMP_ARCH_AARCH64, AUDIT_ARCH_AARCH64, "arm64", 0},
                                  Machine{"arm", SCMP_ARCH_ARM, AUDIT_ARCH_ARM, "arm64", 0}};

std::vector<sock_filter> program_for(std::string_view text, seccomp::Architecture native,
                                     const std::vector<std::string>& capabilities) {
  std::uint64_t bits = 0;
  for (const std::string& name : capabilities) {
    const auto& all = kernel::kCapabilityNames;
    bits |= std::uint64_t{1} << static_cast<unsigned>(std::find(all.begin(), all.end(), name) - all.begin());
  }
  return seccomp::program_of(seccomp::calls_of(seccomp::parse_profile(text), {native, bits, 6U << 16U}));
}

/// The profile read another way: rule after rule, for one call. Nothing of the library is used but names of numbers.
class Evaluator {
 public:
  Evaluator(std::string_view text, const Machine& machine, std::vector<std::string> capabilities)
      : profile_(Json::parse(text)), machine_{machine}, capabilities_{std::move(capabilities)} {
    for (const Json& rule : profile_.at("syscalls")) {
      for (const auto& name : rule.at("names")) {
        rules_[name.get<std::string>()].push_back(&rule);
      }
    }
    for (std::uint32_t number = 0; number < newest(); ++number) {
      if (!rules_about(number).empty()) last_ = number;
    }
  }

  std::uint32_t verdict(std::uint32_t number, const std::array<std::uint64_t, 6>& arguments) const {
    const auto about = rules_about(number);
    std::vector<std::uint32_t> all;
    for (const auto& [name, rule] : about) {
      if (counts(*rule) && holds(*rule, name, arguments)) {
        all.push_back(rule->at("action") == "SCMP_ACT_ALLOW" ? kAllow : refused(rule->value("errnoRet", 1)));
      }
    }
    if (!all.empty()) {
      return *std::min_element(all.begin(), all.end());  // an errno is less than "allow"
    }
    return about.empty() && (names(number).empty() || (number > last_ && number < newest()))
               ? refused(ENOSYS)
               : refused(profile_.value("defaultErrnoRet", 1));
  }

  /// The names of a number: libseccomp's, and what is newer than it.
  const std::set<std::string>& names(std::uint32_t number) const {
    auto [found, fresh] = cache_.try_emplace(number);
    if (fresh) {
      if (char* const name =
              ::seccomp_syscall_resolve_num_arch(machine_.library, static_cast<int>(number | machine_.bit))) {
        found->second.insert(name);
        std::free(name);
      }
      static const std::map<std::uint32_t, const char*> newer{
          {451, "cachestat"},         {452, "fchmodat2"},         {453, "map_shadow_stack"}, {454, "futex_wake"},
          {455, "futex_wait"},        {456, "futex_requeue"},     {457, "statmount"},        {458, "listmount"},
          {459, "lsm_get_self_attr"}, {460, "lsm_set_self_attr"}, {461, "lsm_list_modules"}, {462, "mseal"},
          {463, "setxattrat"},        {464, "getxattrat"},        {465, "listxattrat"},      {466, "removexattrat"},
          {467, "open_tree_attr"},    {468, "file_getattr"},      {469, "file_setattr"}};
      if (const auto name = newer.find(number); name != newer.end()) found->second.insert(name->second);
      if (machine_.library == SCMP_ARCH_X86_64 && number == 335) found->second.insert("uretprobe");
      if (machine_.library == SCMP_ARCH_X86_64 && number == 336) found->second.insert("uprobe");
    }
    return found->second;
  }

 private:
  std::vector<std::pair<std::string, const Json*>> rules_about(std::uint32_t number) const {
    std::vector<std::pair<std::string, const Json*>> about;
    for (const std::string& name : names(number)) {
      if (const auto found = rules_.find(name); found != rules_.end()) {
        for (const Json* rule : found->second) about.emplace_back(name, rule);
      }
    }
    return about;
  }
  /// What is above is old: x32 has calls of its own there.
  std::uint32_t newest() const { return machine_.bit != 0 ? 512 : 601; }
  bool has(const Json& list, const std::string& word) const {
    return std::any_of(list.begin(), list.end(), [&](const Json& one) { return one == word; });
  }
  bool counts(const Json& rule) const {
    const Json in = rule.value("includes", Json::object());
    const Json out = rule.value("excludes", Json::object());
    const auto granted = [&](const Json& name) {
      return std::count(capabilities_.begin(), capabilities_.end(), name.get<std::string>().substr(4)) != 0;
    };
    const Json in_caps = in.value("caps", Json::array());
    const Json out_caps = out.value("caps", Json::array());
    return std::all_of(in_caps.begin(), in_caps.end(), granted) &&
           std::none_of(out_caps.begin(), out_caps.end(), granted) &&
           (!in.contains("arches") || has(in.at("arches"), machine_.native)) &&
           (!out.contains("arches") || !has(out.at("arches"), machine_.native));
  }
  static bool holds(const Json& rule, const std::string& name, const std::array<std::uint64_t, 6>& arguments) {
    const Json conditions = rule.value("args", Json::array());
    return std::all_of(conditions.begin(), conditions.end(), [&](const Json& condition) {
      std::uint64_t value = arguments.at(condition.at("index").get<unsigned>());
      if (name == "socket" || name == "personality") value &= 0xffffffffU;  // all the kernel reads
      const auto wanted = condition.at("value").get<std::uint64_t>();
      const std::string op = condition.at("op").get<std::string>().substr(9);
      return op == "EQ"   ? value == wanted
             : op == "LT" ? value < wanted
             : op == "GT" ? value > wanted
                          : (value & wanted) == condition.value("valueTwo", std::uint64_t{0});
    });
  }

  Json profile_;
  Machine machine_;
  std::vector<std::string> capabilities_;
  std::map<std::string, std::vector<const Json*>> rules_;
  std::uint32_t last_ = 0;
  mutable std::map<std::uint32_t, std::set<std::string>> cache_;
};

const std::vector<std::vector<std::string>> kCapabilitySets{
    {}, {"SYS_CHROOT", "KILL"}, {"SYS_ADMIN"}, {"SYS_PTRACE", "BPF", "SYSLOG", "SYS_TIME", "SYS_NICE", "PERFMON"}};

const std::vector<std::array<std::uint64_t, 6>> kArguments{{0, 0, 0, 0, 0, 0},
                                                           {37, 1, 0, 0, 0, 0},
                                                           {38, 5, 0, 0, 0, 0},
                                                           {39, 1, 0, 0, 0, 0},
                                                           {40, 1, 0, 0, 0, 0},
                                                           {41, 1, 0, 0, 0, 0},
                                                           {0x100000026, 5, 0, 0, 0, 0},
                                                           {0x100000008, 0, 0, 0, 0, 0},
                                                           {8, 0, 0, 0, 0, 0},
                                                           {0x20000, 0, 0, 0, 0, 0},
                                                           {0x20008, 0, 0, 0, 0, 0},
                                                           {0xffffffff, 0, 0, 0, 0, 0},
                                                           {~std::uint64_t{0}, 0, 0, 0, 0, 0},
                                                           {0x10000000, 0, 0, 0, 0, 0},
                                                           {0x11, 0, 0, 0, 0, 0},
                                                           {0x40000, 0, 0, 0, 0, 0}};

template <typename Machines>
void compare(std::string_view text, seccomp::Architecture native, const Machines& machines) {
  for (const auto& capabilities : kCapabilitySets) {
    const auto program = program_for(text, native, capabilities);
    for (const Machine& machine : machines) {
      const Evaluator evaluator{text, machine, capabilities};
      for (std::uint32_t number = 0; number <= 600; ++number) {
        if (machine.bit != 0 && number < 512 && evaluator.names(number).empty()) continue;  // no call: ENOSYS anyway
        for (const auto& arguments : kArguments) {
          seccomp_data data{static_cast<int>(number | machine.bit), machine.audit, 0, {}};
          std::copy(arguments.begin(), arguments.end(), data.args);
          const std::uint32_t seen = run(program, data);
          const std::uint32_t expected = evaluator.verdict(number, arguments);
          if (seen != expected) {
            const auto& names = evaluator.names(number);
            FAIL(machine.name << " " << number << " " << (names.empty() ? "" : *names.begin()) << " argument "
                              << arguments[0] << ": " << std::hex << seen << ", not " << expected);
          }
        }
      }
    }
  }
  SUCCEED();
}

std::string fault_of(std::string_view text) {
  try {
    (void)seccomp::compile(text, 0);
  } catch (const seccomp::ProfileFault& fault) {
    return fault.place() + ": " + fault.what();
  }
  return "none";
}

std::uint32_t native_verdict(std::string_view text, int number, std::array<std::uint64_t, 6> arguments = {}) {
  seccomp_data data{number, AUDIT_ARCH_X86_64, 0, {}};
  std::copy(arguments.begin(), arguments.end(), data.args);
  return run(program_for(text, seccomp::Architecture::X86_64, {}), data);
}

}  // namespace

TEST_CASE("the default filter decides each system call of x86 as its profile says", "[seccomp]") {
  compare(seccomp::default_profile(), seccomp::Architecture::X86_64, kX86Machines);
}

TEST_CASE("the default filter decides each system call of arm as its profile says", "[seccomp]") {
  compare(seccomp::default_profile(), seccomp::Architecture::Aarch64, kArmMachines);
}

TEST_CASE("the default filter is short", "[seccomp]") {
  CHECK(program_for(seccomp::default_profile(), seccomp::Architecture::X86_64, {"SYS_CHROOT"}).size() < 170);
}

TEST_CASE("the default filter decides as Docker's where that profile is given", "[seccomp]") {
  const char* const path = std::getenv("DUNNAGE_DOCKER_SECCOMP_PROFILE");
  if (path == nullptr) {
    test::skip("DUNNAGE_DOCKER_SECCOMP_PROFILE is not the path of Docker's default.json");
    return;
  }
  std::ifstream file{path};
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  compare(seccomp::default_profile(), seccomp::Architecture::X86_64, kX86Machines);
  for (const auto& capabilities : kCapabilitySets) {
    const auto ours = program_for(seccomp::default_profile(), seccomp::Architecture::X86_64, capabilities);
    const auto theirs = program_for(text, seccomp::Architecture::X86_64, capabilities);
    for (const Machine& machine : kX86Machines) {
      for (std::uint32_t number = 0; number <= 600; ++number) {
        for (const auto& arguments : kArguments) {
          seccomp_data data{static_cast<int>(number | machine.bit), machine.audit, 0, {}};
          std::copy(arguments.begin(), arguments.end(), data.args);
          INFO(machine.name << " " << number << " argument " << arguments[0]);
          REQUIRE(run(ours, data) == run(theirs, data));
        }
      }
    }
  }
}

TEST_CASE("calls of another machine, and of x32 where a profile leaves it out, end the process", "[seccomp]") {
  const auto program = program_for(seccomp::default_profile(), seccomp::Architecture::X86_64, {});
  CHECK(run(program, {0, AUDIT_ARCH_AARCH64, 0, {}}) == SECCOMP_RET_KILL_PROCESS);
  const auto alone = program_for(R"({"defaultAction": "SCMP_ACT_ALLOW"})", seccomp::Architecture::X86_64, {});
  CHECK(run(alone, {0x40000000, AUDIT_ARCH_X86_64, 0, {}}) == SECCOMP_RET_KILL_PROCESS);
  CHECK(run(alone, {0, AUDIT_ARCH_I386, 0, {}}) == SECCOMP_RET_KILL_PROCESS);
  CHECK(run(alone, {600, AUDIT_ARCH_X86_64, 0, {}}) == kAllow);
}

TEST_CASE("old calls of an architecture's own, above all new ones, are decided as all others", "[seccomp]") {
  const auto arm = program_for(seccomp::default_profile(), seccomp::Architecture::Aarch64, {});
  CHECK(run(arm, {0xf0005, AUDIT_ARCH_ARM, 0, {}}) == kAllow);           // set_tls
  CHECK(run(arm, {0xf0004, AUDIT_ARCH_ARM, 0, {}}) == refused(EPERM));   // usr32, which no rule names
  CHECK(run(arm, {0xf0100, AUDIT_ARCH_ARM, 0, {}}) == refused(ENOSYS));  // none
  const auto x86 = program_for(seccomp::default_profile(), seccomp::Architecture::X86_64, {});
  CHECK(run(x86, {0x40000000 + 512, AUDIT_ARCH_X86_64, 0, {}}) == kAllow);           // rt_sigaction
  CHECK(run(x86, {0x40000000 + 528, AUDIT_ARCH_X86_64, 0, {}}) == refused(EPERM));   // kexec_load
  CHECK(run(x86, {0x40000000 + 469, AUDIT_ARCH_X86_64, 0, {}}) == refused(ENOSYS));  // newer than the profile
  CHECK(run(x86, {0x40000000 + 600, AUDIT_ARCH_X86_64, 0, {}}) == refused(ENOSYS));
}

TEST_CASE("arguments are compared as a profile says", "[seccomp]") {
  const auto with = [](const std::string& condition) {
    return R"({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["lseek"], "action": "SCMP_ACT_ALLOW", "args": [)" +
           condition + "]}]}";
  };
  struct Case {
    const char* op;
    std::uint64_t value;
    std::array<std::uint64_t, 3> good, bad;
  };
  constexpr std::uint64_t kBig = 0x500000007;
  for (const Case& one : {Case{"NE", kBig, {7, 0x500000008, 0x600000007}, {kBig, kBig, kBig}},
                          Case{"LT", kBig, {0, 0x500000006, 0x4ffffffff}, {kBig, 0x600000000, ~std::uint64_t{0}}},
                          Case{"LE", kBig, {0, kBig, 0x4ffffffff}, {kBig + 1, 0x600000000, ~std::uint64_t{0}}},
                          Case{"EQ", kBig, {kBig, kBig, kBig}, {7, 0x600000007, 0x500000006}},
                          Case{"GE", kBig, {kBig, 0x600000000, ~std::uint64_t{0}}, {0, kBig - 1, 0x4ffffffff}},
                          Case{"GT", kBig, {kBig + 1, 0x600000000, ~std::uint64_t{0}}, {0, kBig, 0x4ffffffff}}}) {
    const std::string text =
        with(R"({"index": 2, "value": )" + std::to_string(one.value) + R"(, "op": "SCMP_CMP_)" + one.op + "\"}");
    INFO(one.op);
    for (const auto value : one.good) CHECK(native_verdict(text, 8, {0, 0, value}) == kAllow);
    for (const auto value : one.bad) CHECK(native_verdict(text, 8, {0, 0, value}) == refused(EPERM));
  }
  const std::string masked =
      with(R"({"index": 0, "value": 4294967299, "valueTwo": 4294967297, "op": "SCMP_CMP_MASKED_EQ"})");
  CHECK(native_verdict(masked, 8, {0x100000005}) == kAllow);
  CHECK(native_verdict(masked, 8, {0x100000007}) == refused(EPERM));
  CHECK(native_verdict(masked, 8, {1}) == refused(EPERM));
  const std::string either =
      with(R"({"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}, {"index": 0, "value": 2, "op": "SCMP_CMP_EQ"})");
  CHECK(native_verdict(either, 8, {2}) == kAllow);
  const std::string both =
      with(R"({"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}, {"index": 1, "value": 2, "op": "SCMP_CMP_EQ"})");
  CHECK(native_verdict(both, 8, {1, 2}) == kAllow);
  CHECK(native_verdict(both, 8, {1, 3}) == refused(EPERM));
}

TEST_CASE("of several rules that hold the strictest counts", "[seccomp]") {
  const std::string text = R"({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [
    {"names": ["socket"], "action": "SCMP_ACT_ALLOW"},
    {"names": ["socket"], "action": "SCMP_ACT_ERRNO", "errnoRet": 97, "args": [{"index": 0, "value": 38, "op": "SCMP_CMP_EQ"}]}]})";
  CHECK(native_verdict(text, 41, {2}) == kAllow);
  CHECK(native_verdict(text, 41, {38}) == refused(97));
  CHECK(native_verdict(text, 41, {0x100000026}) == refused(97));
}

TEST_CASE("a long profile is as right as a short one", "[seccomp]") {
  std::string text = R"({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [)";
  for (int value = 0; value < 900; ++value) {
    text += std::string{value == 0 ? "" : ","} +
            R"({"names": ["ioctl"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 1, "value": )" +
            std::to_string(value * 3) + R"(, "op": "SCMP_CMP_EQ"}]})";
  }
  text += R"(,{"names": ["read", "close"], "action": "SCMP_ACT_ALLOW"}]})";
  for (const int value : {0, 300, 1500, 2697}) {
    CHECK(native_verdict(text, 16, {0, static_cast<std::uint64_t>(value)}) == kAllow);
    CHECK(native_verdict(text, 16, {0, static_cast<std::uint64_t>(value + 1)}) == refused(EPERM));
  }
  CHECK(native_verdict(text, 0) == kAllow);
  CHECK(native_verdict(text, 3) == kAllow);
  CHECK(native_verdict(text, 1) == refused(EPERM));
}

TEST_CASE("a profile that is wrong is refused with its place", "[seccomp]") {
  const auto rule = [](const std::string& members) {
    return R"({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [)" + members + "]}";
  };
  CHECK(fault_of("") == "line 1: it is no JSON");
  CHECK(fault_of("{\n\"defaultAction\": \"SCMP_ACT_ERRNO\",\n}") == "line 3: it is no JSON");
  CHECK(fault_of("[]") == "line 1: it is no object");
  CHECK(fault_of("{}") == "line 1: defaultAction: it is missing");
  CHECK(fault_of(R"({"defaultAction": "SCMP_ACT_ALOW"})") ==
        "line 1: defaultAction: \"SCMP_ACT_ALOW\" is unknown; did you mean \"SCMP_ACT_ALLOW\"?");
  CHECK(fault_of(R"({"defaultAction": "SCMP_ACT_ALLOW", "syscall": []})") ==
        "line 1: syscall: there is no such member; did you mean \"syscalls\"?");
  CHECK(fault_of(rule(R"({"action": "SCMP_ACT_ALLOW"})")) == "line 1: syscalls[0].names: it names no system call");
  CHECK(fault_of(rule(R"({"names": ["read"], "action": "SCMP_ACT_NOTIFY"})")) ==
        "line 1: syscalls[0].action: nobody listens to notifications of a filter here");
  CHECK(
      fault_of(rule(
          R"({"names": ["read"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 6, "value": 1, "op": "SCMP_CMP_EQ"}]})")) ==
      "line 1: syscalls[0].args[0].index: it is no whole number from 0 to 5");
  CHECK(fault_of(rule(R"({"names": ["read"], "name": "read", "action": "SCMP_ACT_ALLOW"})")) ==
        "line 1: syscalls[0].name: it stands beside \"names\"; one of them is enough");
  CHECK(fault_of(rule(R"({"names": ["read"], "action": "SCMP_ACT_ALLOW", "includes": {"minKernel": "new"}})")) ==
        "line 1: syscalls[0].includes.minKernel: \"new\" is no version such as 4.8");
  CHECK(fault_of(
            R"({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mout"], "action": "SCMP_ACT_ERRNO"}]})") ==
        "line 1: syscalls[0].names: \"mout\" is no system call, so it cannot be forbidden");
  CHECK(fault_of(rule(R"({"names": ["some_newer_call"], "action": "SCMP_ACT_ALLOW"})")) == "none");
  CHECK(fault_of(std::string(seccomp::kMostProfileBytes + 1, ' ')) == ": it is larger than 1048576 bytes");
  CHECK(fault_of(std::string(100'000, '[')) == "line 1: it is no JSON");
  CHECK(
      fault_of("{\n \"defaultAction\": \"SCMP_ACT_ERRNO\",\n \"syscalls\": [\n  {\"names\": [\"a\\\"]\"], \"action\":\n"
               "   \"SCMP_ACT_ALLOW\"},\n  {\"names\": [\"read\"],\n   \"args\": [{\n    \"op\": \"SCMP_CMP_E\"}],\n"
               "   \"action\": \"SCMP_ACT_ALLOW\"}]}") == "line 7: syscalls[1].args[0].index: it is missing");
}

TEST_CASE("a seccomp profile is a value", "[seccomp]") {
  CHECK(Seccomp{} == Seccomp::standard());
  CHECK(Seccomp::parse("unconfined") == Seccomp::unconfined());
  CHECK(Seccomp::parse("builtin") == Seccomp::standard());
  CHECK(Seccomp::parse("/a/b.json") == Seccomp::file("/a/b.json"));
  CHECK_FALSE(Seccomp::json("{}") == Seccomp::json("[]"));
  CHECK(Seccomp::standard().to_string() == "default");
  CHECK(Seccomp::unconfined().to_string() == "unconfined");
  CHECK(Seccomp::file("/a/b.json").to_string() == "/a/b.json");
  CHECK(Seccomp::json("{}").to_string() == "json");
  CHECK_THROWS_AS(Seccomp::parse(""), LaunchError);
  CHECK_THROWS_AS(Seccomp::file("/nowhere.json").load(), LaunchError);
  CHECK_THROWS_AS(Seccomp::file("/dev/zero").load(), LaunchError);
  CHECK_THROWS_AS(Seccomp::json("").load(), LaunchError);
}

TEST_CASE("a filter is made once for a profile and its capabilities", "[seccomp]") {
  const auto first = seccomp::filter_of(Seccomp::standard(), 1);
  CHECK(seccomp::filter_of(Seccomp::standard(), 1) == first);
  CHECK(seccomp::filter_of(Seccomp::standard(), std::uint64_t{1} << 21U) != first);
  CHECK(seccomp::filter_of(Seccomp::unconfined(), 1) == nullptr);
}
