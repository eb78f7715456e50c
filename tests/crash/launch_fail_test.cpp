// SPDX-License-Identifier: Apache-2.0
// Launches, and what is asked of containers, of which one system call fails after the other: of the host, of its
// launcher, and of the first process of the container until it is the program. Each is as it should be, or it says in
// one sentence what failed; nothing of it is left, in the launcher neither, and the next one is as it should be.

#include "crash/failures.hpp"
#include "support/call_errors.hpp"
#include "support/catch.hpp"
#include "support/find_program.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <string_view>

namespace dunnage::test {
namespace {

using Maker = CallFault::Maker;

/// Calls whose failure may be of no consequence: what is launched is as it should be, and nobody is told. All others
/// have to be told.
struct Harmless {
  Maker maker;
  long call;
  const char* why;
};

constexpr Harmless kHarmless[] = {
    {Maker::Host, SYS_close, "the kernel closes, whatever it answers"},
    {Maker::Host, SYS_fcntl, "whether somebody has a lock is asked once more before anything depends on it"},
    {Maker::Host, SYS_getcwd, "only paths that are not full need it"},
    {Maker::Host, SYS_getdents64, "of what others have left; the next sweep looks again"},
    {Maker::Host, SYS_newfstatat, "for a reason in the plan, or for a listing, which are without it then"},
    {Maker::Host, SYS_openat, "likewise"},
    {Maker::Host, SYS_openat2, "likewise; the source itself is opened by a call that is told"},
    {Maker::Host, SYS_statx, "likewise; whether a source answers, which its opening tells"},
    {Maker::Host, SYS_readlinkat, "likewise"},
    {Maker::Host, SYS_faccessat, "likewise"},
    {Maker::Host, SYS_faccessat2, "likewise"},
    {Maker::Host, SYS_poll, "taken for a time that is over; what is waited for is looked at all the same"},
    {Maker::Host, SYS_ppoll, "likewise"},
    {Maker::Host, SYS_prctl, "asked for the words of a remedy, and for bits that are not set as a rule"},
    {Maker::Host, SYS_unlinkat, "of what nobody finds any more; the next sweep takes it"},
    {Maker::Host, SYS_utimensat, "when a volume was last used; the note is older then"},
    {Maker::Host, SYS_ioctl, "the size of a terminal that this process may not have"},
    {Maker::Host, SYS_mmap, "the C library has other ways to get memory"},
    {Maker::Launcher, SYS_close, "the kernel closes, whatever it answers"},
    {Maker::Launcher, SYS_epoll_ctl, "what is not waited for any more is closed next"},
    {Maker::Launcher, SYS_fchown, "who does not own a stream only cannot open it once more by its name in /dev"},
    {Maker::Launcher, SYS_fcntl, "closing a lock gives it up as well"},
    {Maker::Launcher, SYS_fsconfig, "of a name that is only shown in mountinfo"},
    {Maker::Launcher, SYS_openat, "settings of the launcher's own, which are the kernel's as a rule"},
    {Maker::Launcher, SYS_openat2, "a mount point that is not found the short way is looked for the long one"},
    {Maker::Launcher, SYS_ppoll, "a broker that cannot wait has ended, and another launcher does it"},
    {Maker::Launcher, SYS_prctl, "of the launcher's own name and slack"},
    {Maker::Launcher, SYS_keyctl, "an ordinary user's launcher has the keys of its host then, its containers none"},
    {Maker::Launcher, SYS_read, "that a signal has come is all there is to know of it"},
    {Maker::Launcher, SYS_renameat2, "a record that cannot be removed stays as that of a container that has ended"},
    {Maker::Launcher, SYS_unlinkat, "what is in the trash is taken by the next sweep"},
    {Maker::Launcher, SYS_utimensat, "when a volume was last used; the note is older then"},
    {Maker::Launcher, SYS_write, "the state of a container that has ended is told by its lock, too"},
    {Maker::Launcher, SYS_writev, "likewise; a log is without what a full disk did not take"},
    {Maker::Launcher, SYS_mmap, "memory that is asked for once more"},
};

/// Failures that have another end than a launch that is done or told.
struct Fatal {
  std::string_view operation;
  long call;
  std::size_t first;  ///< from this one on: the first process of what is executed makes the same call beside it
  const char* why;
};

constexpr Fatal kFatal[] = {
    // Its children would be born in a foreign namespace from then on: it ends, all its containers with it, and the host
    // hears that it has lost its launcher.
    {"execute in a container", SYS_setns, 1, "the launcher cannot come back from the namespace it gives birth in"},
};

bool is_harmless(const CallFault& fault) {
  return fault.error == EINTR || std::ranges::any_of(kHarmless, [&](const Harmless& one) {
           return one.maker == fault.maker && one.call == fault.call;
         });
}

bool is_fatal(const StoreOperation& operation, const CallFault& fault) {
  return fault.maker == Maker::Launcher && std::ranges::any_of(kFatal, [&](const Fatal& one) {
           return one.operation == operation.name && one.call == fault.call && fault.at >= one.first;
         });
}

/// A mount that is held for the next start stays as long as the launcher if it cannot be taken off for ever.
bool is_held_for_ever(const CallFault& fault) { return fault.call == SYS_umount2 && fault.persists; }

void fail_launches(const std::vector<StoreOperation>& operations, std::size_t usual, Maker maker) {
  hit_each(
      operations,
      [&](const Bench& bench) {
        const std::string& name = bench.operation().name;
        // how a second start fails is told by the exit status; what a new launcher makes ahead and cannot make is made
        // by the next launch itself
        const bool untold =
            name.ends_with("started again") || (maker == Maker::Launcher && name.starts_with("start a launcher"));
        const auto all = failures_of(bench.calls_of(maker), maker);
        REQUIRE_FALSE(all.empty());
        for (const CallFault& fault : some_of(all, crashes_of_each(usual))) {
          if (is_fatal(bench.operation(), fault) || is_held_for_ever(fault)) continue;
          const Verdict verdict = fail_at(bench, fault);
          CAPTURE(name_of_call(fault.call), fault.at, fault.error, fault.persists);
          CHECK((verdict == Verdict::Refused || untold || is_harmless(fault)));
        }
      },
      Places::OfOneKind);
}

}  // namespace

TEST_CASE("T-2: any system call of the host that fails while it launches is told, and nothing is left",
          "[crash][launch][single-too]") {
  fail_launches(launch_operations(), 3, Maker::Host);
  if (::geteuid() == 0 && find_program("mkfs.ext4")) {
    fail_launches({limited_launch_operation()}, 6, Maker::Host);
  }
}

TEST_CASE("T-2: any system call of the launcher that fails while it launches is told, and nothing is left",
          "[crash][launch][single-too]") {
  fail_launches(launch_operations(), 4, Maker::Launcher);
}

TEST_CASE("T-2: any system call that fails while a container is asked for something is told, and nothing is left",
          "[crash][launch][single-too]") {
  fail_launches(asking_operations(), 2, Maker::Host);
  fail_launches(asking_operations(), 3, Maker::Launcher);
}

TEST_CASE("T-2: any system call that fails while a detached container is launched or replaced is told",
          "[crash][launch][single-too]") {
  std::vector<StoreOperation> operations = container_operations();
  std::erase_if(operations, [](const StoreOperation& operation) {
    return !operation.name.starts_with("launch") && !operation.name.starts_with("replace");
  });
  REQUIRE(operations.size() == 2);
  fail_each(operations, 4, Maker::Host);
  fail_each(operations, 4, Maker::Launcher);
}

}  // namespace dunnage::test
