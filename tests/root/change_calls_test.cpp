// SPDX-License-Identifier: Apache-2.0
// What changes of the mounts of a running container cost, in system calls: of the host, of its launcher and of the
// launcher's children, counted by a tracer, which no load of the machine changes.

#include "container/support.hpp"
#include "kernel/calls.hpp"
#include "support/sanitized.hpp"
#include "support/traced_program.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <map>
#include <utility>

namespace dunnage::test {
namespace {

constexpr std::size_t kRounds = 24;

/// System calls of one attach, one replace and one detach together, and a tenth more is too many. Say why if more are
/// wanted.
struct Kept {
  bool recorded;
  std::size_t calls;
};

/// Whether the kernel tells a mount by its number (Linux 6.8), so that the launcher reads no list.
bool tells_mounts() {
  constexpr unsigned kUniqueId = 0x4000;  // STATX_MNT_ID_UNIQUE
  struct statx status {};
  return ::statx(AT_FDCWD, "", AT_EMPTY_PATH, kUniqueId, &status) == 0 && (status.stx_mask & kUniqueId) != 0;
}

void change(Container& container, const Ground& ground) {
  (void)container.attach(BindMount{ground.path("one"), "/data"});
  (void)container.replace("/data", BindMount{ground.path("two"), "/data"});
  container.detach("/data");
}

std::size_t calls_of_changes(const Ground& ground, bool recorded) {
  const TracedRun run = trace([&](Account& account) {
    LaunchSpec spec = ground.program({"sleep", "1000"});
    spec.name = recorded ? "changed" : "";
    auto container = Container::launch(std::move(spec));
    change(container, ground);  // its place is there then, and its record was read
    account.begin();
    for (std::size_t round = 0; round < kRounds; ++round) change(container, ground);
    account.end();
    container.kill();
    (void)container.wait();
  });
  CAPTURE(run.words);
  CHECK(run.status == 0);
  std::map<long, std::size_t> made;
  for (const long call : run.calls) ++made[call];
  std::size_t in_each_round = 0;  // not what happens now and then: memory, and what the launcher makes ahead
  for (const auto& [call, times] : made) in_each_round += times / kRounds;
  return in_each_round;
}

TEST_CASE("a change of the mounts of a running container takes no more system calls than it did", "[live]") {
  if (!requires_root() || !requires_tracing()) return;
  if (kSanitized) return skip("sanitizers make calls of their own");
  if (!tells_mounts()) return skip("the kernel does not tell mounts by number, and is asked more often");
  const Ground ground;
  ground.directory().make("one");
  ground.directory().make("two");
  for (const auto& [recorded, calls] : {Kept{false, 155}, Kept{true, 212}}) {
    CAPTURE(recorded, calls);
    const std::size_t now = calls_of_changes(ground, recorded);
    CHECK(now <= calls + calls / 10);
    CHECK(now >= calls / 2);  // the tracer has seen launcher and children
  }
}

}  // namespace
}  // namespace dunnage::test
