// SPDX-License-Identifier: Apache-2.0
// Projects the fuzzer found worth keeping.

#include "fuzz/project_input.hpp"
#include "support/apart.hpp"
#include "support/catch.hpp"
#include "support/sanitized.hpp"
#include "unit/compose_support.hpp"

#include <filesystem>
#include <string>

TEST_CASE("every project of the fuzzer's corpus is loaded or refused within 2 s and 128 MiB", "[compose][corpus]") {
  const dunnage::test::ProjectGround ground;
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator{DUNNAGE_TEST_SOURCE_DIR "/tests/fuzz/projects"}) {
    INFO(entry.path());
    const std::string text = dunnage::test::read_text(entry.path());
    const auto outcome = dunnage::test::do_apart([&] {
      dunnage::test::load_project_input(ground, text);
      return std::string{};
    });
    CHECK(outcome.status == 0);
    if (!dunnage::test::kSanitized) {
      CHECK(outcome.seconds < 2);
      CHECK(outcome.kibibytes < 128 * 1024);
    }
    ++count;
  }
  CHECK(count > 50);
}
