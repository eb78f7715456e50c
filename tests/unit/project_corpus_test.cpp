// SPDX-License-Identifier: Apache-2.0
// Projects the fuzzer found worth keeping.

#include "fuzz/project_input.hpp"
#include "support/catch.hpp"
#include "support/sanitized.hpp"
#include "unit/compose_support.hpp"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <string>

namespace {

/// In a process of its own; \return what that cost, with its status.
std::pair<int, rusage> load_apart(const dunnage::test::ProjectGround& ground, const std::string& text) {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    dunnage::test::load_project_input(ground, text);
    ::_exit(0);
  }
  int status = 0;
  rusage usage{};
  REQUIRE(::wait4(child, &status, 0, &usage) == child);
  return {status, usage};
}

}  // namespace

TEST_CASE("every project of the fuzzer's corpus is loaded or refused within 2 s and 128 MiB", "[compose][corpus]") {
  const dunnage::test::ProjectGround ground;
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator{DUNNAGE_TEST_SOURCE_DIR "/tests/fuzz/projects"}) {
    INFO(entry.path());
    const auto [status, usage] = load_apart(ground, dunnage::test::read_text(entry.path()));
    CHECK(status == 0);
    if (!dunnage::test::kSanitized) {
      CHECK(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec < 2);
      CHECK(usage.ru_maxrss < 128 * 1024);
    }
    ++count;
  }
  CHECK(count > 50);
}
