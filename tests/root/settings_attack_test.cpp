// SPDX-License-Identifier: Apache-2.0
// P-7: a container whose mounts travel, by shared propagation, into what another one starts from, mounts over the
// places whose files the start writes and reads. What is to be written is written to the right file or not at all, and
// the settings of the machine are as they were.

#include "container/rootfs_support.hpp"
#include "root/own_mounts.hpp"
#include "support/difference.hpp"
#include "support/host.hpp"
#include "support/rounds.hpp"

#include <sys/mount.h>

using namespace dunnage;
using namespace dunnage::test;

namespace {

namespace fs = std::filesystem;

/// Settings of the machine that nobody changes while the tests run, as text.
std::string machine_settings() {
  std::string text;
  for (const char* name : {"kernel/core_pattern",
                           "kernel/core_pipe_limit",
                           "kernel/modprobe",
                           "kernel/poweroff_cmd",
                           "kernel/sysrq",
                           "kernel/panic",
                           "kernel/panic_on_oops",
                           "kernel/hostname",
                           "kernel/domainname",
                           "kernel/randomize_va_space",
                           "kernel/overflowuid",
                           "kernel/kptr_restrict",
                           "kernel/dmesg_restrict",
                           "kernel/unprivileged_bpf_disabled",
                           "kernel/yama/ptrace_scope",
                           "vm/overcommit_memory",
                           "vm/panic_on_oom",
                           "vm/swappiness",
                           "vm/drop_caches",
                           "fs/protected_symlinks",
                           "fs/protected_hardlinks",
                           "fs/suid_dumpable",
                           "fs/file-max",
                           "net/ipv4/ip_forward",
                           "net/ipv4/ping_group_range",
                           "net/ipv4/ip_unprivileged_port_start"}) {
    text += std::string{name} + " " + file_text(fs::path{"/proc/sys"} / name);
    if (text.back() != '\n') text += '\n';
  }
  return text;
}

/// Shell that mounts over the places of a root at /g/root, and over its own, and unmounts again, without end.
constexpr auto kAttack =
    "mkdir -p /g/fake/self/attr /g/fake/sys/kernel; "
    "for f in self/attr/exec self/oom_score_adj sys/kernel/hostname sysrq-trigger; do echo planted > /g/fake/$f; done; "
    "while :; do "
    "  for p in proc sys dev etc; do mount --bind /g/fake /g/root/$p; done; "
    "  mount --bind /g/fake /proc/sys; mount --bind /g/fake/self/attr /proc/self/attr; "
    "  mount --bind /proc/sysrq-trigger /g/root/proc/self/oom_score_adj; "
    "  echo x >> /g/rounds; "
    "  umount /g/root/proc/self/oom_score_adj; umount /proc/sys; umount /proc/self/attr; "
    "  for p in proc sys dev etc; do umount /g/root/$p; done; "
    "done 2>/dev/null";

/// What a start writes, and where it can be read again.
constexpr auto kLook =
    "stat -f -c '%n %t' /proc /sys /dev; cat /proc/sys/kernel/hostname /proc/self/oom_score_adj "
    "/proc/sys/net/ipv4/ping_group_range; grep NoNewPrivs /proc/self/status; cat /proc/self/coredump_filter; "
    "find /proc /sys -xdev -maxdepth 2 -name fake; for p in /proc/sys /proc/bus; do touch $p/x 2>/dev/null && echo $p; "
    "done; exit 0";

LaunchSpec looking(const DirectoryRoot& root) {
  LaunchSpec spec = root.shell(kLook);
  spec.hostname = "box";
  return spec;
}

/// Starts while the attack goes on. \return how often it started
int start_meanwhile(const DirectoryRoot& root, const std::string& expected, const std::function<bool()>& begun) {
  require(eventually(begun), "the attack goes on");
  int started = 0;
  for (Rounds rounds{30}; rounds.next(started > 0);) {
    try {
      expect(outcome_of(looking(root)).out, expected);
      ++started;
    } catch (const Error& error) {
      require(!error.remedy().empty(), error.what());
    }
  }
  return started;
}

}  // namespace

TEST_CASE("P-7: mounts that travel into the root of another container lead none of what its start writes elsewhere",
          "[root][mounts][attack][race]") {
  if (!requires_root()) return;
  const Ground ground;
  const DirectoryRoot root{ground};
  for (const char* name : {"proc", "sys", "dev", "etc"}) ground.directory().make(std::string{"root/"} + name);
  const std::string settings = machine_settings();
  CHECK(with_own_mounts(MS_SHARED, [&] {
    const std::string expected = outcome_of(looking(root)).out;
    require(expected.find("/proc 9fa0\n/sys 62656572\n/dev 1021994\nbox\n0\n") == 0, "undisturbed: " + expected);
    LaunchSpec attacker =
        ground.shell(kAttack, {BindMount{ground.directory().path(), "/g", {.propagation = Propagation::RShared}}});
    attacker.add_capabilities = {"SYS_ADMIN"};
    const Container attack = Container::launch(std::move(attacker));
    const auto rounds = [&] { return ground.directory().read("rounds").size(); };
    const int started = start_meanwhile(root, expected, [&] { return rounds() > 4; });
    require(started > 0, "it starts");
    require(rounds() > 20, "the attack went on");
    attack.kill();
    (void)attack.wait();
    require(ground.directory().read("fake/self/attr/exec") == "planted\n", "nothing was written to what was planted");
    require(ground.directory().read("fake/self/oom_score_adj") == "planted\n", "nor there");
  }));
  CHECK(line_difference(settings, machine_settings()) == "");
}
