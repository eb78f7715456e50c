// SPDX-License-Identifier: Apache-2.0
// T-7: eight processes of eight threads ask everything of one store at once: volumes, their uses and snapshots, names
// of images, transactions. Every single answer is explained by one order of all calls, which keeps to what came after
// what. The tests that count winners say that nothing is done twice; this one says that nothing else is wrong, either:
// nobody saw what was gone, what was not there yet, or what was never so.
//
// DUNNAGE_ATTACK_SECONDS=600 goes on for so long.

#include "crash/places.hpp"
#include "root/linearizable.hpp"
#include "support/apart.hpp"
#include "support/catch.hpp"
#include "support/requires.hpp"
#include "support/rounds.hpp"
#include "unit/volume_support.hpp"
#include "volume/use.hpp"

#include <dunnage/error.hpp>
#include <dunnage/image_store.hpp>
#include <dunnage/store_check.hpp>
#include <dunnage/transaction.hpp>
#include <dunnage/volume_history.hpp>
#include <dunnage/volume_store.hpp>

#include <sys/mman.h>

#include <fstream>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <random>
#include <thread>

namespace dunnage::test {
namespace {

namespace fs = std::filesystem;
using Kind = Call::Kind;
using Answer = Call::Answer;

constexpr int kProcesses = 8;
constexpr int kThreads = 8;
constexpr int kCalls = 16;  // of each thread

// Objects by number.
constexpr int kVolumes = 6;
constexpr int kTags = kVolumes + 3;
constexpr int kTransactions = kTags + 2;
constexpr int kObjects = kTransactions + 2;  // the last two are snapshots

constexpr const char* kKept = "kept";  // the volume that has these

std::string name_of(int object, int slot) { return "o" + std::to_string(object) + "-" + std::to_string(slot); }
std::string tag_of(int object, int slot) { return "tag:" + name_of(object, slot); }
std::string image_of(int value) { return "image:" + std::to_string(value); }

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

/// One of those answers, or it is thrown on.
Answer answer_of(const Error& error) {
  const std::error_code code = error.code();
  if (code == errc::volume_exists || code == errc::transaction_exists || code == errc::snapshot_exists) {
    return Answer::Exists;
  }
  for (const errc missing :
       {errc::volume_missing, errc::image_missing, errc::transaction_missing, errc::snapshot_missing}) {
    if (code == missing) return Answer::Missing;
  }
  if (code == errc::volume_in_use || code == errc::transaction_in_use) return Answer::InUse;
  throw;
}

/// One thread, which asks at random.
class Asker {
 public:
  Asker(CallHistory& history, const fs::path& place, unsigned seed)
      : history_{history},
        place_{place},
        volumes_{VolumeStore::open(store())},
        images_{ImageStore::open(store())},
        transactions_{TransactionStore::open(store())},
        random_{seed} {}

  void ask() {
    const int object = below(kObjects);
    const int slot = below(kSlots);
    if (object < kVolumes) return ask_volume(object, slot);
    if (object < kTags) return ask_tag(object, slot);
    if (object < kTransactions) return ask_transaction(object, slot);
    ask_snapshot(object, slot);
  }

  /// What there is in the end.
  void look_at_all() {
    for (int object = 0; object < kObjects; ++object) {
      for (int slot = 0; slot < kSlots; ++slot) look(object, slot);
    }
  }

 private:
  [[nodiscard]] fs::path store() const { return place_ / "store"; }
  int below(int end) { return static_cast<int>(random_() % static_cast<unsigned>(end)); }

  /// \param work  answers with what was found, if it was looked for
  void record(Kind kind, int object, int slot, int value, const std::function<int()>& work) {
    Call* call = history_.add();
    if (call == nullptr) throw std::runtime_error{"the history is full"};
    *call = {.kind = kind,
             .slot = static_cast<std::uint8_t>(slot),
             .object = static_cast<std::uint16_t>(object),
             .value = value,
             .begin = history_.tick()};
    try {
      call->seen = work();
      call->answer = Answer::Done;
    } catch (const Error& error) {
      call->answer = answer_of(error);
    }
    call->end = history_.tick();
  }
  void change(Kind kind, int object, int slot, int value, const std::function<void()>& work) {
    record(kind, object, slot, value, [&] {
      work();
      return 0;
    });
  }

  static int value_of(const Volume& volume) { return std::stoi(volume.labels().at("value")); }

