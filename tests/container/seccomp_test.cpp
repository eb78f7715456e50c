// SPDX-License-Identifier: Apache-2.0
// Which system calls a program in a container may make.

#include "container/support.hpp"
#include "support/apart.hpp"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <fstream>
#include <tuple>

using namespace dunnage;
using namespace dunnage::test;

namespace {

/// Calls by number, so that nothing of a C library stands in between, and prints the errno of each.
constexpr const char* kCalls = R"(
import ctypes, errno, sys
libc = ctypes.CDLL(None, use_errno=True)
def call(name, *arguments):
  ctypes.set_errno(0)
  result = libc.syscall(*[ctypes.c_long(one) for one in arguments])
  print(name, "ok" if result >= 0 else errno.errorcode.get(ctypes.get_errno()))
)";

LaunchSpec calling(const Ground& ground, const std::string& calls) {
  return ground.program({"python3", "-c", kCalls + calls});
}

std::string filter_of(LaunchSpec spec) {
  spec.argv = {"cat", "/proc/self/status"};
  return field_of(output_of(std::move(spec)), "Seccomp");
}

constexpr const char* kNoMkdir =
    R"({"defaultAction": "SCMP_ACT_ALLOW", "archMap": [{"architecture": "SCMP_ARCH_X86_64", "subArchitectures": []}],
        "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 95}]})";

}  // namespace

TEST_CASE("a container has a filter of system calls unless it is launched without", "[container][seccomp]") {
  const Ground ground;
  CHECK(filter_of(ground.program({})) == "2");
  LaunchSpec spec = ground.program({});
  spec.seccomp = Seccomp::unconfined();
  CHECK(filter_of(std::move(spec)) == "0");
  spec = ground.program({});
  spec.no_new_privileges = false;
  spec.argv = {"cat", "/proc/self/status"};
  const std::string status = output_of(std::move(spec));
  CHECK(field_of(status, "Seccomp") == "2");
  CHECK(field_of(status, "NoNewPrivs") == "0");
  CHECK(field_of(status, "CapPrm") == "00000000800405fb");
  CHECK(field_of(status, "CapEff") == "00000000800405fb");
}

