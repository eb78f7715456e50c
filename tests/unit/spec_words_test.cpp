// SPDX-License-Identifier: Apache-2.0
#include "support/catch.hpp"

#include <dunnage/spec.hpp>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace {

using dunnage::Engine;
using dunnage::SpecWord;

/// One line of the page: the word, and where it is understood.
struct Row {
  SpecWord word;
  std::map<std::string, std::string> flags;
};

std::string initial_of(Engine engine) { return engine == Engine::Docker ? "D" : "P"; }

std::vector<Row> rows() {
  std::vector<Row> result;
  for (const std::string flag : {"-v", "--mount", "--tmpfs"}) {
    for (const Engine engine : {Engine::Docker, Engine::Podman}) {
      for (const SpecWord& word : dunnage::spec_words(flag, engine)) {
        auto found = std::find_if(result.begin(), result.end(), [&](const Row& row) {
          return row.word.name == word.name && row.word.member == word.member && row.word.summary == word.summary;
        });
        if (found == result.end()) {
          found = result.insert(result.end(), Row{word, {}});
        }
        std::string& cell = found->flags[flag];
        cell += (cell.empty() ? "" : " ") + (word.own ? "(" + initial_of(engine) + ")" : initial_of(engine));
      }
    }
  }
  return result;
}

std::string page() {
  std::ostringstream text;
  text
      << "# The words of -v, --mount and --tmpfs\n\n"
         "D: Docker has the word there. P: Podman has it. (D), (P): only this library takes it there, when it reads\n"
         "the language of that engine. `member` is where a mount keeps it; without one the word is accepted and has "
         "no\n"
         "effect, or there is nothing like it here and it is refused. The unit test \"the page of words says what the\n"
         "parsers take\" compares this page with the table the parsers work with; DUNNAGE_WRITE_WORDS=1 writes it.\n\n"
         "| word | -v | --mount | --tmpfs | meaning | member |\n|---|---|---|---|---|---|\n";
  for (const Row& row : rows()) {
    text << "| `" << row.word.name << (row.word.value.empty() ? "" : "=" + std::string{row.word.value}) << '`';
    for (const std::string_view alias : row.word.aliases) {
      text << ", `" << alias << '`';
    }
    for (const std::string flag : {"-v", "--mount", "--tmpfs"}) {
      const auto cell = row.flags.find(flag);
      text << " | " << (cell == row.flags.end() ? "" : cell->second);
    }
    text << " | " << row.word.summary << " | "
         << (row.word.member.empty() ? "" : "`" + std::string{row.word.member} + "`") << " |\n";
  }
  return text.str();
}

TEST_CASE("the page of words says what the parsers take", "[spec][words]") {
  const std::string path = std::string{DUNNAGE_TEST_SOURCE_DIR} + "/src/spec/words.md";
  if (std::getenv("DUNNAGE_WRITE_WORDS") != nullptr) {
    std::ofstream{path} << page();
  }
  std::ifstream file{path};
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  CHECK(text == page());
}

TEST_CASE("every word can be said and the nearest one is found", "[spec][words]") {
  CHECK_THROWS_WITH(dunnage::spec_words("--volumes"), Catch::Contains("use \"-v\", \"--mount\" or \"--tmpfs\""));
  for (const std::string flag : {"-v", "--mount", "--tmpfs"}) {
    for (const Engine engine : {Engine::Docker, Engine::Podman}) {
      for (const SpecWord& word : dunnage::spec_words(flag, engine)) {
        INFO(flag << " " << word.name);
        CHECK_FALSE(word.summary.empty());
        CHECK((word.own || !word.name.empty()));
      }
    }
  }
}

}  // namespace
