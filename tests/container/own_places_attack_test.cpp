// SPDX-License-Identifier: Apache-2.0
// P-2, P-5 and P-8: a root whose /proc, /sys, /dev, or what an engine would take from there, is something else,
// from the start or whenever another container says so. What a container finds there is the kernel's, or it does not
// start.

#include "container/rootfs_support.hpp"
#include "container/swap_inside.hpp"
#include "support/rounds.hpp"
#include "support/snapshot.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>

using namespace dunnage;
using namespace dunnage::test;

namespace {

namespace fs = std::filesystem;

/// What is in a container's own places, as statfs(2) and stat(2) tell it.
constexpr auto kLook =
    "stat -f -c '%n %t' /proc /sys /dev /dev/pts /dev/shm; stat -c '%n %t:%T' /dev/null /dev/zero /dev/ptmx/. "
    "/dev/pts/ptmx 2>/dev/null; readlink /dev/ptmx; cat /proc/self/attr/exec 2>/dev/null | grep -a planted; "
    "cat /proc/1/comm";

constexpr auto kRight =
    "/proc 9fa0\n/sys 62656572\n/dev 1021994\n/dev/pts 1cd1\n/dev/shm 1021994\n/dev/null 1:3\n/dev/zero 1:5\n"
    "/dev/pts/ptmx 5:2\npts/ptmx\nsh\n";

struct Tally {
  int right = 0;
  int refused = 0;
  int noticed = 0;  ///< of these, because a place was exchanged when there was a mount on it
};

/// The mounts of the container, from a procfs that may have another name by now.
constexpr auto kOwnMounts =
    "n=0; until cat /proc/self/mountinfo 2>/dev/null || cat /proc.?/self/mountinfo 2>/dev/null; do "
    "n=$((n + 1)); test $n -lt 10000 || exit 1; done";

/// Where what is mounted, and how, whatever the container's own places are called.
std::set<std::string> shape_of(const std::string& mountinfo) {
  std::set<std::string> shape;
  for (const MountLine& line : parse_mountinfo(mountinfo)) {
    std::string target = line.target;
    for (const char* own : {"/proc", "/sys", "/dev"}) {
      const std::string moved = std::string{own} + ".";
      if (target.starts_with(moved)) target = own + target.substr(std::min(target.size(), moved.size() + 1));
    }
    std::string options;
    for (const std::string& option : attributes_of(line)) options += " " + option;
    shape.insert(target + " " + line.type + " " + line.root + options);
  }
  return shape;
}

/// A root beside a directory that looks like what it has: `fake/self/attr/exec`, and the canary's devices.
class Place {
 public:
  Place() {
    for (const char* file : {"root/fake/self/attr/exec", "root/fake/1/comm", "root/fake/sys/kernel/core_pattern"}) {
      ground_.directory().write(file, "planted");
    }
    for (const char* name : {"proc", "sys", "dev"}) ground_.directory().make(std::string{"root/"} + name);
  }
  [[nodiscard]] const Ground& ground() const { return ground_; }
  [[nodiscard]] const Canary& canary() const { return canary_; }
  [[nodiscard]] const DirectoryRoot& root() const { return root_; }
  [[nodiscard]] fs::path path(std::string_view relative) const { return root_.path() / relative; }
  /// Makes links that want to be in the place of one of them, and says what they are called in a container that has
  /// the root at /r.
  [[nodiscard]] std::vector<std::string> links_for(const std::string& name) const {
    std::vector<std::string> links;
    for (const fs::path& to : {fs::path{"/fake"}, fs::path{"fake"}, canary_.path(), canary_.climbing()}) {
      const std::string link = name + "." + std::to_string(links.size());
      fs::create_symlink(to, path(link));
      links.push_back("/r/" + link);
    }
    return links;
  }

