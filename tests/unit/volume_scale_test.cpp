// SPDX-License-Identifier: Apache-2.0
// Stores of many volumes.

#include "unit/volume_support.hpp"

#include <dunnage/error.hpp>

#include "volume/metadata.hpp"

#include <sys/inotify.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <stdexcept>

using namespace dunnage;
using test::message_of;
using test::names_of;
using test::TemporaryStore;

namespace {

/// Makes volumes without syncing each.
void fill(const TemporaryStore& temporary, int count) {
  for (int index = 0; index < count; ++index) {
    VolumeInfo info{
        .name = "volume-" + std::to_string(index), .mountpoint = {}, .created_at = {}, .labels = {}, .owner = {}};
    info.labels = {{"parity", index % 2 == 0 ? "even" : "odd"}};
    const auto directory = temporary.root / "volumes" / info.name;
    std::filesystem::create_directories(directory / "_data");
    REQUIRE(::chmod(directory.c_str(), 0700) == 0);
    std::ofstream{directory / "metadata"} << volume::encode_metadata(info).value();
  }
}

/// How often `work` enters the kernel, in a forked process; what allocates memory is left out with the rest of it.
int stops_of(const std::function<void()>& work) {
  const pid_t child = test::start_process([&] {
    if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) throw std::runtime_error{"ptrace"};
    (void)::raise(SIGSTOP);
    work();
    (void)::raise(SIGSTOP);
  });
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFSTOPPED(status));
  int stops = 0;
  do {
    REQUIRE(::ptrace(PTRACE_SYSCALL, child, nullptr, nullptr) == 0);
    REQUIRE(::waitpid(child, &status, 0) == child);
    ++stops;
  } while (WIFSTOPPED(status) && WSTOPSIG(status) == SIGTRAP);
  CHECK(WIFSTOPPED(status));
  REQUIRE(::ptrace(PTRACE_DETACH, child, nullptr, nullptr) == 0);
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  return stops / 2;
}

}  // namespace

TEST_CASE("opening, getting, finding, creating and removing ask the kernel as often among 3,000 volumes as among 3",
          "[volume][scale]") {
  TemporaryStore few;
  TemporaryStore many;
  fill(few, 3);
  fill(many, 3000);
  const auto both = [&](const std::function<void(VolumeStore&)>& work) {
    const int calls_few = stops_of([&] { work(few.store); });
    const int calls_many = stops_of([&] { work(many.store); });
    CAPTURE(calls_few, calls_many);
    // the allocator may ask for memory once more; a walk would take thousands
    CHECK(calls_few > 0);
    CHECK(std::abs(calls_many - calls_few) <= 3);
  };
  both([](VolumeStore& store) { (void)VolumeStore::open(store.root()); });
  both([](VolumeStore& store) { (void)store.get("volume-2"); });
  both([](VolumeStore& store) { (void)store.find("absent"); });
  both([](VolumeStore& store) { (void)store.create("new"); });
  both([](VolumeStore& store) { (void)store.get_or_create("new"); });
  both([](VolumeStore& store) { (void)store.users("new"); });
  both([](VolumeStore& store) { store.remove("new"); });
}

TEST_CASE("thousands of volumes are listed by name and by label, and what is no volume is passed over",
          "[volume][scale]") {
  TemporaryStore temporary;
  fill(temporary, 3000);
  std::ofstream{temporary.root / "volumes" / ".foreign"} << "x";
  std::ofstream{temporary.root / "volumes" / "volume-7" / "metadata"} << "x";
  std::vector<std::string> damaged{"of before"};
  const auto names = names_of(temporary.store.list({}, damaged));
  CHECK(names.size() == 2999);
  CHECK(std::is_sorted(names.begin(), names.end()));
  CHECK(damaged == std::vector<std::string>{"volume-7"});
  CHECK(damaged == temporary.store.damaged());
  CHECK(temporary.store.list({.labels = {{"parity", "even"}}}).size() == 1500);
  CHECK(temporary.store.list({.labels = {{"parity", "odd"}}}).size() == 1499);
  CHECK(temporary.store.list({.labels = {{"other", std::nullopt}}}).empty());
}

TEST_CASE("an error about a missing volume does not look through a store of very many", "[volume][scale]") {
  TemporaryStore temporary;
  fill(temporary, 4096);
  CHECK(message_of([&] { (void)temporary.store.get("volume-00"); }).find("did you mean") != std::string::npos);
  temporary.store.create("one-more");
  CHECK(message_of([&] { (void)temporary.store.get("volume-00"); }) ==
        "cannot get volume \"volume-00\": no such volume [ENOENT]; create it first, or list the volumes");
}

TEST_CASE("pruning thousands of volumes never fills the trash with them", "[volume][scale]") {
  TemporaryStore temporary;
  fill(temporary, 2500);
  const int watch = ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  REQUIRE(watch >= 0);
  REQUIRE(::inotify_add_watch(watch, (temporary.root / "trash").c_str(), IN_MOVED_TO | IN_DELETE) >= 0);
  CHECK(temporary.store.prune(true).removed.size() == 2500);
  int held = 0;
  int most = 0;
  alignas(inotify_event) char buffer[65536];
  for (ssize_t size = 0; (size = ::read(watch, buffer, sizeof buffer)) > 0;) {
    for (ssize_t at = 0; at < size;) {
      const auto* event = reinterpret_cast<const inotify_event*>(buffer + at);
      held += (event->mask & IN_MOVED_TO) != 0 ? 1 : -1;
      most = std::max(most, held);
      at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
    }
  }
  ::close(watch);
  CHECK(held == 0);
  CHECK(most > 0);
  CHECK(most <= 1024);
  CHECK(temporary.store.list().empty());
}
