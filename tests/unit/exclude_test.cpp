// SPDX-License-Identifier: Apache-2.0
#include "model/path_pattern.hpp"
#include "support/catch.hpp"

#include <string>
#include <string_view>

namespace {

TEST_CASE("patterns mean whole names below the source", "[model][exclude]") {
  const auto matches = [](std::string_view pattern, std::string_view path) {
    return dunnage::model::pattern_means(dunnage::model::path_names(pattern), dunnage::model::path_names(path));
  };
  CHECK(matches("node_modules", "node_modules"));
  CHECK_FALSE(matches("node_modules", "a/node_modules"));
  CHECK_FALSE(matches("node_modules", "node_modules/a"));
  CHECK(matches("**/.git", ".git"));
  CHECK(matches("**/.git", "a/b/.git"));
  CHECK_FALSE(matches("**/.git", "a/.github"));
  CHECK(matches("a/**/z", "a/z"));
  CHECK(matches("a/**/z", "a/b/c/z"));
  CHECK(matches("a/**", "a/b/c"));
  CHECK(matches("*.k?y", "secret.key"));
  CHECK_FALSE(matches("*", "a/b"));
  CHECK(matches("./a//b/", "a/b"));
  CHECK(matches("**", "anything/at/all"));
  std::string hard;
  for (int count = 0; count < 200; ++count) hard += "*a";
  CHECK_FALSE(matches(hard + "b", std::string(4000, 'a')));
}

}  // namespace
