// SPDX-License-Identifier: Apache-2.0
// T-7: eight processes of eight threads ask everything of one store at once: volumes, their uses, snapshots and
// containers, names of images, transactions. Every single answer is explained by one order of all calls, which keeps to
// what came after what. The tests that count winners say that nothing is done twice; this one says that nothing else is
// wrong, either: nobody saw what was gone, what was not there yet, or what was never so.
//
// DUNNAGE_ATTACK_SECONDS=600 goes on for so long.

#include "crash/places.hpp"
#include "root/asker.hpp"
#include "root/linearizable.hpp"
#include "support/apart.hpp"
#include "support/catch.hpp"
#include "support/requires.hpp"
#include "support/rounds.hpp"
#include "unit/volume_support.hpp"

#include <dunnage/container_store.hpp>
#include <dunnage/image_store.hpp>
#include <dunnage/store_check.hpp>
#include <dunnage/volume_store.hpp>

#include <sys/mman.h>

#include <fstream>
#include <mutex>
#include <new>
#include <thread>

namespace dunnage::test {
namespace {

namespace fs = std::filesystem;
using Kind = Call::Kind;
using Answer = Call::Answer;

constexpr int kProcesses = 8;
constexpr int kThreads = 8;
constexpr int kCalls = 16;  // of each thread

class SharedHistory {
 public:
  SharedHistory()
      : memory_{::mmap(nullptr, sizeof(CallHistory), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)} {
    REQUIRE(memory_ != MAP_FAILED);
    history_ = new (memory_) CallHistory{};
  }
  SharedHistory(const SharedHistory&) = delete;
  SharedHistory& operator=(const SharedHistory&) = delete;
  ~SharedHistory() { (void)::munmap(memory_, sizeof(CallHistory)); }
  [[nodiscard]] CallHistory& operator*() const { return *history_; }
  CallHistory* operator->() const { return history_; }

