// SPDX-License-Identifier: Apache-2.0
// The limit of what containers write to the roots of their images: the kernel holds it, for whoever writes, for as long
// as the changes are there; and its room is free again when they are gone.

#include "container/image_support.hpp"
#include "root/limit_support.hpp"

#include <dunnage/copy.hpp>
#include <dunnage/store_check.hpp>

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>

namespace dunnage::test {
namespace {

namespace fs = std::filesystem;

/// Fills the root up: with one file, then with what takes less than a block of it.
constexpr const char* kFill =
    "busybox dd if=/dev/zero of=/srv/filling bs=64k count=8192; i=0; while mkdir /srv/d$i; do i=$((i+1)); done; sync; "
    "cat /srv/before";

bool says_full(const std::string& text) {
  return text.find("No space left on device") != text.npos || text.find("Disk quota exceeded") != text.npos;
}

bool says_full(const std::error_code& code) { return code == std::errc::no_space_on_device || code.value() == EDQUOT; }

/// An image with a limit for its containers, on a disk of its own.
class Limited {
 public:
  explicit Limited(const std::string& kind) : disk_{kind} {
    images_.add("app",
                {base_layer(), {directory("srv"), {.path = "srv/large", .content = std::string(20 * kMiB, 'l')}}});
    (void)output_of(images_.shell("app", "true"));  // unpacks it
  }

  [[nodiscard]] const Ground& ground() const noexcept { return ground_; }
  [[nodiscard]] const TestImages& images() const noexcept { return images_; }
  [[nodiscard]] ContainerStore store() const { return ground_.containers(); }

  [[nodiscard]] LaunchSpec spec(const std::string& script, std::uint64_t limit = 16 * kMiB) const {
    LaunchSpec spec = images_.shell("app", script);
    spec.root_changes = {.limit = limit};
    return spec;
  }
  /// One that stays, with a record.
  [[nodiscard]] LaunchSpec kept(std::uint64_t limit = 16 * kMiB) const {
    LaunchSpec spec = this->spec("test -e /srv/before || echo before > /srv/before; exec sleep 1000", limit);
    spec.name = "web";
    spec.remove_on_exit = false;
    return spec;
  }

