// SPDX-License-Identifier: Apache-2.0
#include "plan/plan_json.hpp"
#include "support/catch.hpp"

#include <dunnage/error.hpp>
#include <dunnage/mount_plan.hpp>
#include <dunnage/mount_set.hpp>

#include <cstdint>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

using dunnage::BindMount;
using dunnage::FileKind;
using dunnage::MountKind;
using dunnage::MountPlan;
using dunnage::MountSet;
using dunnage::ResolvedMount;
using dunnage::Tmpfs;
using dunnage::VolumeMount;

std::vector<std::string> targets_of(const MountSet& mounts) {
  std::vector<std::string> targets;
  for (const ResolvedMount& mount : mounts.resolve()) {
    targets.push_back(mount.target);
  }
  return targets;
}

/// A plan as another host would make it, so that its text does not depend on this one.
MountPlan sample_plan() {
  ResolvedMount conf;
  conf.target = "/etc/app";
  conf.source = "/srv/conf";
  conf.read_only = true;
  conf.recursive_read_only = true;
  conf.reasons = {"a reason"};
  ResolvedMount data;
  data.kind = MountKind::Volume;
  data.target = "/data";
  data.source = "/store/volumes/db/_data";
  data.volume = "db";
  data.store = "/store";
  data.create_volume = true;
  data.no_copy = true;
  data.labels = {{"team", "core"}, {"k", ""}};
  ResolvedMount run;
  run.kind = MountKind::Tmpfs;
  run.target = "/data/run";
  run.exec = false;
  run.size = std::uint64_t{64} << 20U;
  run.mode = 01777;
  run.uid = 1000;
  ResolvedMount tools;
  tools.kind = MountKind::Image;
  tools.target = "/tools";
  tools.store = "/store";
  tools.image = "busybox:1";
  tools.image_id = "sha256:0123456789abcdef";
  tools.subpath = "bin";
  tools.read_only = true;
  ResolvedMount hosts;
  hosts.file_kind = FileKind::File;
  hosts.target = "/etc/hosts";
  hosts.source = "/srv/hosts";
  hosts.recursive = false;
  hosts.propagation = dunnage::Propagation::RSlave;
  return MountPlan{{conf, data, run, hosts, tools}};
}

TEST_CASE("parents are mounted before children and the rest stays as added", "[plan][order]") {
  CHECK(targets_of({Tmpfs{"/b"}, Tmpfs{"/a"}, Tmpfs{"/c"}}) == std::vector<std::string>{"/b", "/a", "/c"});
  CHECK(targets_of({Tmpfs{"/a/b/c"}, Tmpfs{"/z"}, Tmpfs{"/a/b"}, Tmpfs{"/a"}}) ==
        std::vector<std::string>{"/a", "/a/b", "/a/b/c", "/z"});
  CHECK(targets_of({Tmpfs{"/ab"}, Tmpfs{"/a/x"}, Tmpfs{"/a"}, Tmpfs{"/a/y"}}) ==
        std::vector<std::string>{"/ab", "/a", "/a/x", "/a/y"});
  const MountPlan plan = MountSet{Tmpfs{"/a/b"}, Tmpfs{"/a"}}.resolve();
  CHECK(plan["/a"].reasons.back() == "it is mounted before \"/a/b\", which lies below it and was added earlier");
}

TEST_CASE("a plan is looked up by target", "[plan]") {
  const MountPlan plan = sample_plan();
  CHECK(plan["/data"].volume == "db");
  CHECK(plan["/data/"].volume == "db");
  CHECK(plan[2].kind == MountKind::Tmpfs);
  CHECK_THROWS_AS(plan["/dat"], std::out_of_range);
  CHECK_THROWS_AS(plan[5], std::out_of_range);
}

TEST_CASE("the dry run is a table with the reasons below each mount", "[plan]") {
  CHECK(sample_plan().to_string() ==
        "TARGET      KIND    SOURCE                                   ATTRIBUTES\n"
        "/etc/app    bind    \"/srv/conf\"                              directory, read-only with the mounts below, "
        "nosuid, "
        "nodev, rprivate\n"
        "    - a reason\n"
        "/data       volume  \"db\" (\"/store/volumes/db/_data\")         to be created, read-write, nosuid, nodev, "
        "nocopy\n"
        "/data/run   tmpfs   memory                                   read-write, nosuid, nodev, noexec, size 64 "
        "MiB, mode "
        "1777, uid 1000\n"
        "/etc/hosts  bind    \"/srv/hosts\"                             file, read-write, nosuid, nodev, rslave, "
        "without the mounts below\n"
        "/tools      image   \"busybox:1\" (0123456789ab), \"bin\" in it  read-only, nosuid, nodev");
  CHECK(MountPlan{}.to_string() == "no mounts");
  std::ostringstream out;
  out << sample_plan();
  CHECK(out.str() == sample_plan().to_string());
  CHECK(sample_plan()[0].to_string() ==
        "bind \"/srv/conf\" -> \"/etc/app\" (directory, read-only with the mounts below, nosuid, nodev, rprivate)");
}

