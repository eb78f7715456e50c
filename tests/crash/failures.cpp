// SPDX-License-Identifier: Apache-2.0
#include "crash/failures.hpp"

#include "error/reason.hpp"
#include "support/call_errors.hpp"
#include "support/catch.hpp"

#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <string>

namespace dunnage::test {

namespace {

std::size_t lines_of(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

/// The call's own error is in it, or its words. poll(2) of so few needs no memory: where it fails so it is taken for
/// one that waits in vain. A launcher that cannot come back from a network it has made ahead ends, and says nothing
/// more.
bool is_cause_told(const std::string& words, const CallFault& fault) {
  const bool waits = fault.call == SYS_ppoll || fault.call == SYS_poll;
  const bool ended = fault.call == SYS_setns && words.find("the launcher has died [EPIPE]") != std::string::npos;
  return waits || ended || words.find("[" + error::errno_name(fault.error) + "]") != std::string::npos ||
         words.find(error::errno_reason(fault.error)) != std::string::npos;
}

/// "cannot ..." what, on what, why, and what to do; without memory there is no sentence either.
bool is_told(const std::string& words, const CallFault& fault) {
  if (fault.error == ENOMEM && words == "std::bad_alloc") return true;
  return words.starts_with("cannot ") && words.find(": ") != std::string::npos && words.find("; ") != std::string::npos;
}

}  // namespace

std::string leaks_since(const ProcessSnapshot& before) {
  const ProcessSnapshot now = ProcessSnapshot::take();
  std::string leaks;
  if (lines_of(now.descriptors) > lines_of(before.descriptors)) {
    leaks += "LEAKED, there was\n" + before.descriptors + "now there is\n" + now.descriptors;
  }
  if (now.mounts != before.mounts) leaks += "LEAKED mounts, now there is\n" + now.mounts;
  if (now.children != before.children) leaks += "LEAKED children, now there is\n" + now.children;
  return leaks;
}

std::vector<CallFault> failures_of(const std::vector<long>& calls, CallFault::Maker maker) {
  std::vector<CallFault> faults;
  std::map<long, std::size_t> made;
  for (const long call : calls) {
    const std::size_t at = made[call]++;
    for (const int error : errors_of_call(call)) {
      for (const bool persists : {false, true}) {
        if (persists && error == EINTR) continue;
        faults.push_back({.kind = CallFault::Kind::Fail,
                          .at = at,
                          .call = call,
                          .error = error,
                          .persists = persists,
                          .maker = maker});
      }
    }
  }
  return faults;
}

Verdict fail_at(const Bench& bench, const CallFault& fault) {
  const TracedRun run = bench.run(fault, leaks_since);
  const Verdict verdict = verdict_of(run);
  CAPTURE(name_of_call(fault.call), fault.at, std::strerror(fault.error), fault.persists, static_cast<int>(verdict),
          run.words);
  REQUIRE((verdict == Verdict::Done || verdict == Verdict::Refused));
  const std::string state = bench.state();
  if (bench.operation().resumes && verdict == Verdict::Refused) {
    REQUIRE(is_told(run.words, fault));
    CHECK((!bench.operation().tells_cause || is_cause_told(run.words, fault)));
    REQUIRE(bench.strange_lines(state) == "");
    REQUIRE(bench.lost_paths(state) == "");
    if (!fault.persists) REQUIRE(bench.passing_lines(state) == "");
  } else if (bench.operation().partial && (fault.persists || verdict == Verdict::Done)) {
    REQUIRE(bench.is_between(state));
  } else if (verdict == Verdict::Done) {
    CAPTURE(state, bench.after());
    REQUIRE((state == bench.after() || (fault.persists && bench.is_left_at_end(state))));
  } else {
    REQUIRE(is_told(run.words, fault));
    // what is taken back by calls that fail as well may stay
    CAPTURE(state, bench.before());
    CHECK((!bench.operation().tells_cause || is_cause_told(run.words, fault)));
    const bool open = run.words.find("may still do it") != std::string::npos;  // who was asked has not answered
    const bool undone = bench.is_undone(state, open || fault.persists || bench.operation().steps);
    REQUIRE((undone || (fault.persists && bench.is_as_before(state))));
  }
  if (bench.operation().adds || (bench.operation().orphans && !bench.operation().resumes)) bench.reset();
  REQUIRE(bench.retry(state == bench.after() && !bench.operation().orphans) == "");
  bench.reset();
  return verdict;
}

CallFault::Maker maker_of(const Bench& bench) noexcept {
  return bench.operation().fails_itself ? CallFault::Maker::Host : CallFault::Maker::Anybody;
}

void fail_each(const std::vector<StoreOperation>& operations, std::size_t usual,
               std::optional<CallFault::Maker> asked) {
  hit_each(operations, [&](const Bench& bench) {
    const CallFault::Maker maker = asked.value_or(maker_of(bench));
    const auto all = failures_of(bench.calls_of(maker), maker);
    REQUIRE(all.size() > 20);
    for (const CallFault& fault : some_of(all, crashes_of_each(usual))) (void)fail_at(bench, fault);
  });
}

}  // namespace dunnage::test
