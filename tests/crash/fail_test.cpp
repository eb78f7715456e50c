// SPDX-License-Identifier: Apache-2.0
// One system call fails after the other, once or from then on. The call on the store is done, or it says in one
// sentence what failed and has changed nothing; the process keeps nothing of it, and a second try works.
//
// DUNNAGE_CRASHES=10000 has so many calls of each operation fail, which is all of them, and each with all of its
// errors.

#include "crash/failures.hpp"
#include "crash/places.hpp"
#include "support/call_errors.hpp"
#include "support/catch.hpp"
#include "support/requires.hpp"

#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>

namespace dunnage::test {

TEST_CASE("T-2: any system call that fails on volumes leaves each done or undone, and is told", "[crash]") {
  fail_each(volume_operations(), 24);
}

TEST_CASE("T-2: any system call that fails on histories of volumes leaves each done or undone, and is told",
          "[crash]") {
  fail_each(history_operations(), 12);
}

// Other names of a file wait for the copy of its first one; they waited for ever when it could not be looked at. So did
// the host of a worker that could not wait for its own end.
TEST_CASE("T-2: each look and each wait that fails while a snapshot is cloned is told, and nobody waits for ever",
          "[crash]") {
  auto operations = history_operations();
  std::erase_if(operations, [](const StoreOperation& operation) { return operation.name != "clone a snapshot"; });
  REQUIRE(operations.size() == 1);
  hit_each(operations, [](const Bench& bench) {
    for (const CallFault& fault : failures_of(bench.calls())) {
      const bool look = fault.call == SYS_statx && fault.error == EIO;
      if (look || (fault.call == SYS_ppoll && fault.error == ENOMEM)) (void)fail_at(bench, fault);
    }
  });
}

TEST_CASE("T-2: any system call that fails while volumes are moved leaves each done or undone, and is told",
          "[crash]") {
  fail_each(move_operations(), 12);
}

TEST_CASE("T-2: any system call that fails on images leaves each done or undone, and is told", "[crash]") {
  fail_each(image_operations(), 24);
}

TEST_CASE("T-2: any system call that fails on transactions leaves each done, undone, or to be done by the next call",
          "[crash]") {
  fail_each(transaction_operations(), 8);
}

TEST_CASE("T-2: any system call that fails on the limit of a volume leaves it as it was or as it is to be", "[crash]") {
  if (!requires_root() || !requires_program("mkfs.ext4")) return;
  fail_each(limit_operations(), 6);
}

// Of containers that are launched any call fails in launch_fail_test.cpp.
TEST_CASE("T-2: any system call that fails while volumes are filled or containers removed is told", "[crash]") {
  std::vector<StoreOperation> operations = container_operations();
  std::erase_if(operations, [](const StoreOperation& operation) {
    return !operation.name.starts_with("fill") && !operation.name.starts_with("remove");
  });
  REQUIRE(operations.size() == 3);
  fail_each(operations, 14);
}

TEST_CASE("T-2: a message of a launch that cannot be sent, by host or launcher, is told at once", "[crash]") {
  hit_each(talking_operations(), [](const Bench& bench) {
    const auto messages = static_cast<std::size_t>(std::ranges::count(bench.calls(), SYS_sendmsg));
    REQUIRE(messages >= 3);
    std::vector<CallFault> faults;
    for (std::size_t at = 0; at < messages; ++at) {
      for (const bool persists : {false, true}) {
        faults.push_back(
            {.kind = CallFault::Kind::Fail, .at = at, .call = SYS_sendmsg, .error = ENOBUFS, .persists = persists});
      }
    }
    for (const CallFault& fault : some_of(faults, crashes_of_each(4))) (void)fail_at(bench, fault);
  });
}

TEST_CASE("T-2: any system call that fails while mounts of a container are changed leaves each done or undone",
          "[crash][live]") {
  fail_each(live_operations(), 8);
}

TEST_CASE("T-2: any system call that fails while files are copied leaves each as it was or as it is to be, and is told",
          "[crash][cp]") {
  fail_each(copy_operations(), 3);
}

// A container was asked by a call that threw what is no Error; where no descriptor was to be had, or an archive could
// not be looked at, the error was of what came next.
TEST_CASE("T-2: each descriptor that cannot be had while files are copied is told as that", "[crash][cp]") {
  const std::map<std::string, std::vector<long>> calls{
      {"copy an archive into a volume", {SYS_newfstatat}},
      {"copy an archive out of a volume", {SYS_fcntl}},
      {"copy into a container that runs", {SYS_socketpair, SYS_openat}},
  };
  auto operations = copy_operations();
  std::erase_if(operations, [&](const StoreOperation& operation) { return !calls.contains(operation.name); });
  REQUIRE(operations.size() == calls.size());
  hit_each(operations, [&](const Bench& bench) {
    const auto& wanted = calls.at(bench.operation().name);
    for (const CallFault& fault : failures_of(bench.calls())) {
      const bool first = fault.error == errors_of_call(fault.call).front() && fault.at < 12;
      const bool look = fault.call == SYS_newfstatat
                            ? fault.error == ENOMEM && fault.persists && fault.at > 14 && fault.at < 20
                            : first && !fault.persists;
      if (look && std::ranges::count(wanted, fault.call) > 0) (void)fail_at(bench, fault);
    }
  });
}

TEST_CASE("T-2: any system call that fails while a project goes up or down is told, and the next one does the rest",
          "[crash][project]") {
  fail_each(up_operations(), 2);
  fail_each(up_operations(), 2, CallFault::Maker::Launcher);
  fail_each(down_operations(), 2);
  fail_each(down_operations(), 2, CallFault::Maker::Launcher);
}

TEST_CASE("T-2: any system call that fails while a file system in a file is mounted is told and leaves no device",
          "[crash][disk]") {
  if (!requires_root() || !requires_program("mkfs.ext4")) return;
  fail_each(disk_operations(), 5);
  fail_each(disk_operations(), 5, CallFault::Maker::Launcher);
  hit_each(disk_operations(), [](const Bench& bench) {
    for (const CallFault& fault : failures_of(bench.calls_of(maker_of(bench)), maker_of(bench))) {
      const bool mounts = fault.call == SYS_ioctl || fault.call == SYS_fsconfig || fault.call == SYS_fsmount;
      if (mounts && !fault.persists && fault.error == ENOMEM) (void)fail_at(bench, fault);
    }
  });
}

TEST_CASE("T-2: any system call that fails while a container is restarted is told, and the next one does it",
          "[crash][restart]") {
  fail_each(restart_operations(), 3);
  fail_each(restart_operations(), 3, CallFault::Maker::Launcher);
  // whoever waits for the end of a container took a wait that failed for that end
  hit_each({restart_operations().front()}, [](const Bench& bench) {
    for (const CallFault& fault : failures_of(bench.calls_of(CallFault::Maker::Host), CallFault::Maker::Host)) {
      if (fault.call == SYS_ppoll && fault.error == ENOMEM && !fault.persists) (void)fail_at(bench, fault);
    }
  });
}

TEST_CASE("T-2: a sync that fails once, fails the call for good, and nothing of it stays", "[crash]") {
  if (!requires_tracing()) return;
  std::vector<StoreOperation> operations = all_operations();
  for (StoreOperation& operation : transaction_operations()) {
    if (!operation.resumes) operations.push_back(std::move(operation));
  }
  for (const StoreOperation& operation : operations) {
    const auto place = make_place("memory");
    CAPTURE(operation.name);
    const Bench bench{operation, place->path()};
    for (const CallFault& fault : failures_of(bench.calls())) {
      const bool sync = fault.call == SYS_fsync || fault.call == SYS_fdatasync || fault.call == SYS_syncfs;
      if (!sync || fault.persists || fault.error == EINTR) continue;
      const TracedRun run = bench.run(fault);
      CAPTURE(name_of_call(fault.call), fault.at, std::strerror(fault.error), run.words);
      REQUIRE(verdict_of(run) == Verdict::Refused);
      REQUIRE(bench.is_undone(bench.state(), false));
      bench.reset();
    }
  }
}

}  // namespace dunnage::test
