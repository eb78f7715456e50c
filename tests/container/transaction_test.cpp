// SPDX-License-Identifier: Apache-2.0
// A directory a container may write to, which stays as it is: what was changed, what of it is taken over, and what
// happens when both sides change.

#include "container/transaction_support.hpp"
#include "support/tree.hpp"

#include <sys/stat.h>

#include <chrono>
#include <cstdlib>
#include <fstream>

using namespace dunnage;
using namespace dunnage::test;

namespace {

namespace fs = std::filesystem;

using Lines = std::vector<std::string>;

unsigned number_of(const char* variable, unsigned usual) {
  const char* said = std::getenv(variable);
  return said == nullptr ? usual : static_cast<unsigned>(std::atoi(said));
}

/// What the container finds is what the transaction says.
void check_changes(const TransactionGround& ground, const Transaction& transaction) {
  Lines wanted = test::lines_of(std::string_view{ground.tree({"compare", "/source", "/app"}, transaction)});
  std::sort(wanted.begin(), wanted.end());
  const Lines found = halves_of(transaction.changes());
  Lines only_wanted;
  Lines only_found;
  std::set_difference(wanted.begin(), wanted.end(), found.begin(), found.end(), std::back_inserter(only_wanted));
  std::set_difference(found.begin(), found.end(), wanted.begin(), wanted.end(), std::back_inserter(only_found));
  CHECK(only_wanted == Lines{});
  CHECK(only_found == Lines{});
}

}  // namespace

TEST_CASE("changes of a transaction are what a comparison by hand says, and are applied in parts as they are seen",
          "[container][transaction]") {
  if (!requires_program("python3")) return;
  const unsigned files = number_of("DUNNAGE_TRANSACTION_FILES", 120);
  const unsigned count = number_of("DUNNAGE_TRANSACTION_CHANGES", 60);
  const unsigned first = number_of("DUNNAGE_TRANSACTION_SEED", 7);
  for (unsigned seed = first; seed < first + number_of("DUNNAGE_TRANSACTIONS", 2); ++seed) {
    CAPTURE(seed);
    const TransactionGround ground;
    ground.tree({"make", "/source", std::to_string(files), std::to_string(seed)});
    const std::string untouched = ground.tree({"show", "/source"});
    const Transaction transaction = ground.store().begin(ground.source(), "try");
    ground.tree({"change", "/app", std::to_string(count), std::to_string(seed)}, transaction);
    REQUIRE(ground.tree({"show", "/source"}) == untouched);
    check_changes(ground, transaction);
    CHECK(lines_of(transaction.conflicts()) == Lines{});
    const std::string seen = ground.tree({"show", "/app"}, transaction);
    unsigned turn = seed;
    const TransactionApplied some =
        transaction.apply({.filter = {.accept = [&](const TransactionChange&) { return ++turn % 3 == 0; }}});
    CHECK_FALSE(some.changes.empty());
    CHECK(ground.tree({"show", "/app"}, transaction) == seen);
    check_changes(ground, transaction);
    CHECK(lines_of(transaction.conflicts()) == Lines{});
    ground.tree({"change", "/app", std::to_string(count / 4), std::to_string(seed + 1000)}, transaction);
    check_changes(ground, transaction);
    CHECK(lines_of(transaction.conflicts()) == Lines{});
    const std::string seen_at_last = ground.tree({"show", "/app"}, transaction);
    (void)transaction.apply();
    CHECK(lines_of(transaction.changes()) == Lines{});
    CHECK(ground.tree({"show", "/source"}) == seen_at_last);
    CHECK(ground.tree({"show", "/app"}, transaction) == seen_at_last);
    transaction.discard();
    CHECK(ground.tree({"show", "/source"}) == seen_at_last);
  }
}