 private:
  Ground ground_;
  Canary canary_;
  DirectoryRoot root_{ground_};
};

/// Each path that is hidden by default, and whether it shows anything or takes anything.
constexpr auto kProbe =
    "for p in acpi asound interrupts kcore keys latency_stats sched_debug scsi timer_list timer_stats; do echo "
    "/proc/$p; "
    "done > /tmp/paths; echo /sys/devices/virtual/powercap >> /tmp/paths; echo /sys/firmware >> /tmp/paths; "
    "echo /sys/fs/selinux >> /tmp/paths; "
    "for c in /sys/devices/system/cpu/cpu[0-9]*/thermal_throttle; do echo $c >> /tmp/paths; done; "
    "while read -r p; do test -e $p || continue; "
    "  if test -d $p; then test -z \"$(ls -A $p)\" || echo $p shows something; "
    "    ( : > $p/made ) 2>/dev/null && echo $p takes a file; "
    "  else test $(wc -c < $p) = 0 || echo $p shows something; ( echo x >> $p ) 2>/dev/null && echo $p takes bytes; "
    "    ( : > $p ) 2>/dev/null && echo $p can be emptied; fi; "
    "  chmod 777 $p 2>/dev/null && echo $p can be changed; echo probed; "
    "done < /tmp/paths | sort | uniq -c | sed 's/^ *//'";

/// How many of these paths this machine has.
std::string probed(const Ground& ground) {
  const std::string answer = output_of(ground.shell(kProbe));
  CHECK(std::stoi(answer) >= 4);
  CHECK(lines_of(answer).size() == 1);  // "9 probed", and nothing to complain about
  return answer;
}

}  // namespace

TEST_CASE("P-2: whoever can exchange /proc, /sys or /dev of a root for links changes no more than names in it",
          "[container][rootfs][attack][race]") {
  const Place place;
  const auto launch = [&] { return place.root().shell(kOwnMounts); };
  const std::set<std::string> expected = shape_of(output_of(launch()));
  REQUIRE(expected.size() > 12);
  const Snapshot before{place.canary(), place.ground().store_path()};
  for (const std::string name : {"proc", "sys", "dev"}) {
    INFO(name);
    const std::vector<std::string> links = place.links_for(name);
    const SwapInside swap{place.ground(), {BindMount{place.root().path(), "/r"}}, "/r/" + name, links};
    Tally tally;
    for (Rounds rounds{25}; rounds.next(tally.right >= 5 && tally.refused >= 5 && tally.noticed > 0);) {
      try {
        const std::set<std::string> shape = shape_of(outcome_of(launch()).out);
        CHECK(shape == expected);
        ++tally.right;
      } catch (const Error& error) {
        CHECK_FALSE(error.remedy().empty());
        ++tally.refused;
        tally.noticed += std::string_view{error.what()}.find("the mount point was moved") != std::string::npos ? 1 : 0;
      }
    }
    CAPTURE(tally.right, tally.refused, tally.noticed);
    CHECK(tally.right >= 5);
    CHECK(tally.refused >= 5);
    CHECK(tally.noticed > 0);
  }
  before.verify();
}

TEST_CASE("P-2: a /proc that is a link into a volume is refused, whatever another container puts there",
          "[container][rootfs][attack][race]") {
  const Place place;
  const auto volume = place.ground().volumes().create("shared").mountpoint();
  fs::create_directories(volume / "place/self/attr");
  fs::create_symlink(place.canary().path(), volume / "link");
  place.ground().directory().make("root/vol/place/self/attr");  // for who follows the link before the volume is there
  const Snapshot before{place.canary(), place.ground().store_path()};
  for (const std::string name : {"proc", "sys", "dev"}) {
    fs::remove(place.path(name));
    fs::create_symlink("/vol/place", place.path(name));
    const SwapInside swap{place.ground(), {VolumeMount{"shared", "/s"}}, "/s/place", {"/s/link"}};
    for (Rounds rounds{25}; rounds.next();) {
      CHECK_FALSE(message_of([&] {
                    (void)outcome_of(place.root().shell(kLook, {VolumeMount{"shared", "/vol"}}));
                  }).empty());
    }
    fs::remove(place.path(name));
    fs::create_directory(place.path(name));
  }
  before.verify();
}

