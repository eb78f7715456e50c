// SPDX-License-Identifier: Apache-2.0
// P-41 and P-42: whoever can write to the directory a source lies in puts a link in its place, after the plan was made
// or at a restart. What the link leads to is not shown, and keeps its owner.

#include "container/records_support.hpp"
#include "container/support.hpp"
#include "support/rounds.hpp"
#include "support/swap.hpp"
#include "support/tree.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <utility>
#include <vector>

using namespace dunnage;
using namespace dunnage::test;

namespace {

namespace fs = std::filesystem;

constexpr auto kLoop = std::errc::too_many_symbolic_link_levels;

/// Directories anybody may have for the asking, and one beside them that nobody asked for.
class Place {
 public:
  Place() {
    for (const char* name : {"open/sub", "open/upper", "open/work", "canary"}) ground_.directory().make(name);
    ground_.directory().write("open/sub/token", "mine");
    ground_.directory().write("canary/token", "secret");
    ground_.directory().write("open/file", "mine");
    ground_.directory().write("secret", "secret");
    before_ = tree();
  }

  [[nodiscard]] const Ground& ground() const noexcept { return ground_; }
  [[nodiscard]] fs::path path(std::string_view relative) const { return ground_.path(relative); }
  /// Puts a link in the place of what has this name.
  void replace(const char* name, const char* by) const {
    fs::rename(path(name), path(std::string{name} + ".aside"));
    fs::create_symlink(path(by), path(name));
  }
  void put_back(const char* name) const {
    fs::remove(path(name));
    fs::rename(path(std::string{name} + ".aside"), path(name));
  }
  void check() const { CHECK(tree() == before_); }

 private:
  [[nodiscard]] std::string tree() const { return tree_of(path("canary")); }

  Ground ground_;
  std::string before_;
};

std::string user() { return who() == Launcher::Single ? "0" : "1234"; }

MountPlan plan_of(const Place& place, const MountSet& mounts) {
  return mounts.resolve({.store = place.ground().store_path(), .current_directory = {}});
}

/// Resolves, replaces, prepares; the error has to be the link.
void refused(const Place& place, const MountSet& mounts, const char* name, const char* by) {
  const MountPlan plan = plan_of(place, mounts);
  (void)plan.prepare({.user = user()});
  const MountPlan again = plan_of(place, mounts);
  place.replace(name, by);
  CHECK(code_of([&] { (void)again.prepare({.user = user()}); }) == kLoop);
  LaunchSpec spec = place.ground().program({"true"});
  spec.mounts = again;
  spec.user = user();
  CHECK(code_of([&] { (void)run(std::move(spec)); }) == kLoop);
  place.put_back(name);
  place.check();
}

}  // namespace

TEST_CASE("P-41: a link that is put in the place of a source after the plan is not followed",
          "[container][mounts][attack]") {
  const Place place;
  const std::vector<BindOptions> all{
      {},
      {.chown = true},
      {.relabel = Relabel::Shared},
      {.relabel = Relabel::Private},
      {.exclude = {"nothing"}},
      {.overlay = OverlayOptions{}},
      {.read_only = true, .recursion = Recursion::Writable},
      {.recursion = Recursion::Disabled},
  };
  for (const BindOptions& options : all) {
    refused(place, {BindMount{place.path("open/sub"), "/x", options}}, "open/sub", "canary");
  }
  if (who() == Launcher::Root) {
    refused(place, {BindMount{place.path("open/sub"), "/x", {.owner = Ownership::match_user()}}}, "open/sub", "canary");
  }
}

TEST_CASE("P-41: neither is one in the place of a file or of a directory above", "[container][mounts][attack]") {
  const Place place;
  place.ground().directory().write("elsewhere/sub/token", "secret");
  for (const bool chown : {false, true}) {
    refused(place, {BindMount{place.path("open/file"), "/x", {.chown = chown}}}, "open/file", "secret");
    refused(place, {BindMount{place.path("open/sub"), "/x", {.chown = chown}}}, "open", "elsewhere");
    refused(place, {BindMount{place.path("open/sub/token"), "/x", {.chown = chown}}}, "open/sub", "canary");
  }
}

