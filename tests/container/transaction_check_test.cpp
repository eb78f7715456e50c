// SPDX-License-Identifier: Apache-2.0
// What is damaged of a transaction, or was left by an apply that was killed, is told by name; what can be mended
// without losing a change or a conflict is mended.

#include "container/transaction_support.hpp"
#include "unit/store_check_support.hpp"

#include <dunnage/error.hpp>

#include "transaction/journal.hpp"
#include "transaction/place.hpp"
#include "volume/metadata.hpp"

#include <functional>

using namespace dunnage;
using namespace dunnage::test;

namespace {

namespace fs = std::filesystem;
using Part = StoreFinding::Part;
using Kind = StoreFinding::Kind;

const volume::Deed kDeed{"look at transaction", "victim"};

/// "victim" and "other". The victim has changes, written as an overlay would.
struct TwoTransactions {
  TwoTransactions() {
    ground.write("file", "as it was");
    ground.ground().directory().make("elsewhere");
    (void)ground.store().begin(ground.ground().path("elsewhere"), "other");
    (void)ground.store().begin(ground.source(), "victim");
    overwrite(victim / "upper/file", "changed");
    overwrite(victim / "upper/new", "new");
    changes = lines_of(ground.store().get("victim").changes());
    REQUIRE(changes.size() == 2);
  }
  ~TwoTransactions() {
    std::error_code ignored;  // so that an ordinary user can delete it
    fs::permissions(victim, fs::perms{0700}, ignored);
  }

  [[nodiscard]] fs::path store() const { return ground.ground().store_path(); }
  [[nodiscard]] transaction::Place place() const { return transaction::open_place(victim, kDeed); }
  [[nodiscard]] std::string seen() const {
    return tree_of(store() / "transactions") + (fs::exists(ground.source()) ? tree_of(ground.source()) : "");
  }

  TransactionGround ground;
  fs::path victim = store() / "transactions/victim";
  std::vector<std::string> changes;
};

struct Damage {
  const char* what;
  std::function<void(const TwoTransactions&)> make;
  const char* file;     ///< of the transaction, where it is found
  const char* problem;  ///< a part of the sentence
  bool repairable = true;
  Kind kind = Kind::Damage;
};

std::function<void(const TwoTransactions&)> replace(const char* file, const char* kind) {
  return [=](const TwoTransactions& two) { replace_by(two.victim / file, kind); };
}

std::function<void(const TwoTransactions&)> spoil(const char* file) {
  return [=](const TwoTransactions& two) { overwrite(two.victim / file, damaged_byte(content_of(two.victim / file))); };
}

std::vector<Damage> damages_of_parts() {
  return {
      {"metadata a byte", spoil("metadata"), "metadata", "its checksum is wrong", false},
      {"metadata gone", replace("metadata", "nothing"), "metadata", "it is missing", false},
      {"metadata a FIFO", replace("metadata", "fifo"), "metadata", "a FIFO", false},
      {"metadata a link", replace("metadata", "link"), "metadata", "a symbolic link", false},
      {"metadata of another",
       [](const auto& two) {
         transaction::Metadata metadata = two.place().metadata;
         metadata.name = "other";
         overwrite(two.victim / "metadata", transaction::encode(metadata).value());
       },
       "metadata", "it belongs to transaction \"other\""},
      {"metadata newer",
       [](const auto& two) {
         overwrite(two.victim / "metadata", volume::with_checksum("\"version\":2,\"transaction\":[]}\n"));
       },
       "metadata", "it has a newer format", false, Kind::Newer},
      {"baseline a byte", spoil("baseline"), "baseline", "its checksum is wrong", false},
      {"baseline gone", replace("baseline", "nothing"), "baseline", "it is missing", false},
      {"baseline a FIFO", replace("baseline", "fifo"), "baseline", "a FIFO", false},
      {"no lock", replace("lock", "nothing"), "lock", "it is missing"},
      {"lock a link", replace("lock", "link"), "lock", "a symbolic link"},
      {"upper gone", [](const auto& two) { fs::remove_all(two.victim / "upper"); }, "upper", "its changes are gone",
       false},
      {"upper a link", replace("upper", "link to a directory"), "upper", "a symbolic link", false},
      {"work gone", replace("work", "nothing"), "work", "it is missing"},
      {"work a file", replace("work", "file"), "work", "a file"},
      {"open to others", [](const auto& two) { fs::permissions(two.victim, fs::perms{0755}); }, "", "its mode is 0755"},
      {"source gone", [](const auto& two) { fs::rename(two.ground.source(), two.ground.source().string() + "-away"); },
       "", "is not there", false},
  };
}

void begin_to_apply(const TwoTransactions& two, const transaction::Journal& journal) {
  transaction::write_journal(two.place(), journal);
}

void have_applied(const TwoTransactions& two, const transaction::Journal& journal) {
  begin_to_apply(two, journal);
  fs::rename(two.victim / "applying", two.victim / "applied");
}

std::vector<Damage> damages_of_applies() {
  return {
      {"applying a byte",
       [](const auto& two) {
         begin_to_apply(two, {.unveiled = {}, .dropped = {"new"}, .taken_over = {"new"}});
         spoil("applying")(two);
       },
       "applying", "its checksum is wrong"},
      {"applied leads out", [](const auto& two) { have_applied(two, {.unveiled = {}, .dropped = {"a/../../new"}}); },
       "applied", "it names what is no path below the source"},
      {"applied a directory", replace("applied", "directory"), "applied", "a directory"},
      {"killed in the middle", [](const auto& two) { begin_to_apply(two, {.unveiled = {}, .dropped = {"new"}}); },
       "applying", "an apply was ended in the middle", false, Kind::Leftover},
      // of what is named nothing is there, and what is there is not named
      {"applied what is gone",
       [](const auto& two) {
         have_applied(two, {.unveiled = {"no/such", "file"}, .dropped = {"gone", "no/such/file"}, .taken_over = {"x"}});
       },
       "applied", "when its changes were in the source", true, Kind::Leftover},
      {"killed while writing", [](const auto& two) { overwrite(two.victim / ".baseline.0123", "half"); },
       ".baseline.0123", "a process that was killed was writing it", true, Kind::Leftover},
  };
}

/// What was mended works as before the damage; of what was not, only one without its record is nowhere.
void check_victim(const TwoTransactions& two, const Damage& damage) {
  if (damage.file == std::string{"metadata"} && !damage.repairable) {
    CHECK_THROWS_AS(two.ground.store().get("victim"), VolumeError);
    CHECK(two.ground.store().list().size() == 1);
  }
  if (!damage.repairable) return;
  CHECK(two.ground.store().get("other").changes().empty());
  const Transaction victim = two.ground.store().get("victim");
  CHECK(lines_of(victim.changes()) == two.changes);
  CHECK(victim.conflicts().empty());
  CHECK(two.ground.run(victim, "cat file new") == "changednew");
  (void)victim.apply();
  CHECK(two.ground.read("file") + two.ground.read("new") == "changednew");
}

void check_damage(const Damage& damage) {
  CAPTURE(damage.what);
  const TwoTransactions two;
  damage.make(two);
  const std::string before = two.seen();
  const StoreReport report = check_store(two.store(), kAtOnce);
  CAPTURE(report.to_string());
  REQUIRE(report.findings.size() == 1);
  const StoreFinding& found = report.findings.front();
  CHECK(found.part == Part::Transaction);
  CHECK(found.kind == damage.kind);
  CHECK(found.name == "victim");
  CHECK(found.path == (*damage.file == '\0' ? two.victim : two.victim / damage.file));
  CHECK_THAT(found.problem, Catch::Contains(damage.problem));
  CHECK(found.repairable == damage.repairable);
  CHECK(two.seen() == before);
  const StoreReport repaired = repair_store(two.store(), kRepairAtOnce);
  CAPTURE(repaired.to_string());
  CHECK(repaired.is_clean() == damage.repairable);
  if (!damage.repairable) {
    CHECK(repaired == report);
    CHECK(two.seen() == before);
  }
  CHECK(check_store(two.store(), kAtOnce) == (damage.repairable ? StoreReport{} : report));
  check_victim(two, damage);
  two.ground.store().get("other").discard();
}

}  // namespace

