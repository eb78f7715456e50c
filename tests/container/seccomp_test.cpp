// SPDX-License-Identifier: Apache-2.0
// Which system calls a program in a container may make.

#include "container/support.hpp"

#include <fstream>

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
  CHECK_THAT(message, Catch::Contains("syscalls[0].action"));
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