TEST_CASE("P-41: neither is one in the place of an upper or work directory", "[container][mounts][attack]") {
  const Place place;
  const OverlayOptions overlay{.upper = place.path("open/upper"), .work = place.path("open/work")};
  const MountSet mounts{BindMount{place.path("open/sub"), "/x", {.overlay = overlay}}};
  refused(place, mounts, "open/upper", "canary");
  refused(place, mounts, "open/work", "canary");
}

TEST_CASE("P-41: neither is one in the place of the directory a volume shows", "[container][mounts][attack]") {
  const Place place;
  const DriverOptions options{{"type", "none"}, {"device", place.path("open/sub")}, {"o", "bind"}};
  (void)place.ground().volumes().create("bound", {.driver_options = options});
  for (const bool chown : {false, true}) {
    refused(place, {VolumeMount{"bound", "/x", {.chown = chown}}}, "open/sub", "canary");
  }
  refused(place, {VolumeMount{"", "/x", {.driver_options = options}}}, "open/sub", "canary");
}

TEST_CASE("links that were there when the plan was made lead where they led", "[container][mounts]") {
  const Place place;
  fs::create_directory_symlink(place.path("open"), place.path("link"));
  fs::create_directory_symlink("sub", place.path("open/current"));
  const OverlayOptions overlay{.upper = place.path("link/upper"), .work = place.path("link/work")};
  const DriverOptions options{{"type", "none"}, {"device", place.path("link/current")}, {"o", "bind"}};
  (void)place.ground().volumes().create("bound", {.driver_options = options});
  const MountSet mounts{BindMount{place.path("link/current"), "/plain"},
                        BindMount{place.path("link/file"), "/file"},
                        BindMount{place.path("link/current"), "/given", {.chown = true}},
                        BindMount{place.path("link/current"), "/over", {.overlay = overlay}},
                        VolumeMount{"bound", "/bound"},
                        BindMount{place.path("link/new/one"), "/new", {.create_source = true, .chown = true}}};
  LaunchSpec spec = place.ground().shell(
      "cat /plain/token /file /given/token /over/token /bound/token; echo x > /over/made; echo x > /new/made");
  spec.mounts = mounts;
  CHECK(output_of(std::move(spec)) ==
        "minemineminemine"
        "mine");
  CHECK(fs::exists(place.path("open/upper/made")));
  CHECK(fs::exists(place.path("open/new/one/made")));
  const MountPlan plan = plan_of(place, mounts);
  fs::remove(place.path("open/current"));
  fs::create_directory_symlink(place.path("canary"), place.path("open/current"));
  LaunchSpec again = place.ground().shell("cat /plain/token /given/token /over/token /bound/token");
  again.mounts = plan;
  CHECK(output_of(std::move(again)) == "minemineminemine");
  place.check();
}

namespace {

/// How starts ended while a source was a directory and a link in turn.
struct Race {
  unsigned shown = 0;
  unsigned links = 0;
  unsigned swaps = 0;
  [[nodiscard]] bool enough() const { return shown >= 5 && links >= 5; }
};

/// Starts from the same plan while the directory at `name` and a link to the canary are exchanged. What the program
/// says is always the same.
Race race(const Place& place, const char* name, const MountSet& mounts, const char* script, unsigned least) {
  fs::create_directory_symlink(place.path("canary"), place.path("open/link"));
  const MountPlan plan = plan_of(place, mounts);
  Race result;
  {
    const Swap swap{place.path(name), place.path("open/link")};
    for (Rounds rounds{least}; rounds.next(result.enough());) {
      swap.wait_for_more();
      LaunchSpec spec = place.ground().shell(script);
      spec.mounts = plan;
      spec.user = user();
      try {
        const std::string seen = output_of(std::move(spec));
        CHECK(seen == "minemine");
        ++result.shown;
      } catch (const Error& error) {
        CHECK(error.code() == kLoop);
        ++result.links;
      }
    }
    result.swaps = swap.count();
  }
  if (fs::is_symlink(place.path(name))) (void)exchange_names(place.path(name), place.path("open/link"));
  fs::remove(place.path("open/link"));
  return result;
}

}  // namespace