TEST_CASE("a transaction keeps its changes until they are applied or discarded", "[container][transaction]") {
  const TransactionGround ground;
  ground.write("kept", "old\n");
  ground.write("gone", "old\n");
  ground.write("moved", "old\n");
  ground.write("d/inside", "old\n");
  TransactionStore store = ground.store();
  const Transaction transaction = store.begin(ground.source(), "try-1");
  CHECK(ground.run(transaction,
                   "echo new > kept; rm gone; mv moved d/here; rm -r d/inside; mkdir made; chmod 700 .; "
                   "ln -s kept link; cat /source/kept") == "old\n");
  const Lines wanted{"metadata .: mode", "renamed d/here <- moved",      "deleted d/inside",
                     "deleted gone",     "modified kept: content, time", "added link",
                     "added made"};
  Lines found = lines_of(TransactionStore::open(ground.ground().store_path()).get("try-1").changes());
  std::sort(found.begin(), found.end());
  Lines sorted = wanted;
  std::sort(sorted.begin(), sorted.end());
  CHECK(found == sorted);
  CHECK(ground.run(transaction, "cat kept d/here; ls") == "new\nold\nd\nkept\nlink\nmade\n");
  const TransactionApplied applied =
      transaction.apply({.filter = {.include = {"kept", "d/*"}, .exclude = {"d/inside"}}});
  CHECK(lines_of(applied.changes) == Lines{"renamed d/here <- moved", "modified kept: content, time"});
  CHECK(applied.came_along == Lines{});
  CHECK(ground.read("kept") == "new\n");
  CHECK(ground.read("d/here") == "old\n");
  CHECK_FALSE(fs::exists(ground.source() / "moved"));
  CHECK(ground.read("d/inside") == "old\n");
  CHECK(lines_of(transaction.changes()) ==
        Lines{"metadata .: mode", "deleted d/inside", "deleted gone", "added link", "added made"});
  const auto listed = store.list();
  REQUIRE(listed.size() == 1);
  CHECK(listed[0] == transaction.info());
  CHECK(listed[0].source == ground.source());
  CHECK_FALSE(listed[0].in_use);
  const std::string before = tree_of(ground.source());
  transaction.discard();
  CHECK(tree_of(ground.source()) == before);
  CHECK(store.list().empty());
  CHECK_FALSE(store.find("try-1"));
  CHECK(code_of([&] { (void)store.get("try-1"); }) == errc::transaction_missing);
  CHECK(code_of([&] { (void)transaction.changes(); }) == errc::transaction_missing);
  CHECK(code_of([&] { transaction.discard(); }) == errc::transaction_missing);
}

TEST_CASE("what changes are chosen need comes along, and is told", "[container][transaction]") {
  const TransactionGround ground;
  ground.write("tree/a/b", "old");
  ground.write("file", "old");
  const Transaction transaction = ground.store().begin(ground.source(), "try");
  ground.run(transaction,
             "mkdir -p new/deep; echo x > new/deep/file; echo y > new/other; rm -r tree; echo f > tree; "
             "echo z > one; ln one two");
  const auto applied =
      transaction.apply({.filter = {.include = {"new/deep/file", "two", "tree"}, .exclude = {"tree/*"}}});
  CHECK(lines_of(applied.changes) == Lines{"added new", "added new/deep", "added new/deep/file", "added one",
                                           "replaced tree", "deleted tree/a", "deleted tree/a/b", "added two"});
  CHECK(applied.came_along == Lines{"new", "new/deep", "one", "tree/a", "tree/a/b"});
  CHECK(ground.read("tree") == "f\n");
  CHECK(fs::equivalent(ground.source() / "one", ground.source() / "two"));
  CHECK_FALSE(fs::exists(ground.source() / "new/other"));
  CHECK(lines_of(transaction.changes()) == Lines{"added new/other"});
}

TEST_CASE("what both sides change is a conflict, which stops an apply before anything is touched",
          "[container][transaction]") {
  const TransactionGround ground;
  for (const char* name : {"both", "left", "went", "lost/file", "mode", "same", "swapped"}) ground.write(name, "old");
  const Transaction transaction = ground.store().begin(ground.source(), "try");
  ground.run(transaction,
             "echo mine > both; echo mine > left; rm went; rm -r lost; chmod 600 mode; echo mine > added; "
             "rm same; echo mine > swapped");
  CHECK(lines_of(transaction.conflicts()) == Lines{});
  ground.write("both", "his!");  // of the same size
  ground.write("went", "and came back");
  ground.write("lost/new", "put there");
  ground.write("added", "there, too");
  fs::remove(ground.source() / "same");
  fs::remove(ground.source() / "swapped");
  fs::create_directory(ground.source() / "swapped");
  ::chmod((ground.source() / "mode").c_str(), 0640);
  const Lines conflicts{"added added: added",      "modified both: modified",    "deleted lost/new: added",
                        "metadata mode: metadata", "replaced swapped: replaced", "deleted went: modified"};
  Lines found = lines_of(transaction.conflicts());
  for (std::string& line : found) {
    if (line.starts_with("modified added")) line.replace(0, 8, "added");  // by now there are two of them
  }
  CHECK(found == conflicts);
  const std::string before = tree_of(ground.source());
  CHECK(code_of([&] { (void)transaction.apply(); }) == errc::transaction_conflict);
  CHECK_THAT(message_of([&] { (void)transaction.apply({.filter = {.include = {"both"}}}); }),
             Catch::Contains("\"both\" (modified in the source)"));
  CHECK(tree_of(ground.source()) == before);
  (void)transaction.apply({.filter = {.include = {"left"}}});
  CHECK(ground.read("left") == "mine\n");
  (void)transaction.apply({.overwrite = true});
  CHECK(ground.read("both") == "mine\n");
  CHECK(ground.read("swapped") == "mine\n");
  CHECK_FALSE(fs::exists(ground.source() / "lost"));
  CHECK(lines_of(transaction.changes()) == Lines{});
}

