// SPDX-License-Identifier: Apache-2.0
#include "crash/bench.hpp"

#include "crash/places.hpp"
#include "support/apart.hpp"
#include "support/catch.hpp"
#include "support/host.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <new>
#include <stdexcept>
#include <utility>

namespace dunnage::test {

namespace {

/// Whatever starts a launcher must not be this process, whose forked copies are traced.
void elsewhere(const char* what, const std::function<void()>& work) {
  const DoneApart done = do_apart([&]() -> std::string {
    try {
      work();
      return {};
    } catch (const std::exception& error) {
      return error.what();
    }
  });
  if (done.status != 0 || !done.words.empty()) {
    throw std::runtime_error{std::string{what} + ": " + done.words + " (" + std::to_string(done.status) + ")"};
  }
}

constexpr int kRefused = 3;

}  // namespace

Verdict verdict_of(const TracedRun& run) {
  if (run.hung || (WIFEXITED(run.status) && WEXITSTATUS(run.status) != 0 && WEXITSTATUS(run.status) != kRefused)) {
    return Verdict::Broken;
  }
  if (WIFSIGNALED(run.status) && WTERMSIG(run.status) != SIGKILL) return Verdict::Broken;
  if (!run.ended) return Verdict::Killed;
  return run.words.empty() ? Verdict::Done : Verdict::Refused;
}

Bench::Bench(StoreOperation wanted, std::filesystem::path place)
    : Outcomes{std::move(wanted)}, place_{std::move(place)} {
  elsewhere("prepare", [&] { operation().prepare(place_); });
  set_before(state());
  const TracedRun whole = run({});
  if (whole.status != 0) throw std::runtime_error{operation().name + ": " + whole.words};
  set_after(state());
  reset();
  usual_ = run({});  // the first time more may be made
  reset();
}

const std::vector<long>& Bench::calls_of(CallFault::Maker maker) const noexcept {
  if (maker == CallFault::Maker::Host) return usual_.calls_of_host;
  return maker == CallFault::Maker::Launcher ? usual_.calls_of_launcher : usual_.calls;
}

Bench::Leave::~Leave() {
  if (!bench.operation().leave) return;
  try {
    elsewhere("leave", [&] { bench.operation().leave(bench.place_); });
  } catch (const std::exception& error) {
    FAIL_CHECK(error.what());
  }
}

TracedRun Bench::run(const CallFault& fault, const Look& look) const {
  return trace(
      [&](Account& account) {
        const std::function<void()> call = operation().ready(place_);
        if (look) run_first_thread();
        const ProcessSnapshot before = look ? ProcessSnapshot::take() : ProcessSnapshot{};
        const HostState host = look ? volatile_host_state() : HostState{};
        int code = 0;
        account.begin();
        try {
          call();
        } catch (const Error& error) {
          account.say(error.what());
          code = kRefused;
        } catch (const std::bad_alloc& error) {  // the language's own word for it
          account.say(error.what());
          code = kRefused;
        }
        account.end();
        if (operation().wrong) {
          if (const std::string wrong = operation().wrong(place_); !wrong.empty()) throw std::runtime_error{wrong};
        }
        if (look) {
          if (const std::string wrong = look(before) + difference(host, volatile_host_state()); !wrong.empty()) {
            throw std::runtime_error{wrong};
          }
        }
        if (code != 0) ::_exit(code);
      },
      fault);
}

std::string Bench::state() const {
  return state_of_place(operation(), place_);  // in this process: nothing of a store is kept between two openings
}

std::string Bench::retry(bool was_done) const {
  std::string wrong;
  try {
    elsewhere("again", [&] { do_again(place_, was_done); });
    wrong = wrong_after_retry(state());
  } catch (const std::exception& error) {
    wrong = error.what();
  }
  return wrong;
}

void Bench::reset() const {
  elsewhere("undo", [&] { operation().undo(place_); });
}

void hit_each(const std::vector<StoreOperation>& operations, const std::function<void(const Bench&)>& work,
              Places places) {
  if (!requires_tracing()) return;
  std::vector<std::string> kinds = kinds_of_places();
  if (places == Places::OfOneKind && std::getenv("DUNNAGE_CRASH_FILE_SYSTEMS") == nullptr) kinds.resize(1);
  for (const std::string& kind : kinds) {
    for (const StoreOperation& operation : operations) {
      const auto place = make_place(kind);
      CAPTURE(kind, operation.name);
      const Bench bench{operation, place->path()};
      work(bench);
      REQUIRE(bench.state() == bench.before());  // however often it was hit
    }
  }
}

std::size_t crashes_of_each(std::size_t usual) {
  const char* asked = std::getenv("DUNNAGE_CRASHES");
  return asked == nullptr ? usual : static_cast<std::size_t>(std::strtoul(asked, nullptr, 10));
}

}  // namespace dunnage::test
