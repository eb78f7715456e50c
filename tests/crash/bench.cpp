// SPDX-License-Identifier: Apache-2.0
#include "crash/bench.hpp"

#include "crash/places.hpp"
#include "crash/store_state.hpp"
#include "support/apart.hpp"
#include "support/catch.hpp"
#include "support/host.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <map>
#include <new>
#include <sstream>
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

/// Whether each line of `part` is one of `whole`.
bool is_part_of(const std::string& part, const std::string& whole) {
  std::istringstream lines{part};
  for (std::string line; std::getline(lines, line);) {
    if (("\n" + whole).find("\n" + line + "\n") == std::string::npos) return false;
  }
  return true;
}

/// How often each path stands in a state, whatever is there by that name.
std::map<std::string, int> paths_of(const std::string& state) {
  std::map<std::string, int> paths;
  std::istringstream lines{state};
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("  ")) ++paths[line.substr(2, line.find(' ', 2) - 2)];
  }
  return paths;
}

/// Without volumes nobody chose a name for, if nobody uses one.
std::string without_orphans(const std::string& state) {
  if (state.find("USED (anonymous)") != std::string::npos) return state;
  std::istringstream lines{state};
  std::string rest;
  bool in_orphan = false;
  for (std::string line; std::getline(lines, line);) {
    in_orphan = line.starts_with("volume (anonymous)") || (in_orphan && line.starts_with("  "));
    if (!in_orphan) rest += line + "\n";
  }
  return rest;
}

/// Without the lines that have this in them.
std::string without_lines(const std::string& state, const std::string& part) {
  std::istringstream lines{state};
  std::string rest;
  for (std::string line; std::getline(lines, line);) rest += line.find(part) != line.npos ? "" : line + "\n";
  return rest;
}

/// \param part  empty: of no line
bool has(const std::string& line, const std::string& part) { return !part.empty() && line.find(part) != line.npos; }

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

Bench::Bench(StoreOperation operation, std::filesystem::path place)
    : operation_{std::move(operation)}, place_{std::move(place)} {
  elsewhere("prepare", [&] { operation_.prepare(place_); });
  if (std::filesystem::exists(store())) before_ = state();
  const TracedRun whole = run({});
  if (whole.status != 0) throw std::runtime_error{operation_.name + ": " + whole.words};
  after_ = state();
  reset();
  usual_ = run({});  // the first time more may be made
  reset();
}

const std::vector<long>& Bench::calls_of(CallFault::Maker maker) const noexcept {
  if (maker == CallFault::Maker::Host) return usual_.calls_of_host;
  return maker == CallFault::Maker::Launcher ? usual_.calls_of_launcher : usual_.calls;
}

Bench::Leave::~Leave() {
  if (!bench.operation_.leave) return;
  try {
    elsewhere("leave", [&] { bench.operation_.leave(bench.place_); });
  } catch (const std::exception& error) {
    FAIL_CHECK(error.what());
  }
}

TracedRun Bench::run(const CallFault& fault, const Look& look) const {
  return trace(
      [&](Account& account) {
        const std::function<void()> call = operation_.ready(place_);
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
        if (operation_.wrong) {
          if (const std::string wrong = operation_.wrong(place_); !wrong.empty()) throw std::runtime_error{wrong};
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
  // in this process: nothing of a store is kept between two openings
  const std::string text = std::filesystem::exists(store()) ? state_of(store()) : std::string{};
  return operation_.beside ? text + operation_.beside(place_) + "\n" : text;
}

bool Bench::is_undone(const std::string& state, bool stays) const {
  if (state == before_ || (stays && state == after_)) return true;
  return operation_.cache && without_trees(state) == without_trees(before_);
}

bool Bench::is_as_before(const std::string& state) const {
  const std::string rest = operation_.passing.empty() ? state : without_lines(state, operation_.passing);
  return rest == before_ || (operation_.orphans && without_orphans(rest) == before_);
}

bool Bench::is_left_at_end(const std::string& state) const {
  const std::string& left = operation_.left_at_end;
  return !left.empty() && without_orphans(without_lines(state, left)) == after_;
}

bool Bench::is_between(const std::string& state) const {
  return is_part_of(state, before_) && is_part_of(after_, state);
}

std::string Bench::strange_lines(const std::string& state) const {
  std::string strange;
  std::istringstream lines{state};
  for (std::string line; std::getline(lines, line);) {
    const bool ours = line.find(".dunnage-apply-") != std::string::npos ||
                      line.starts_with("  metadata new/");  // the names of a file appear one after the other
    if (ours || has(line, operation_.passing) || has(line, operation_.begun)) continue;
    if (!is_part_of(line, before_) && !is_part_of(line, after_)) strange += line + "\n";
  }
  return strange;
}

std::string Bench::lost_paths(const std::string& state) const {
  std::string lost;
  auto now = paths_of(state);
  auto after = paths_of(after_);
  for (const auto& [path, times] : paths_of(before_)) {
    if (now[path] < std::min(times, after[path])) lost += "LOST " + path + "\n";
  }
  return lost;
}

std::string Bench::passing_lines(const std::string& state) const {
  std::string passing;
  std::istringstream lines{state};
  for (std::string line; std::getline(lines, line);) passing += has(line, operation_.passing) ? line + "\n" : "";
  return passing;
}

std::string Bench::retry(bool was_done) const {
  std::string wrong;
  try {
    elsewhere("again", [&] {
      try {
        operation_.ready(place_)();
      } catch (const Error& error) {
        if (!was_done || !operation_.done_before || error.code() != operation_.done_before) throw;
        return;
      }
      if (const std::string bad = operation_.wrong ? operation_.wrong(place_) : ""; !bad.empty()) {
        throw std::runtime_error{bad};
      }
    });
    const std::string now = state();
    const bool orphans = operation_.orphans && operation_.resumes;
    if (orphans ? without_orphans(now) != without_orphans(after_) : now != after_) {
      wrong = "after a second try there is\n" + now;
    }
  } catch (const std::exception& error) {
    wrong = error.what();
  }
  return wrong;
}

void Bench::reset() const {
  elsewhere("undo", [&] { operation_.undo(place_); });
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

std::vector<CallFault> some_of(const std::vector<CallFault>& all, std::size_t number) {
  if (number >= all.size()) return all;
  std::vector<CallFault> some;
  for (std::size_t index = 0; index < number; ++index) some.push_back(all[index * all.size() / number]);
  return some;
}

std::size_t crashes_of_each(std::size_t usual) {
  const char* asked = std::getenv("DUNNAGE_CRASHES");
  return asked == nullptr ? usual : static_cast<std::size_t>(std::strtoul(asked, nullptr, 10));
}

}  // namespace dunnage::test