#ifdef __x86_64__
TEST_CASE("what Docker forbids fails with the errno it fails with there", "[container][seccomp]") {
  const Ground ground;
  CHECK(output_of(calling(ground, R"(
call("AF_ALG", 41, 38, 5, 0)
call("AF_VSOCK", 41, 40, 1, 0)
call("AF_ALG in 32 of 64 bits", 41, 0x100000026, 5, 0)
call("AF_INET", 41, 2, 1, 0)
call("AF_UNIX", 41, 1, 1, 0)
call("keyctl", 250, 0, -3, 0)
call("add_key", 248, 0, 0, 0, 0, 0)
call("bpf", 321, 0, 0, 0)
call("mount", 165, 0, 0, 0, 0, 0)
call("unshare", 272, 0x10000000)
call("clone", 56, 0x10000011, 0, 0, 0, 0)
call("clone3", 435, 0, 0)
call("io_uring_setup", 425, 0, 0)
call("userfaultfd", 323, 0)
call("600", 600)
call("400", 400)
call("personality", 135, 0xffffffff)
call("READ_IMPLIES_EXEC", 135, 0x0400000)
call("x32 getpid", 0x40000000 + 39)
)")) == "AF_ALG EPERM\nAF_VSOCK EPERM\nAF_ALG in 32 of 64 bits EPERM\nAF_INET ok\nAF_UNIX ok\nkeyctl EPERM\nadd_key "
        "EPERM\n"
        "bpf EPERM\nmount EPERM\nunshare EPERM\nclone EPERM\nclone3 ENOSYS\nio_uring_setup EPERM\nuserfaultfd EPERM\n"
        "600 ENOSYS\n400 ENOSYS\npersonality ok\nREAD_IMPLIES_EXEC EPERM\nx32 getpid ENOSYS\n");
}

TEST_CASE("the entries for 32 bit and for x32 are filtered like that for 64 bit", "[container][seccomp]") {
  const Ground ground;
  const std::string seen = output_of(calling(ground, R"(
import mmap, os
# push rbx; mov eax, edi; mov ebx, esi; xchg ecx, edx; xor esi, esi; xor edi, edi; int 0x80; pop rbx; cdqe; ret
code = bytes.fromhex("5389f889f387d131f631ffcd805b4898c3")
page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
page.write(code)
enter = ctypes.CFUNCTYPE(ctypes.c_long, *[ctypes.c_int] * 4)(ctypes.addressof(ctypes.c_char.from_buffer(page)))
def call32(name, *arguments):
  result = enter(*(arguments + (0, 0, 0))[:4])
  print(name, "ok" if result >= 0 else errno.errorcode.get(-result))
child = os.fork()
if child == 0:
  enter(20, 0, 0, 0)
  os._exit(0)
if os.waitpid(child, 0)[1] != 0:
  print("no 32 bit")
  sys.exit()
call32("getpid", 20)
call32("mount", 21, 0, 0, 0)
call32("keyctl", 288, 0, -3, 0)
call32("unshare", 310, 0x10000000)
call32("AF_ALG", 359, 38, 5, 0)
call32("AF_UNIX", 359, 1, 1, 0)
call32("clone3", 435)
call32("600", 600)
call("x32 mount", 0x40000000 + 165, 0, 0, 0, 0, 0)
call("x32 keyctl", 0x40000000 + 250, 0, -3, 0)
call("x32 clone3", 0x40000000 + 435, 0, 0)
)"));
  if (seen == "no 32 bit\n") {
    skip("this kernel runs no programs of 32 bits");
    return;
  }
  CHECK(seen ==
        "getpid ok\nmount EPERM\nkeyctl EPERM\nunshare EPERM\nAF_ALG EPERM\nAF_UNIX ok\nclone3 ENOSYS\n600 ENOSYS\n"
        "x32 mount EPERM\nx32 keyctl EPERM\nx32 clone3 ENOSYS\n");
}

TEST_CASE("a capability brings the system calls it is for", "[container][seccomp]") {
  const Ground ground;
  LaunchSpec spec = ground.shell("mount -t tmpfs none /mnt && unshare -m true && echo done");
  spec.add_capabilities = {"SYS_ADMIN"};
  CHECK(output_of(std::move(spec)) == "done\n");
}
#endif

TEST_CASE("what programs need works with the filter", "[container][seccomp]") {
  const Ground ground;
  CHECK(output_of(ground.program({"python3", "-c", R"py(
import socket, subprocess, threading
seen = []
threads = [threading.Thread(target=seen.append, args=(n,)) for n in range(4)]
[t.start() for t in threads]; [t.join() for t in threads]
ping = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP)
ping.settimeout(5)
ping.sendto(b"\x08\0\0\0\0\0\0\1", ("127.0.0.1", 0))
print(sorted(seen), ping.recv(100)[:1], subprocess.run(["sh", "-c", "echo $((2 + 2))"], capture_output=True).stdout)
)py"})) == "[0, 1, 2, 3] b'\\x00' b'4\\n'\n");
}

TEST_CASE("a profile can be a text or a file, and holds for exec and after a restart", "[container][seccomp]") {
  const Ground ground;
  const auto file = ground.path("profile.json");
  std::ofstream{file} << kNoMkdir;
  for (const Seccomp& profile : {Seccomp::json(kNoMkdir), Seccomp::file(file)}) {
    Collector out;
    LaunchSpec spec = ground.shell("mkdir /tmp/new || echo refused; sleep 60");
    spec.seccomp = profile;
    spec.name = "filtered";
    spec.out = out.stdio();
    Container container = Container::launch(std::move(spec));
    CHECK(out.wait_for("refused\n"));
    const auto refused = [&](const Container& one) {
      const Process process = one.exec({.argv = {"mkdir", "/tmp/more"}, .out = Stdio::null(), .err = Stdio::null()});
      return !process.wait().success();
    };
    CHECK(refused(container));
    CHECK(refused(ground.containers().get("filtered")));
    std::ofstream{file} << "{}";  // the container keeps what it was launched with
    container.restart(std::chrono::milliseconds{0});
    CHECK(refused(container));
    std::ofstream{file} << kNoMkdir;
  }
}

TEST_CASE("a host that is filtered itself launches containers, whose filters come on top", "[container][seccomp]") {
  const Ground ground;
  const auto filters = [&](Seccomp seccomp) {
    const DoneApart done = do_apart([&] {
      const auto number = static_cast<std::uint32_t>(SYS_acct);
      std::array<sock_filter, 4> program{{BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
                                          BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
                                          BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
                                          BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)}};
      const sock_fprog all{program.size(), program.data()};
      if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &all) != 0 &&
          (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
           ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &all) != 0)) {
        return std::string{"no filter"};
      }
      LaunchSpec spec = ground.program({"cat", "/proc/self/status"});
      spec.seccomp = std::move(seccomp);
      std::string seen;
      const std::string refused = message_of([&] { seen = outcome_of(std::move(spec)).out; });
      return refused.empty() ? field_of(seen, "Seccomp_filters") : refused;
    });
    return done.words;
  };
  if (who() == Launcher::Range) {
    // newuidmap, which is set-user-ID root, gains nothing in such a host
    CHECK_THAT(filters(Seccomp::standard()), Catch::Contains("start this program without no_new_privs"));
    return;
  }
  CHECK(filters(Seccomp::standard()) == "2");
  CHECK(filters(Seccomp::unconfined()) == "1");
}

TEST_CASE("a further program of a container has the container's filter, once", "[container][seccomp]") {
  const Ground ground;
  for (const bool no_new_privileges : {true, false}) {
    for (const auto& [profile, mode, filters] :
         {std::tuple{Seccomp::standard(), "2", "1"}, std::tuple{Seccomp::unconfined(), "0", "0"}}) {
      LaunchSpec spec = ground.program({"sleep", "1000"});
      spec.no_new_privileges = no_new_privileges;
      spec.seccomp = profile;
      const Container container = Container::launch(std::move(spec));
      const Outcome seen = outcome_of(container, {.argv = {"cat", "/proc/self/status"}});
      CHECK(field_of(seen.out, "Seccomp") == mode);
      CHECK(field_of(seen.out, "Seccomp_filters") == filters);
    }
  }
}

TEST_CASE("a wrong profile is refused with its place, and nothing is started", "[container][seccomp]") {
  const Ground ground;
  LaunchSpec spec = ground.program({"true"});
  spec.seccomp =
      Seccomp::json(R"({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["read"], "action": "x"}]})");
  std::string message;
  try {
    (void)run(std::move(spec));
  } catch (const LaunchError& error) {
    message = error.what();
  }
  CHECK_THAT(message, Catch::Contains("line 1: syscalls[0].action") && Catch::Contains("Seccomp::standard()"));
}

TEST_CASE("a profile that forbids even to execute or to end is an error, not a hang", "[container][seccomp]") {
  const Ground ground;
  for (const bool no_new_privileges : {true, false}) {
    LaunchSpec spec = ground.program({"true"});
    spec.no_new_privileges = no_new_privileges;
    spec.seccomp = Seccomp::json(R"({"defaultAction": "SCMP_ACT_ERRNO"})");
    CHECK_THROWS_AS(run(std::move(spec)), LaunchError);
  }
}