// In the weakened build source-over-links the canary gets another owner and is seen inside.
TEST_CASE("P-41: a source that is exchanged with a link while containers start leads nowhere else",
          "[container][mounts][attack][race]") {
  if (!requires_many_ids()) return;
  const Place place;
  const Race done =
      race(place, "open/sub",
           {BindMount{place.path("open/sub"), "/x", {.chown = true}}, BindMount{place.path("open/sub"), "/plain"}},
           "cat /x/token /plain/token", 100);
  CHECK(done.enough());
  CHECK(done.swaps > 100);
  place.check();
}

TEST_CASE("P-41: so it is where the source gets a label, a map of owners or an overlay",
          "[container][mounts][attack][race]") {
  const Place place;
  const fs::path source = place.path("open/sub");
  constexpr auto kScript = "cat /x/token /x/token; echo x 2>/dev/null > /x/made; true";
  std::vector<BindOptions> all{{.read_only = true, .relabel = Relabel::Private},
                               {.overlay = OverlayOptions{}},
                               {.read_only = true, .exclude = {"nothing"}}};
  if (who() == Launcher::Root) all.push_back({.read_only = true, .owner = Ownership::match_user()});
  for (const BindOptions& options : all) {
    const Race done = race(place, "open/sub", {BindMount{source, "/x", options}}, kScript, 10);
    CAPTURE(done.shown, done.links);
    CHECK(done.enough());
    place.check();
  }
  const OverlayOptions kept{.upper = place.path("open/upper"), .work = place.path("open/work")};
  for (const char* name : {"open/upper", "open/work"}) {
    const Race done = race(place, name, {BindMount{source, "/x", {.overlay = kept}}}, kScript, 10);
    CAPTURE(name, done.shown, done.links);
    CHECK(done.enough());
    place.check();
  }
}

TEST_CASE("P-42: a restart does not follow a link a container made of its source", "[container][records][attack]") {
  const Place place;
  LaunchSpec spec = detached(place.ground(),
                             "cat /x/token; echo; mv /open/sub /open/old; ln -s " + place.path("canary").string() +
                                 " /open/sub; exec sleep 100",
                             "web", {BindMount{place.path("open"), "/open"}, BindMount{place.path("open/sub"), "/x"}});
  auto store = place.ground().containers();
  (void)Container::launch(std::move(spec));
  REQUIRE(eventually([&] { return fs::is_symlink(place.path("open/sub")); }));
  const std::string message = message_of([&] { store.get("web").restart(std::chrono::milliseconds{0}); });
  CHECK_THAT(message, Catch::Contains("a symbolic link has been put in the way to the source since the plan was made"));
  CHECK_THAT(message, Catch::Contains("put back what was there"));
  CHECK(code_of([&] { (void)store.start("web"); }) == kLoop);
  CHECK(log_of(store, "web") == "mine\n");
  fs::remove(place.path("open/sub"));
  fs::rename(place.path("open/old"), place.path("open/sub"));
  {
    const Container again = store.start("web");
    REQUIRE(eventually([&] { return log_of(store, "web") == "mine\nmine\n"; }));
    (void)again.kill();
    (void)again.wait();
  }
  store.remove("web");
  place.check();
}

TEST_CASE("P-42: neither does a template that is prepared anew", "[container][template][attack]") {
  const Place place;
  fs::create_directory_symlink("sub", place.path("open/current"));
  LaunchSpec spec = place.ground().shell("exit 0", {BindMount{place.path("open/current"), "/x"}});
  const LaunchTemplate made{std::move(spec)};
  const auto in_copy = [&](const std::function<bool()>& right) {
    const pid_t pid = ::fork();  // a copy prepares a template of its own
    if (pid == 0) {
      bool good = false;
      try {
        good = right();
      } catch (const Error&) {
      }
      ::_exit(good ? 0 : 1);
    }
    int status = 1;
    return ::waitpid(pid, &status, 0) == pid && status == 0;
  };
  const auto shows_mine = [&] {
    const Container container = made.launch({.argv = {"grep", "-q", "mine", "/x/token"}});
    return container.wait().success();
  };
  fs::remove(place.path("open/current"));
  fs::create_directory_symlink(place.path("canary"), place.path("open/current"));
  CHECK(shows_mine());
  CHECK(in_copy(shows_mine));
  place.replace("open/sub", "canary");
  CHECK(shows_mine());
  CHECK(in_copy([&] { return code_of([&] { (void)shows_mine(); }) == kLoop; }));
  place.check();
}