TEST_CASE("what was applied is the source's again, and what changes there then is no conflict",
          "[container][transaction]") {
  const TransactionGround ground;
  ground.write("file", "old");
  ground.write("one", "linked");
  fs::create_hard_link(ground.source() / "one", ground.source() / "two");
  ground.write("anew/a", "a");
  ground.write("anew/b", "b");
  const Transaction transaction = ground.store().begin(ground.source(), "try");
  ground.run(transaction,
             "echo mine > file; echo more >> one; rm -r anew; mkdir anew; echo c > anew/c; mkdir made; "
             "touch made/x made/y");
  CHECK(lines_of(transaction.changes()) ==
        Lines{"deleted anew/a", "deleted anew/b", "added anew/c", "modified file: content, time", "added made",
              "added made/x", "added made/y", "modified one: content, time, links", "metadata two: links"});
  (void)transaction.apply({.filter = {.include = {"file", "anew/c", "made/x", "one"}}});
  ground.write("file", "his, later");
  ground.write("anew/c", "his, too");
  ground.write("made/new", "n");
  CHECK(lines_of(transaction.changes()) == Lines{"deleted anew/a", "deleted anew/b", "added made/y"});
  CHECK(ground.run(transaction, "cat file anew/c; ls anew made") == "his, laterhis, tooanew:\nc\n\nmade:\nnew\nx\ny\n");
  ground.run(transaction, "echo again > two; echo again > file");
  CHECK(lines_of(transaction.conflicts()) == Lines{"modified file: modified"});  // by him, after the apply
  (void)transaction.apply({.overwrite = true});
  CHECK(ground.read("one") == "linkedmore\n");
  CHECK(ground.read("two") == "again\n");
  CHECK(ground.read("file") == "again\n");
}

TEST_CASE("a transaction is one container's at a time, and waits with its apply for the end of it",
          "[container][transaction]") {
  const TransactionGround ground;
  ground.write("file", "old");
  const Transaction transaction = ground.store().begin(ground.source(), "try");
  const MountSet mounts{transaction.at("/app")};
  {
    LaunchSpec spec = ground.ground().shell("echo new > /app/file; echo done; exec sleep 100", mounts);
    Collector lines;
    spec.out = lines.stdio();
    const Container container = Container::launch(std::move(spec));
    REQUIRE(lines.wait_for("done"));
    CHECK(transaction.info().in_use);
    CHECK(lines_of(transaction.changes()) == Lines{"modified file: content, time"});
    CHECK(code_of([&] { (void)transaction.apply(); }) == errc::transaction_in_use);
    CHECK(code_of([&] { transaction.discard(); }) == errc::transaction_in_use);
    CHECK(code_of([&] { (void)Container::launch(ground.ground().program({"true"}, mounts)); }) ==
          std::errc::device_or_resource_busy);
  }
  REQUIRE(eventually([&] { return !transaction.info().in_use; }));
  (void)transaction.apply();
  CHECK(ground.read("file") == "new\n");
}

TEST_CASE("a transaction is refused for what it cannot be of, and a mount for what it cannot have",
          "[container][transaction]") {
  const TransactionGround ground;
  ground.write("file", "old");
  TransactionStore store = ground.store();
  CHECK(code_of([&] { (void)store.begin(ground.source() / "absent", "x"); }) == errc::source_missing);
  CHECK(code_of([&] { (void)store.begin(ground.source() / "file", "x"); }) == errc::invalid_argument);
  CHECK(code_of([&] { (void)store.begin(ground.ground().path(""), "x"); }) == errc::invalid_argument);
  CHECK(code_of([&] { (void)store.begin(ground.source(), "../x"); }) == errc::invalid_argument);
  const Transaction transaction = store.begin(ground.source(), "try");
  CHECK(code_of([&] { (void)store.begin(ground.source(), "try"); }) == errc::transaction_exists);
  CHECK_THAT(message_of([&] { (void)store.get("tri"); }), Catch::Contains("did you mean \"try\"?"));
  const ResolveOptions options{.store = ground.ground().store_path(), .current_directory = {}};
  const auto refused = [&](BindMount mount) {
    return code_of([&] { (void)MountSet{std::move(mount)}.resolve(options); });
  };
  CHECK(refused(transaction.at("/a", {.chown = true})) == errc::invalid_argument);
  CHECK(refused(transaction.at("/a", {.overlay = OverlayOptions{}})) == errc::invalid_argument);
  CHECK(refused(BindMount{ground.ground().path("store"), "/a", {.transaction = "try"}}) == errc::invalid_argument);
  CHECK(refused(BindMount{ground.source(), "/a", {.transaction = "none"}}) == errc::transaction_missing);
  CHECK(refused(BindMount{ground.source(), "/a", {.transaction = "a/b"}}) == errc::invalid_argument);
  const MountPlan plan = MountSet{BindMount{ground.source(), "/a", {.transaction = "try"}}}.resolve(options);
  CHECK(plan == MountSet{transaction.at("/a")}.resolve(options));
  CHECK_THAT(plan.to_string(), Catch::Contains("changes go to transaction \"try\""));
}
