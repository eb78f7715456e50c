// SPDX-License-Identifier: Apache-2.0
// P-61: the attacks on paths again, by a host to which openat2 is denied. There is no weaker way that is taken instead:
// each ends as it does elsewhere, or is refused at once by an error that says what to allow.

#include "container/records_support.hpp"
#include "container/rootfs_support.hpp"
#include "support/apart.hpp"
#include "support/oci_image.hpp"
#include "support/outer_filter.hpp"
#include "support/rounds.hpp"
#include "support/snapshot.hpp"
#include "support/swap.hpp"

#include <sys/syscall.h>

#include <cerrno>
#include <memory>

using namespace dunnage;
using namespace dunnage::test;

namespace {

namespace fs = std::filesystem;

/// The places of the attacks, made before the call is denied.
class Field {
 public:
  Field() {
    const fs::path data = ground_.volumes().create("shared").mountpoint();
    for (const char* name : {"way/fs", "proc", "sys", "dev"}) fs::create_directories(root_.path() / name);
    fs::create_directories(data / "way");
    fs::create_symlink(canary_.path(), root_.path() / "link");
    fs::create_symlink(canary_.path(), data / "link");
    (void)ground_.directory().write("store/volumes/shared/_data/way/file", "mine");
    mine_ = ground_.directory().write("mine", "mine");
    write_image(ground_.path("layout"), {{{.path = "a", .content = canary_.path().string(), .type = '2'}},
                                         {{.path = "a/file", .content = "through"}}});
  }
  [[nodiscard]] const Canary& canary() const { return canary_; }

  /// What one attack lets a host see. Throws: Error.
  [[nodiscard]] std::string attack(int number) const {
    const fs::path data = ground_.path("store/volumes/shared/_data");
    switch (number) {
      case 0: {  // P-2
        const Swap swap{root_.path() / "proc", root_.path() / "link"};
        return outcome_of(root_.shell("ls /proc/self/data; cat /proc/file")).out;
      }
      case 1: {  // P-3 and P-4
        const Swap swap{root_.path() / "way", root_.path() / "link"};
        return outcome_of(root_.shell("cat /way/file", {BindMount{data, "/way/fs"}, Tmpfs{"/way/new"}})).out;
      }
      case 2: {  // P-24
        const Swap swap{data / "way", data / "link"};
        copy_in(ground_.volumes(), "shared", mine_, "/way/copied");
        copy_out(ground_.volumes(), "shared", "/way/file", ground_.path("got"));
        return ground_.directory().read("got");
      }
      case 3: {  // P-28
        const Swap swap{data / "way", data / "link"};
        return outcome_of(ground_.shell("cat /x/file", {VolumeMount{"shared", "/x", {.subpath = "way"}}})).out;
      }
      default:  // P-44
        (void)ImageStore::open(ground_.store_path()).load(ground_.path("layout"), {.name = "through"});
        return {};
    }
  }
  static constexpr int kAttacks = 5;

 private:
  Ground ground_;
  Canary canary_;
  DirectoryRoot root_{ground_};
  fs::path mine_;
};

/// "done", "refused: …" or what is wrong, of so many rounds.
std::string verdict_of(const Field& field, int attack) {
  std::string verdict = "done";
  for (Rounds rounds{5}; rounds.next();) {
    try {
      if (field.canary().is_in(field.attack(attack))) return "it reads the canary";
    } catch (const Error& error) {
      if (error.remedy().empty()) return std::string{"unclear: "} + error.what();
      verdict = std::string{"refused: "} + error.what();
    }
    const std::string changes = field.canary().changes();
    if (!changes.empty()) return "it changes the canary: " + changes;
  }
  return verdict;
}

}  // namespace

TEST_CASE("P-61: without openat2 the attacks on paths are refused, or end as with it",
          "[container][filtered][attack][race]") {
  if (who() == Launcher::Range) return skip("with no_new_privs, which a filter wants, newuidmap gains nothing");
  const Field field;
  for (int attack = 0; attack < Field::kAttacks; ++attack) {
    for (const int error : {ENOSYS, EPERM}) {
      CAPTURE(attack, error);
      const DoneApart done = do_apart([&] {
        deny_calls({SYS_openat2}, error);
        return verdict_of(field, attack);
      });
      INFO(done.words);
      CHECK(done.status == 0);
      CHECK((done.words == "done" || done.words.starts_with("refused: ")));
      CHECK_THAT(done.words, Catch::Contains("openat2"));  // what else would be missing works
    }
  }
  field.canary().verify();
}
