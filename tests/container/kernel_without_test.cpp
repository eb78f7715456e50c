// SPDX-License-Identifier: Apache-2.0
// Kernels without a call that is used where it is there.

#include "container/support.hpp"
#include "support/apart.hpp"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <string>

using namespace dunnage;
using namespace dunnage::test;

namespace {

constexpr unsigned kOpenTreeAttr = 467;

/// From here on this process, and what it starts, has no such call.
bool take_call_away(unsigned number) {
  sock_filter rules[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  const sock_fprog program{sizeof rules / sizeof rules[0], rules};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}

std::string mounts_below_many(const Ground& ground, const MountSet& mounts) {
  std::string text;
  for (const MountLine& line : parse_mountinfo(output_of(ground.program({"cat", "/proc/self/mountinfo"}, mounts)))) {
    if (!line.target.starts_with("/many/")) continue;
    text += line.target + " " + line.root;
    for (const std::string& option : line.options) text += " " + option;
    for (const std::string& type : line.propagation) text += " " + type;
    text += "\n";
  }
  return text;
}

}  // namespace

TEST_CASE("a kernel without open_tree_attr(2) mounts by two calls, and the same", "[container][mounts][places]") {
  if (who() == Launcher::Range) return;  // newuidmap, which is set-user-ID root, gains nothing in such a host
  const Ground ground;
  const auto source = ground.directory().make("source");
  MountSet mounts;
  for (int number = 0; number < 40; ++number) {
    mounts.add(BindMount{source,
                         "/many/" + std::to_string(number),
                         {.read_only = number % 2 == 0,
                          .recursion = number % 5 == 0 ? Recursion::Disabled : Recursion::Enabled,
                          .exec = number % 3 == 0}});
  }
  const std::string with = mounts_below_many(ground, mounts);
  CHECK(std::count(with.begin(), with.end(), '\n') == 40);
  const DoneApart without =
      do_apart([&] { return take_call_away(kOpenTreeAttr) ? mounts_below_many(ground, mounts) : "no filter"; });
  CHECK(without.status == 0);
  CHECK(without.words == with);
}