  void look(int object, int slot) {
    record(Kind::Look, object, slot, 0, [&] {
      const std::string name = name_of(object, slot);
      if (object < kVolumes) {
        const auto volume = volumes_.find(name);
        return volume ? value_of(*volume) : 0;
      }
      if (object < kTags) {
        const auto image = images_.find(tag_of(object, slot));
        return image ? std::stoi(image->config().labels.at("value")) : 0;
      }
      if (object < kTransactions) return transactions_.find(name) ? 1 : 0;
      return volumes_.history(kKept).find(name) ? 1 : 0;
    });
  }

  void ask_volume(int object, int slot) {
    const std::string name = name_of(object, slot);
    const int value = static_cast<int>(history_.tick());
    const Labels labels{{"value", std::to_string(value)}};
    switch (below(9)) {
      case 0:
        return change(Kind::Create, object, slot, value, [&] { (void)volumes_.create(name, {.labels = labels}); });
      case 1:
        return record(Kind::GetOrCreate, object, slot, value,
                      [&] { return value_of(volumes_.get_or_create(name, {.labels = labels})); });
      case 2:
      case 3:
        return change(Kind::Set, object, slot, value, [&] { (void)volumes_.update(name, {.labels = labels}); });
      case 4:
        return change(Kind::Remove, object, slot, 0, [&] { volumes_.remove(name); });
      case 5:
        return change(Kind::Rename, object, slot, 0,
                      [&] { (void)volumes_.rename(name, name_of(object, kSlots - 1 - slot)); });
      case 6:
        return use(object, slot, value);
      case 7:
        return list(object, slot);
      default:
        return look(object, slot);
    }
  }

  void use(int object, int slot, int number) {
    const std::string id = std::to_string(number);
    std::optional<volume::VolumeUse> use;
    change(Kind::Use, object, slot, number,
           [&] { use.emplace(volume::VolumeUse::acquire(store(), name_of(object, slot), id, id)); });
    if (!use) return;
    std::this_thread::yield();
    change(Kind::Unuse, object, slot, number, [&] { use.reset(); });
  }

  void list(int object, int slot) {
    record(Kind::Look, object, slot, 0, [&] {
      for (const Volume& volume : volumes_.list()) {
        if (volume.name() == name_of(object, slot)) return value_of(volume);
      }
      return 0;
    });
  }

  void ask_tag(int object, int slot) {
    const int value = 1 + below(2);
    switch (below(3)) {
      case 0:
        return change(Kind::Put, object, slot, value, [&] { images_.tag(image_of(value), tag_of(object, slot)); });
      case 1:
        return change(Kind::Remove, object, slot, 0, [&] { images_.remove(tag_of(object, slot)); });
      default:
        return look(object, slot);
    }
  }

  void ask_transaction(int object, int slot) {
    const std::string name = name_of(object, slot);
    switch (below(3)) {
      case 0:
        return change(Kind::Create, object, slot, 1, [&] { (void)transactions_.begin(place_ / "source", name); });
      case 1:
        return change(Kind::Remove, object, slot, 0, [&] { transactions_.get(name).discard(); });
      default:
        return look(object, slot);
    }
  }

  void ask_snapshot(int object, int slot) {
    const std::string name = name_of(object, slot);
    switch (below(3)) {
      case 0:
        return change(Kind::Create, object, slot, 1, [&] { (void)volumes_.history(kKept).snapshot({.name = name}); });
      case 1:
        return change(Kind::Remove, object, slot, 0, [&] { volumes_.history(kKept).remove(name); });
      default:
        return look(object, slot);
    }
  }

  CallHistory& history_;
  fs::path place_;
  VolumeStore volumes_;
  ImageStore images_;
  TransactionStore transactions_;
  std::minstd_rand random_;
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

std::vector<Call> calls_on(const CallHistory& history, int object) {
  std::vector<Call> calls;
  for (std::size_t at = 0; at < history.size(); ++at) {
    if (history[at].object == object) calls.push_back(history[at]);
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
    REQUIRE(history->size() > kProcesses * kThreads * kCalls);
    for (int object = 0; object < kObjects; ++object) {
      CAPTURE(rounds.number(), object);
      REQUIRE(unexplained(calls_on(*history, object)) == "");
    }
    CHECK(check_store(place->path() / "store", {.grace = std::chrono::seconds{0}}).is_clean());
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
  CHECK(unexplained({made, call(Kind::Use, 1, 0, 5, 6), call(Kind::Remove, 0, 0, 7, 8)}) != "");   // used, and removed
  CHECK(unexplained({made, call(Kind::Set, 6, 0, 5, 6), call(Kind::Look, 0, 5, 7, 8)}) != "");     // the old one
  CHECK(unexplained({made, call(Kind::Rename, 0, 0, 5, 6), call(Kind::Look, 0, 5, 7, 8)}) != "");  // by its old name
}

}  // namespace dunnage::test
