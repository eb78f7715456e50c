// SPDX-License-Identifier: Apache-2.0
// Records of containers that are damaged are told by name, and nothing else suffers.

#include "support/tree.hpp"
#include "support/without_checksum.hpp"
#include "unit/container_support.hpp"
#include "unit/store_check_support.hpp"

#include <dunnage/error.hpp>

#include <sys/stat.h>

using namespace dunnage;
using test::kExitedState;
using test::kRunningState;
using test::overwrite;
using test::problems_of;
using test::RecordStore;
using Names = std::vector<std::string>;
using Kind = StoreFinding::Kind;

namespace {

/// "other", which has ended, and "victim", which has ended as well.
struct TwoRecords : RecordStore {
  TwoRecords() {
    for (const char* name : {"other", "victim"}) {
      leave(config_of(name), kExitedState);
      test::append(record(name) / "log", test::log_entry("what it said"));
    }
  }

  void check_that_the_other_works() const {
    CHECK(containers.inspect("other").exit->code() == 7);
    CHECK(containers.list().size() == 2);
    CHECK(test::content_of(record("victim") / "log") == test::content_of(record("other") / "log"));
  }
};

std::string text_of(const std::filesystem::path& file, const std::string& from, const std::string& to) {
  std::string text = test::content_of(file);
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("a record that cannot be read is told by name, and left with its log", "[container][check]") {
  using Damage = std::function<void(const std::filesystem::path&)>;
  const std::vector<Damage> damages{
      [](const auto& config) { overwrite(config, ""); },
      [](const auto& config) { overwrite(config, text_of(config, "\"Terminal\": false", "\"Terminal\": true")); },
      [](const auto& config) { std::filesystem::resize_file(config, 100); },
      [](const auto& config) { std::filesystem::remove(config); },
      [](const auto& config) { test::replace_by(config, "link"); },
      [](const auto& config) { test::replace_by(config, "fifo"); },
      [](const auto& config) { test::replace_by(config, "directory"); },
      [](const auto& config) {
        overwrite(config, test::without_checksum(text_of(config, "\"victim\"", "\"somebody\"")));
      },
  };
  for (std::size_t number = 0; number < damages.size(); ++number) {
    CAPTURE(number);
    TwoRecords temporary;
    damages[number](temporary.record("victim") / "config.json");
    const std::string before = test::tree_of(temporary.root);
    const StoreReport report = temporary.containers.check();
    REQUIRE(report.findings.size() == 1);
    CHECK(report.findings.front().part == StoreFinding::Part::Container);
    CHECK(report.findings.front().name == "victim");
    CHECK(report.findings.front().path == temporary.record("victim") / "config.json");
    CHECK_FALSE(report.findings.front().repairable);
    CHECK(check_store(temporary.root).findings == report.findings);
    CHECK(test::tree_of(temporary.root) == before);
    CHECK(temporary.containers.repair() == report);
    temporary.check_that_the_other_works();
    temporary.containers.remove("victim");
    CHECK(temporary.containers.check().findings.empty());
  }
}

TEST_CASE("a state that cannot be understood is set aside", "[container][check]") {
  for (const char* text : {"", "{", "{\"status\":\"asleep\"}"}) {
    CAPTURE(text);
    TwoRecords temporary;
    overwrite(temporary.record("victim") / "state.json", text);
    CHECK(problems_of(temporary.containers.check()) ==
          Names{"victim: what it says of the container's end cannot be understood"});
    CHECK(temporary.containers.repair().is_clean());
    CHECK(temporary.containers.check().findings.empty());
    CHECK(test::content_of(temporary.record("victim") / "state.json.damaged-1") == text);
    CHECK(temporary.containers.list().size() == 2);
    temporary.check_that_the_other_works();
  }
}

TEST_CASE("a container that died with its launcher has a whole record", "[container][check]") {
  RecordStore temporary;
  temporary.leave(RecordStore::config_of("dead"), kRunningState);
  temporary.leave(RecordStore::config_of("unborn"), "");
  CHECK(problems_of(temporary.containers.check(test::kAtOnce)) == Names{});
}

TEST_CASE("a record of a newer version is no damage", "[container][check]") {
  TwoRecords temporary;
  const auto config = temporary.record("victim") / "config.json";
  overwrite(config, test::without_checksum(text_of(config, "\"Format\": 1", "\"Format\": 99")));
  const StoreReport report = temporary.containers.check();
  REQUIRE(report.findings.size() == 1);
  CHECK(report.findings.front().kind == Kind::Newer);
  CHECK(temporary.containers.repair() == report);
  temporary.check_that_the_other_works();
}

TEST_CASE("records that were never finished, and what is none, are told", "[container][check]") {
  TwoRecords temporary;
  const std::string unfinished = ".new-" + std::string(64, 'a');
  for (const std::string& name : {unfinished, std::string{".new-young"}, std::string{"lost+found"}}) {
    std::filesystem::create_directory(temporary.record(name));
  }
  const auto hours_ago = std::filesystem::file_time_type::clock::now() - std::chrono::hours{1};
  std::filesystem::last_write_time(temporary.record(unfinished), hours_ago);
  std::filesystem::permissions(temporary.record("other"), std::filesystem::perms{0755});
  test::replace_by(temporary.record("a-link"), "link to a directory");
  CHECK(problems_of(temporary.containers.check()) ==
        Names{unfinished + ": a process that was killed was making it, or putting it aside",
              "a-link: it is a symbolic link, not a directory",
              "lost+found: no container can be called that, and nothing ever looks at it",
              "other: its mode is 0755, so that other users may enter it"});
  CHECK(temporary.containers.repair().findings.size() == 4);
  CHECK(problems_of(temporary.containers.check()) ==
        Names{"a-link: it is a symbolic link, not a directory",
              "lost+found: no container can be called that, and nothing ever looks at it"});
  CHECK(std::filesystem::exists(temporary.record(".new-young")));
}
