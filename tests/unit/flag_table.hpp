// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The tables of the flags' tests: a text, and what becomes of it.

#include "support/catch.hpp"

#include <dunnage/error.hpp>
#include <dunnage/mount_set.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage::test {

using Parser = Mount (*)(std::string_view, Engine);

/// What is accepted, and the same mount in the words of `--mount`.
struct Accepted {
  std::string text;
  std::string_view mount;
};

/// What is refused, where (1-based), and the words of the message.
struct Refused {
  std::string text;
  std::size_t column;
  std::size_t length;
  errc code;
  std::string_view message;
};

inline void check_accepted(const std::vector<Accepted>& table, Parser parse) {
  for (const auto& [text, mount] : table) {
    INFO(text);
    CHECK(to_string(parse(text, Engine::Docker)) == mount);
  }
}

inline void check_refused(const std::vector<Refused>& table, Parser parse) {
  for (const auto& [text, column, length, code, message] : table) {
    INFO(text);
    try {
      (void)parse(text, Engine::Docker);
      FAIL_CHECK("was accepted");
    } catch (const SpecError& error) {
      CHECK(error.stage() == Stage::Parse);
      CHECK(error.code() == code);
      CHECK(error.column() == column);
      CHECK(error.length() == length);
      CHECK_THAT(error.what(), Catch::Contains(": " + std::string{message} + "\n"));
      CHECK_FALSE(error.remedy().empty());
    }
  }
}

}  // namespace dunnage::test
