// SPDX-License-Identifier: Apache-2.0
// Who may use a volume beside whom: exactly what the access modes say, between processes that may be killed.

#include "unit/volume_support.hpp"

#include <dunnage/error.hpp>

#include "volume/claim.hpp"
#include "volume/use.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include <array>
#include <chrono>
#include <optional>
#include <thread>

using namespace dunnage;
using namespace std::chrono_literals;
using test::message_of;
using test::TemporaryStore;
using volume::Claim;
using volume::VolumeUse;

namespace {

constexpr std::array kClaims{Claim::Presence, Claim::Read, Claim::Write, Claim::WriteAlone, Claim::Alone};

VolumeUse use(const TemporaryStore& temporary, const std::string& container, Claim claim,
              std::chrono::milliseconds timeout = 0ms) {
  return VolumeUse::acquire(temporary.root, "v", container, container, {.claim = claim, .timeout = timeout});
}

bool may_use(const TemporaryStore& temporary, Claim claim) {
  try {
    (void)use(temporary, "second", claim);
    return true;
  } catch (const VolumeError& error) {
    CHECK(error.code() == errc::volume_in_use);
    CHECK(error.users() == std::vector<std::string>{"first"});
    return false;
  }
}

}  // namespace

TEST_CASE("claims exclude each other as their table says, and as the kernel does", "[volume][access]") {
  TemporaryStore temporary;
  temporary.store.create("v");
  // rows hold, columns ask: Presence, Read, Write, WriteAlone, Alone
  constexpr bool kAllowed[5][5] = {{true, true, true, true, true},
                                   {true, true, true, true, false},
                                   {true, true, true, false, false},
                                   {true, true, false, false, false},
                                   {true, false, false, false, false}};
  for (std::size_t holder = 0; holder < kClaims.size(); ++holder) {
    const auto held = use(temporary, "first", kClaims[holder]);
    for (std::size_t asker = 0; asker < kClaims.size(); ++asker) {
      CAPTURE(to_string(kClaims[holder]), to_string(kClaims[asker]));
      CHECK(exclude_each_other(kClaims[holder], kClaims[asker]) != kAllowed[holder][asker]);
      CHECK(may_use(temporary, kClaims[asker]) == kAllowed[holder][asker]);
    }
    CHECK_THROWS_AS(temporary.store.remove("v"), VolumeError);
    CHECK_THROWS_AS(temporary.store.update("v", {.access = AccessMode::Exclusive}), VolumeError);
    CHECK(temporary.store.update("v", {.labels = {{"holder", std::to_string(holder)}}}).name() == "v");
  }
}

TEST_CASE("a mount claims what its mode and its writing ask", "[volume][access]") {
  CHECK(volume::claim_of(AccessMode::Shared, false) == Claim::Write);
  CHECK(volume::claim_of(AccessMode::Shared, true) == Claim::Read);
  CHECK(volume::claim_of(AccessMode::SingleWriter, false) == Claim::WriteAlone);
  CHECK(volume::claim_of(AccessMode::SingleWriter, true) == Claim::Read);
  CHECK(volume::claim_of(AccessMode::Exclusive, true) == Claim::Alone);
}

TEST_CASE("one container uses what it has alone at several places", "[volume][access]") {
  TemporaryStore temporary;
  temporary.store.create("v");
  std::optional<VolumeUse> first = use(temporary, "first", Claim::Alone);
  const auto beside =
      VolumeUse::acquire(temporary.root, "v", "first", "first", {.claim = Claim::Alone, .beside = &*first});
  CHECK_FALSE(may_use(temporary, Claim::Read));
  CHECK(temporary.store.users("v") == std::vector<std::string>{"first"});
}

TEST_CASE("who is excluded hears by whom, and may wait", "[volume][access]") {
  TemporaryStore temporary;
  temporary.store.create("v");
  std::optional<VolumeUse> held = use(temporary, "db", Claim::Alone);
  CHECK(message_of([&] { (void)use(temporary, "web", Claim::Write); }) ==
        "cannot use volume \"v\": its access mode lets no other in, and container \"db\" uses it: the volume is in use "
        "[EBUSY]; stop it first, or wait with access_timeout");
  CHECK(message_of([&] { (void)use(temporary, "web", Claim::WriteAlone, 20ms); }).find("container \"db\"") !=
        std::string::npos);
  std::thread ends{[&] {
    std::this_thread::sleep_for(50ms);
    held.reset();
  }};
  const auto waited = use(temporary, "web", Claim::Alone, 20s);
  ends.join();
  CHECK(temporary.store.users("v") == std::vector<std::string>{"web"});
}

TEST_CASE("of many processes one at a time has a volume alone, and a killed one lets go", "[volume][access]") {
  constexpr int kProcesses = 6;
  constexpr int kRounds = 15;
  TemporaryStore temporary;
  const auto data = temporary.store.create("v").mountpoint();
  int holds[2];
  REQUIRE(::pipe2(holds, O_CLOEXEC) == 0);
  const pid_t killed = test::start_process([&] {
    const auto held = use(temporary, "killed", Claim::Alone);
    if (::write(holds[1], "x", 1) != 1) throw std::runtime_error{"write"};
    ::pause();
  });
  char byte = 0;
  REQUIRE(::read(holds[0], &byte, 1) == 1);
  CHECK_THROWS_AS(use(temporary, "second", Claim::Read), VolumeError);
  std::vector<pid_t> processes;
  for (int process = 0; process < kProcesses; ++process) {
    processes.push_back(test::start_process([&temporary, &data, process] {
      const std::string me = std::to_string(process);
      for (int round = 0; round < kRounds; ++round) {
        const auto held = use(temporary, me, process % 2 == 0 ? Claim::Alone : Claim::WriteAlone, 60s);
        // mkdir fails if another one is in there
        if (::mkdir((data / "writer").c_str(), 0700) != 0) throw std::runtime_error{"somebody else is in there"};
        std::this_thread::yield();
        if (::rmdir((data / "writer").c_str()) != 0) throw std::runtime_error{"somebody else was in there"};
      }
    }));
  }
  REQUIRE(::kill(killed, SIGKILL) == 0);
  CHECK(WTERMSIG(test::wait_for(killed)) == SIGKILL);
  for (const pid_t process : processes) CHECK(test::wait_for(process) == 0);
  ::close(holds[0]);
  ::close(holds[1]);
  CHECK(temporary.store.users("v").empty());
  temporary.store.remove("v");
}