 private:
  void* memory_;
  CallHistory* history_ = nullptr;
};

void prepare(const fs::path& place) {
  fs::create_directories(place / "source/d");
  fs::create_directories(place / "root");
  std::ofstream{place / "root/file"} << "content";
  (void)VolumeStore::open(place / "store").create(kKept);
  for (const int value : {1, 2}) {
    ImageConfig config;
    config.labels["value"] = std::to_string(value);
    (void)ImageStore::open(place / "store").import(place / "root", image_of(value), {.config = config});
  }
}

/// All threads of a process, which begin with those of the others.
void ask_from_threads(CallHistory& history, const fs::path& place, unsigned seed) {
  std::vector<std::thread> threads;
  std::mutex mutex;
  std::string complaint;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      try {
        Asker asker{history, place, seed * kThreads + static_cast<unsigned>(thread) + 1};
        ++history.waiting;
        while (history.waiting < kProcesses * kThreads) std::this_thread::yield();
        for (int call = 0; call < kCalls; ++call) asker.ask();
      } catch (const std::exception& error) {
        ++history.waiting;
        const std::scoped_lock lock{mutex};
        complaint += std::string{error.what()} + "\n";
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  if (!complaint.empty()) throw std::runtime_error{complaint};
}

std::size_t given_up_in(const CallHistory& history) {
  std::size_t count = 0;
  for (std::size_t at = 0; at < history.size(); ++at) count += history[at].answer == Call::Answer::GaveUp ? 1 : 0;
  return count;
}

std::vector<Call> calls_on(const CallHistory& history, int object) {
  std::vector<Call> calls;
  for (std::size_t at = 0; at < history.size(); ++at) {
    if (history[at].object == object && history[at].answer != Call::Answer::GaveUp) calls.push_back(history[at]);
  }
  return calls;
}

Call call(Kind kind, int value, int seen, std::uint64_t begin, std::uint64_t end, Answer answer = Answer::Done) {
  return {
      .kind = kind, .answer = answer, .slot = 0, .object = 0, .value = value, .seen = seen, .begin = begin, .end = end};
}

}  // namespace

TEST_CASE("T-7: what eight processes of eight threads are answered is explained by one order of all their calls",
          "[concurrency][race]") {
  if (!requires_root()) return;
  Rounds rounds{1};
  while (rounds.next()) {
    const auto place = make_place("memory");
    REQUIRE(do_apart([&] {
              prepare(place->path());
              return std::string{};
            }).status == 0);
    const SharedHistory history;
    std::vector<pid_t> processes;
    for (unsigned process = 0; process < kProcesses; ++process) {
      const unsigned seed = rounds.number() * kProcesses + process;
      processes.push_back(start_process([&, seed] { ask_from_threads(*history, place->path(), seed); }));
    }
    for (const pid_t process : processes) CHECK(wait_for(process) == 0);
    Asker{*history, place->path(), 1}.look_at_all();
    ContainerStore containers = ContainerStore::open(place->path() / "store");
    for (const ContainerInfo& left : containers.list()) containers.remove(left.name, true);
    REQUIRE(history->size() > kProcesses * kThreads * kCalls);
    REQUIRE(given_up_in(*history) * 50 < history->size());
    for (int object = 0; object < kObjects; ++object) {
      CAPTURE(rounds.number(), object);
      REQUIRE(unexplained(calls_on(*history, object)) == "");
    }
    const VolumeStore volumes = VolumeStore::open(place->path() / "store");
    for (const Volume& volume : volumes.list()) (void)volumes.users(volume.name());  // takes notes of what has ended
    const StoreReport report = check_store(place->path() / "store", {.grace = std::chrono::seconds{0}});
    CAPTURE(report.to_string());
    CHECK(report.is_clean());
  }
}

TEST_CASE("T-7: an answer that no order of the calls explains is found", "[concurrency]") {
  const Call made = call(Kind::Create, 5, 0, 1, 4);
  CHECK(unexplained({made, call(Kind::Look, 0, 0, 2, 3)}) == "");
  CHECK(unexplained({made, call(Kind::Look, 0, 5, 2, 3), call(Kind::Look, 0, 5, 5, 6)}) == "");
  CHECK(unexplained({made, call(Kind::Look, 0, 5, 2, 3), call(Kind::Remove, 0, 0, 2, 9)}) == "");
  CHECK(unexplained({call(Kind::Put, 2, 0, 1, 2), call(Kind::Put, 2, 0, 3, 8), call(Kind::Remove, 0, 0, 4, 5),
                     call(Kind::Look, 0, 2, 6, 7)}) == "");
  CHECK(unexplained({made, call(Kind::Look, 0, 0, 5, 6)}) != "");                                // not seen afterwards
  CHECK(unexplained({made, call(Kind::Look, 0, 5, 2, 3), call(Kind::Look, 0, 0, 3, 4)}) != "");  // seen, then not
  CHECK(unexplained({made, call(Kind::Create, 6, 0, 2, 3)}) != "");                              // both made it
  CHECK(unexplained({made, call(Kind::Create, 6, 0, 2, 3, Answer::Exists)}) == "");
  CHECK(unexplained({made, call(Kind::Use, 1, 0, 5, 6), call(Kind::Remove, 0, 0, 7, 8)}) != "");  // used, and removed
  CHECK(unexplained({made, call(Kind::Set, 6, 0, 5, 6), call(Kind::Look, 0, 5, 7, 8)}) != "");    // the old one
  const Call launched = call(Kind::Launch, 7, 0, 5, 8);
  const Call used = call(Kind::Use, 7, 0, 5, 8);
  const Call maybe = call(Kind::MayUse, 9, 0, 5, 8);
  const Call started = call(Kind::Start, 7, 0, 5, 8);
  CHECK(unexplained({made, launched, used, started, call(Kind::Find, 0, 7, 6, 7), call(Kind::Execute, 7, 0, 9, 10)}) ==
        "");
  CHECK(unexplained({made, launched, used, call(Kind::Remove, 0, 0, 9, 10)}) != "");  // a container uses it
  CHECK(unexplained({made, launched, used, call(Kind::Launch, 8, 0, 9, 10)}) != "");  // the name is there twice
  CHECK(unexplained({made, launched, used, call(Kind::Find, 0, 0, 9, 10)}) != "");    // not found
  CHECK(unexplained({made, launched, used, call(Kind::Erase, 0, 0, 9, 10)}) != "");   // it runs
  CHECK(unexplained({made, launched, call(Kind::Stop, 7, 0, 9, 10), call(Kind::Find, 0, 7, 11, 12)}) != "");
  CHECK(unexplained({made, launched, started, call(Kind::Stop, 7, 0, 9, 10), call(Kind::Execute, 7, 0, 11, 12)}) != "");
  CHECK(unexplained({made, launched, call(Kind::Stop, 7, 0, 9, 10), call(Kind::Erase, 0, 0, 11, 12),
                     call(Kind::Find, 0, -7, 13, 14)}) != "");  // removed, and found
  CHECK(unexplained({made, maybe, call(Kind::Unuse, 9, 0, 5, 8), call(Kind::Remove, 0, 0, 6, 7, Answer::InUse)}) == "");
  CHECK(unexplained({made, maybe, call(Kind::Unuse, 9, 0, 5, 8), call(Kind::Remove, 0, 0, 9, 10, Answer::InUse)}) !=
        "");
  CHECK(unexplained({made, call(Kind::Rename, 0, 0, 5, 6), call(Kind::Look, 0, 5, 7, 8)}) != "");  // by its old name
}

}  // namespace dunnage::test