TEST_CASE("each damage of a transaction is found by its name, and mended where no change or conflict is lost by that",
          "[container][transaction][check]") {
  for (const Damage& damage : damages_of_parts()) check_damage(damage);
  for (const Damage& damage : damages_of_applies()) check_damage(damage);
}

TEST_CASE("what a killed apply left in the source is found and deleted, by a repair or with the transaction",
          "[container][transaction][check]") {
  const TwoTransactions two;
  const fs::path left = two.ground.source() / transaction::stage_name(two.place());
  const auto leave = [&] {
    fs::create_directories(left / "deep");
    overwrite(left / "deep/file", "half");
  };
  leave();
  {
    const transaction::TransactionLock somebody{two.place().directory.get()};
    CHECK(check_store(two.store(), kAtOnce).findings.empty());  // it is at work
  }
  const StoreReport report = check_store(two.store(), kAtOnce);
  REQUIRE(report.findings.size() == 1);
  CHECK(report.findings.front().path == left);
  CHECK(report.findings.front().kind == Kind::Leftover);
  CHECK(check_store(two.store()).findings.empty());  // it is young
  CHECK(repair_store(two.store(), kRepairAtOnce).is_clean());
  CHECK_FALSE(fs::exists(left));
  leave();
  two.ground.store().get("victim").discard();
  CHECK_FALSE(fs::exists(left));
  CHECK(two.ground.read("file") == "as it was");
  CHECK(check_store(two.store(), kAtOnce).findings.empty());
}

TEST_CASE("what is no transaction is told and left, one that was copied by hand is one of its own",
          "[container][transaction][check]") {
  const TwoTransactions two;
  const fs::path transactions = two.store() / "transactions";
  fs::create_directory(transactions / "no name");
  replace_by(transactions / "a-file", "file");
  fs::permissions(transactions, fs::perms{0755});
  fs::copy(two.victim, transactions / "copied", fs::copy_options::recursive);
  fs::permissions(transactions / "copied", fs::perms{0700});
  const std::string id = two.place().metadata.id;
  CHECK(problems_of(check_store(two.store(), kAtOnce)) ==
        std::vector<std::string>{"transactions: its mode is 0755, so that other users may enter it",
                                 "a-file: it is a file, not a directory",
                                 "copied: its metadata cannot be used: it belongs to transaction \"victim\"",
                                 "no name: no transaction can be called that, and nothing ever looks at it"});
  CHECK_FALSE(repair_store(two.store(), kRepairAtOnce).is_clean());
  CHECK(fs::is_directory(transactions / "no name"));
  CHECK(content_of(transactions / "a-file") == "nothing of a volume's");
  CHECK(check_store(two.store(), kAtOnce).findings.size() == 2);
  CHECK(lines_of(two.ground.store().get("copied").changes()) == two.changes);
  CHECK(two.place().metadata.id == id);
  CHECK(transaction::open_place(transactions / "copied", kDeed).metadata.id != id);
  CHECK(two.ground.store().list().size() == 3);
}