TEST_CASE("control characters of a path do not break the dry run", "[plan]") {
  ResolvedMount mount;
  mount.target = "/x";
  mount.source = "/srv/\n\x1b[31m";
  const std::string text = MountPlan{{mount}}.to_string();
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK_THAT(text, Catch::Contains("/srv/\\x0a\\x1b[31m"));
}

TEST_CASE("explain names the mount that serves a path", "[plan][explain]") {
  const MountPlan plan = sample_plan();
  CHECK(plan.explain("/etc/app/./x/../app.conf").to_string() ==
        "\"/etc/app/app.conf\" is served by bind \"/srv/conf\" -> \"/etc/app\" (directory, read-only with the mounts "
        "below, nosuid, nodev, rprivate).\n"
        "On the host it is \"/srv/conf/app.conf\".\n"
        "- a reason");
  CHECK_THAT(plan.explain("/data/a").to_string(), Catch::Contains("On the host it is \"/store/volumes/db/_data/a\"."));
  CHECK_THAT(plan.explain("/data").to_string(), Catch::Contains("Below it other mounts begin: \"/data/run\"."));
  CHECK_THAT(plan.explain("/data/run/x").to_string(),
             Catch::Contains("tmpfs memory") && Catch::Contains("gone when the container ends"));
  CHECK_THAT(plan.explain("/data/runner").to_string(), Catch::Contains("/store/volumes/db/_data/runner"));
  CHECK_THAT(plan.explain("/etc/hosts/x").to_string(),
             Catch::Contains("The mount is a file, so nothing can be below it."));
  CHECK_THAT(plan.explain("/tools/x").to_string(),
             Catch::Contains("It lives in the layers of the image \"busybox:1\", which all containers share."));
  CHECK(plan.explain("/usr").to_string() ==
        "\"/usr\" is on the root file system of the container; no mount of this plan covers it.");
  CHECK_THAT(plan.explain("/").to_string(), Catch::Contains("root file system"));
  CHECK_THROWS_AS(plan.explain("etc").to_string(), dunnage::MountError);
}

TEST_CASE("explain knows a bind of the host's root", "[plan][explain]") {
  const MountPlan plan = MountSet{BindMount{"/", "/host"}}.resolve();
  CHECK_THAT(plan.explain("/host/etc").to_string(), Catch::Contains("On the host it is \"/etc\"."));
  CHECK_THAT(plan.explain("/host").to_string(), Catch::Contains("On the host it is \"/\"."));
}

TEST_CASE("a plan comes back from its JSON unchanged", "[plan][json]") {
  CHECK(dunnage::plan::from_json(sample_plan().to_json()) == sample_plan());
  CHECK(dunnage::plan::from_json(MountPlan{}.to_json()) == MountPlan{});
  ResolvedMount odd;
  odd.target = "/\xff";
  odd.source = "/srv/\xc3\x28\n\"";
  odd.labels = {{"\xfe", "\xfd"}};
  odd.reasons = {"\x80"};
  CHECK(dunnage::plan::from_json(MountPlan{{odd}}.to_json()) == MountPlan{{odd}});
  const MountPlan real = MountSet{BindMount{"/", "/x"}, Tmpfs{"/run"}, VolumeMount{"v", "/y"}}.resolve(
      {.store = "/nonexistent", .current_directory = {}});
  CHECK(dunnage::plan::from_json(real.to_json()) == real);
}

TEST_CASE("what is no plan is refused", "[plan][json]") {
  const std::string good = sample_plan().to_json();
  std::vector<std::string> bad{"", "{}", "[1]", "[{}]", "[[", "null", "[null]", std::string(100000, '[')};
  for (const auto& [from, to] :
       std::vector<std::pair<std::string, std::string>>{{"\"bind\"", "\"bnd\""},
                                                        {"\"directory\"", "\"door\""},
                                                        {"\"rprivate\"", "\"public\""},
                                                        {"\"Mode\": 0", "\"Mode\": -1"},
                                                        {"\"Uid\": null", "\"Uid\": 4294967296"},
                                                        {"\"Suid\": false", "\"Suid\": 0"},
                                                        {"\"Target\"", "\"target\""}}) {
    std::string text = good;
    REQUIRE(text.find(from) != std::string::npos);
    bad.push_back(text.replace(text.find(from), from.size(), to));
  }
  for (const std::string& text : bad) {
    INFO(text.substr(0, 200));
    CHECK_THROWS_AS(dunnage::plan::from_json(text), dunnage::MountError);
  }
}

}  // namespace
