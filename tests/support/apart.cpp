// SPDX-License-Identifier: Apache-2.0
#include "support/apart.hpp"

#include "support/catch.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace dunnage::test {
namespace {

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

}  // namespace

DoneApart run_apart(const std::function<int(int answer)>& work) {
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::_exit(work(ends[1]));
  }
  ::close(ends[1]);
  DoneApart outcome;
  char buffer[4096];
  for (ssize_t got = 0; (got = ::read(ends[0], buffer, sizeof buffer)) > 0;) {
    outcome.words.append(buffer, static_cast<std::size_t>(got));
  }
  ::close(ends[0]);
  rusage usage{};
  REQUIRE(::wait4(child, &outcome.status, 0, &usage) == child);
  outcome.seconds = seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
  outcome.kibibytes = usage.ru_maxrss;
  return outcome;
}

DoneApart do_apart(const std::function<std::string()>& act) {
  return run_apart([&act](int answer) {
    const std::string words = act();
    return ::write(answer, words.data(), words.size()) == static_cast<ssize_t>(words.size()) ? 0 : 1;
  });
}

}  // namespace dunnage::test