TEST_CASE("P-2: a /proc or /sys of an image that is a link is refused wherever it leads",
          "[container][rootfs][attack]") {
  const Place place;
  const Snapshot before{place.canary(), place.ground().store_path()};
  for (const std::string name : {"proc", "sys"}) {
    fs::remove(place.path(name));
    for (const fs::path& to : {fs::path{"/fake"}, fs::path{"fake"}, fs::path{"/usr"}, fs::path{"/"},
                               place.canary().path(), place.canary().climbing()}) {
      CAPTURE(name, to);
      fs::create_symlink(to, place.path(name));
      CHECK(code_of([&] { (void)outcome_of(place.root().shell(kLook)); }) != std::error_code{});
      CHECK(code_of([&] { (void)LaunchTemplate{place.root().shell(kLook)}.launch({}).wait(); }) != std::error_code{});
      fs::remove(place.path(name));
    }
    fs::create_directory(place.path(name));
  }
  before.verify();
}

TEST_CASE("P-8: a /dev of an image that is a link leads nothing to where it leads", "[container][rootfs][attack]") {
  const Place place;
  const Snapshot before{place.canary(), place.ground().store_path()};
  const fs::path canary = place.canary().path("dev");
  for (const fs::path& to :
       {canary, place.canary().climbing() / "dev", fs::path{"/fake"}, fs::path{"/proc/self/cwd"}}) {
    CAPTURE(to);
    // the whole of it is a link: nothing starts
    fs::remove_all(place.path("dev"));
    fs::create_symlink(to, place.path("dev"));
    for (const bool terminal : {false, true}) {
      LaunchSpec spec = place.root().shell(kLook);
      spec.terminal = terminal;
      CHECK(code_of([&] { (void)run(std::move(spec)); }) != std::error_code{});
    }
    fs::remove(place.path("dev"));
    // what is in it is a link: nobody sees it
    fs::create_directory(place.path("dev"));
    for (const char* name : {"pts", "shm", "mqueue", "null", "ptmx", "console", "fd"}) {
      fs::create_symlink(to / name, place.path("dev") / name);
    }
    CHECK(outcome_of(place.root().shell(kLook)).out == kRight);
    CHECK(fs::is_symlink(place.path("dev/ptmx")));
  }
  before.verify();
}

TEST_CASE("P-5: masks are empty and take nothing, whatever an image has in place of /dev/null",
          "[container][rootfs][attack]") {
  const Place place;
  const std::string expected = probed(place.ground());
  const Snapshot before{place.canary(), place.ground().store_path()};
  const fs::path null = place.path("dev/null");
  const auto check = [&](const char* what) {
    INFO(what);
    LaunchSpec spec = place.root().shell(kProbe, {Tmpfs{"/tmp"}});
    CHECK(output_of(std::move(spec)) == expected);
    fs::remove_all(null);
  };
  fs::create_symlink("/proc/sys/kernel/core_pattern", null);
  check("a link to a setting");
  fs::create_symlink(place.canary().path("file"), null);
  check("a link to the host");
  place.ground().directory().write("root/dev/null", "content");
  check("a file");
  fs::create_directory(null);
  check("a directory");
  REQUIRE(::mkfifo(null.c_str(), 0666) == 0);
  check("a FIFO");
  if (who() == Launcher::Root) {
    REQUIRE(::mknod(null.c_str(), S_IFCHR | 0666, makedev(1, 1)) == 0);
    check("the memory of the machine");
  }
  before.verify();
}

TEST_CASE("P-5: so they are while another container exchanges /dev/null", "[container][rootfs][attack][race]") {
  const Place place;
  const std::string expected = probed(place.ground());
  const Snapshot before{place.canary(), place.ground().store_path()};
  place.ground().directory().write("root/dev/null", "content");
  fs::create_symlink(place.canary().path("file"), place.path("dev/null.0"));
  fs::create_symlink("/proc/sys/kernel/core_pattern", place.path("dev/null.1"));
  fs::create_directory(place.path("dev/null.2"));
  {
    const SwapInside swap{place.ground(),
                          {BindMount{place.root().path(), "/r"}},
                          "/r/dev/null",
                          {"/r/dev/null.0", "/r/dev/null.1", "/r/dev/null.2"}};
    for (Rounds rounds{5}; rounds.next();) {
      CHECK(output_of(place.root().shell(kProbe, {Tmpfs{"/tmp"}})) == expected);
    }
  }
  before.verify();
}