  [[nodiscard]] std::uint64_t free() const {
    const int directory = ::open(ground_.store_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct statvfs system {};
    REQUIRE(::syncfs(directory) == 0);
    REQUIRE(::fstatvfs(directory, &system) == 0);
    ::close(directory);
    return std::uint64_t{system.f_bfree} * system.f_frsize;
  }
  /// Nothing of any container is there, and nothing is mounted.
  [[nodiscard]] bool is_tidy() const {
    return eventually([&] {
      return images_.changes().empty() && fs::is_empty(ground_.store_path() / "trash") &&
             fs::is_empty(ground_.store_path() / "staging") && devices_below(ground_.store_path()) == 0;
    });
  }

 private:
  OnDisk disk_;
  Ground ground_;
  TestImages images_{ground_};
};

std::string told(const Container& container, const std::string& script) {
  const Outcome outcome = outcome_of(container, {.argv = {"sh", "-c", script}});
  return outcome.out + outcome.err;
}

}  // namespace

TEST_CASE("P-59: what a container writes to its image's root has a bound, whoever writes and starts it again") {
  if (!has_tools() || !requires_busybox()) return;
  for (const std::string kind : {"ext4", "btrfs"}) {
    const Limited limited{kind};
    const fs::path more = limited.ground().directory().write("more", std::string(4 * kMiB, 'm'));
    const std::uint64_t free_before = limited.free();
    Container container = Container::launch(limited.kept());
    REQUIRE(eventually([&] { return told(container, "cat /srv/before") == "before\n"; }));
    CHECK(says_full(told(container, kFill)));
    CHECK(std::stoull(told(container, "stat -c %s /srv/filling")) < 16 * kMiB);
    CHECK(says_full(told(container, "busybox dd if=/dev/zero of=/srv/other bs=64k count=16")));
    CHECK(says_full(told(container, "echo changed >> /srv/large")));  // it would be copied
    CHECK(told(container, "cat /srv/before; busybox head -c 3 /srv/large") == "before\nlll");
    CHECK(says_full(code_of([&] { copy_in(container, more, "/srv/copied"); })));
    CHECK(limited.free() + 20 * kMiB > free_before);

    const ContainerInfo info = limited.store().inspect("web");
    CHECK(info.changes_limit == 16 * kMiB);
    CHECK(info.changes_limit_way == (kind == "btrfs" ? LimitWay::BtrfsQuota : LimitWay::Ext4Image));
    CHECK(fs::exists(info.changes));
    CHECK_THAT(to_json(info), Catch::Contains(R"("StorageOpt":{"size":"16777216"})"));
    const auto is_before = [](const Change& change) { return change.path == "/srv/before"; };
    CHECK(std::ranges::count_if(container.changes(), is_before) == 1);
    container.stop(0ms);
    (void)container.wait();

    CHECK(std::ranges::count_if(limited.store().changes("web"), is_before) == 1);
    CHECK(says_full(code_of([&] { copy_in(limited.store(), "web", more, "/srv/copied"); })));
    CHECK(check_store(limited.ground().store_path(), {.grace = 0s}).findings.empty());
    Container again = limited.store().start("web");
    CHECK(told(again, "cat /srv/before") == "before\n");
    CHECK(says_full(told(again, "busybox dd if=/dev/zero of=/srv/other bs=64k count=64")));
    CHECK(told(again,
               "rm -rf /srv/filling /srv/other && sync && busybox head -c 4000000 /dev/zero > /srv/other && "
               "wc -c < /srv/other") == "4000000\n");
    CHECK(says_full(told(again, kFill)));
    again.restart(0ms);
    CHECK(says_full(told(again, "busybox dd if=/dev/zero of=/srv/yet bs=64k count=64")));
    again.stop(0ms);
    limited.store().remove("web");
    CHECK(limited.is_tidy());
    CHECK(eventually([&] { return limited.free() + kMiB > free_before; }));
  }
}

// XFS has no room for a directory then, and the kernel would mount the root read-only.
TEST_CASE("a container that has filled a large limit is started again, and can delete") {
  if (!has_tools() || !requires_busybox()) return;
  const Limited limited{"machine"};
  Container container = Container::launch(limited.kept(300 * kMiB));
  CHECK(limited.store().inspect("web").changes_limit_way == LimitWay::XfsImage);
  (void)told(container, "busybox fallocate -l 270m /srv/most");
  CHECK(says_full(told(container, kFill)));
  for (int start = 0; start < 2; ++start) {
    container.restart(0ms);
    CHECK(says_full(told(container, "busybox dd if=/dev/zero of=/srv/other bs=64k count=16")));
    CHECK(told(container, "rm -rf /srv/other && cat /srv/before") == "before\n");
  }
  CHECK(told(container, "rm /srv/filling && cat /srv/before") == "before\n");
  container.kill();
  (void)container.wait();
  limited.store().remove("web");
  CHECK(limited.is_tidy());
}

TEST_CASE("nothing is left of changes with a limit that go with their containers, whose image stays shared") {
  if (!has_tools() || !requires_busybox()) return;
  const Limited limited{"machine"};
  for (int round = 0; round < 3; ++round) {
    const Outcome outcome = outcome_of(limited.spec("wc -c < /srv/large; ls -A /srv; echo x > /srv/own"));
    CHECK(outcome.out == "20971520\nlarge\n");  // more than the limit, and nothing of another container
  }
  CHECK(limited.is_tidy());
  LaunchSpec failing = limited.spec("true");
  failing.user = "nobody-here";
  CHECK(code_of([&] { (void)Container::launch(std::move(failing)); }) == errc::user_unknown);
  LaunchSpec read_only = limited.spec("touch /srv/x; cat /proc/self/mounts");
  read_only.read_only_root = true;
  CHECK_THAT(outcome_of(std::move(read_only)).err, Catch::Contains("Read-only file system"));
  const LaunchTemplate shell{limited.spec("echo x > /srv/own; ls /srv")};
  for (int round = 0; round < 2; ++round) {
    Collector out;
    CHECK(shell.launch({.out = out.stdio()}).wait().success());
    CHECK(out.wait_for("large\nown\n"));
  }
  CHECK(limited.is_tidy());
}

TEST_CASE("a limit of changes that cannot be held is refused with what can be done") {
  if (!has_tools() || !requires_busybox()) return;
  const Limited limited{"machine"};
  const auto refusal = [&](const RootChanges& changes) {
    const auto launch = [&] {
      LaunchSpec spec = limited.kept();
      spec.root_changes = changes;
      (void)Container::launch(std::move(spec));
    };
    CHECK(code_of(launch) == errc::invalid_argument);
    return message_of(launch);
  };
  CHECK_THAT(
      refusal({.limit = 4 * kMiB}),
      Catch::StartsWith("cannot limit the changes of container \"web\": a limit of 4194304 bytes is too small") &&
          Catch::Contains("give at least 16777216 bytes"));
  CHECK_THAT(refusal({.limit = 0}), Catch::Contains("a limit of nothing"));
  CHECK_THAT(refusal({.kind = RootChanges::Kind::Memory, .limit = 16 * kMiB}), Catch::Contains("give their size"));
  LaunchSpec host = limited.ground().program({"true"});
  host.root_changes = {.limit = 16 * kMiB};
  CHECK_THAT(message_of([&] { (void)Container::launch(std::move(host)); }), Catch::Contains("use Rootfs::image()"));
  CHECK(limited.is_tidy());
  CHECK(limited.store().list().empty());
}

TEST_CASE("what is damaged of changes with a limit is found, and what can be repaired is") {
  if (!has_tools() || !requires_busybox()) return;
  for (const std::string kind : {"machine", "btrfs"}) {
    const Limited limited{kind};
    (void)Container::launch(limited.kept()).stop(0ms);
    const fs::path store = limited.ground().store_path();
    const fs::path place = store / "images/changes" / limited.images().changes().at(0) / "limited";
    const auto problem = [&] {
      const StoreReport report = check_store(store, {.grace = 0s});
      return report.findings.size() == 1 ? report.findings.front().problem : report.to_string();
    };
    write_text(place / "limit", "as-you-like-it\n");
    CHECK(problem() == "it does not say how the limit is held, so its container cannot be started");
    CHECK(code_of([&] { (void)limited.store().start("web"); }).value() == EUCLEAN);
    CHECK(repair_store(store).is_clean());
    CHECK(check_store(store, {.grace = 0s}).findings.empty());
    Container again = limited.store().start("web");
    CHECK(told(again, "cat /srv/before") == "before\n");
    again.stop(0ms);
    if (kind == "btrfs") {
      REQUIRE(std::system(("btrfs quota disable '" + store.string() + "'").c_str()) == 0);
      CHECK(problem() == "nothing limits what its container writes: the quota is gone");
      CHECK_THAT(message_of([&] { (void)limited.store().start("web"); }), Catch::Contains("btrfs quota enable"));
      REQUIRE(std::system(("btrfs quota enable '" + store.string() + "'").c_str()) == 0);
      (void)std::system(("btrfs quota rescan -w '" + store.string() + "' >/dev/null 2>&1").c_str());  // or it runs
      again = limited.store().start("web");
      CHECK(says_full(told(again, kFill)));
      again.stop(0ms);
      REQUIRE(std::system(("btrfs qgroup limit 8M '" + (place / "_data").string() + "'").c_str()) == 0);
      again = limited.store().start("web");  // which takes more than that
      CHECK(told(again, "rm /srv/filling && cat /srv/before") == "before\n");
      again.stop(0ms);
      CHECK(check_store(store, {.grace = 0s}).findings.empty());
    }
    if (kind == "machine") {
      REQUIRE(eventually([&] { return devices_below(store) == 0; }));
      fs::resize_file(place / "_data/image", 0);
      CHECK(problem() == "what is there is no \"ext4-image\" any more");
      CHECK_FALSE(repair_store(store).is_clean());
    }
    fs::rename(place / "_data", limited.ground().path("aside"));
    CHECK(problem() == "what its container wrote is gone");
    limited.store().remove("web");
    fs::create_directories(store / "images/changes/abandoned/upper");
    CHECK(problem() == "a process that was killed left what a container wrote to its image");
    CHECK(repair_store(store, {.grace = 0s}).is_clean());
    CHECK(limited.is_tidy());
  }
}

}  // namespace dunnage::test
