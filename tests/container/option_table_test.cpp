// SPDX-License-Identifier: Apache-2.0
// One table of every mount option, made by what really happened: each row launches a container that shows the option
// works, or is refused with a reason. tests/support/option_table.py puts the columns of the users side by side.

#include "container/support.hpp"
#include "support/oci_layout.hpp"

#include <sys/stat.h>

#include <array>
#include <cstdio>
#include <fstream>

using namespace dunnage;
using namespace dunnage::literals;
using namespace dunnage::test;

namespace {

enum class Needs { Nothing, Root, Kernel };

struct Row {
  std::string option;
  Mount mount;
  std::string script;    ///< at /m
  std::string expected;  ///< its output
  Needs needs = Needs::Nothing;
  std::string user{};  ///< of the container
};

/// `grep` for a word of the options of /m; 6 are the mount's, the rest behind " - " the file system's.
std::string shows(const std::string& word) {
  return "grep ' /m ' /proc/self/mountinfo | tail -n 1 | grep -qE '[ ,]" + word + "([ ,]|$)' && echo yes";
}

std::string cause_of(const std::string& message) {
  const std::size_t begin = message.find(": ");
  return begin == std::string::npos ? message : message.substr(begin + 2);
}

std::vector<Row> rows(const Ground& ground) {
  const auto source = ground.directory().make("source");
  ground.directory().write("source/secret/file", "text");
  ground.directory().write("source/file", "text");
  ::chmod(source.c_str(), 0777);
  (void)ground.volumes().create("data");
  const auto bind = [&](BindOptions options) { return BindMount{source, "/m", std::move(options)}; };
  const auto volume = [&](VolumeMountOptions options) { return VolumeMount{"data", "/m", std::move(options)}; };
  const std::string read_only = "touch /m/x 2>&1 | grep -o Read-only";
  const DriverOptions bound{{"type", "none"}, {"device", source}, {"o", "bind"}};
  const DriverOptions memory{{"type", "tmpfs"}, {"device", "tmpfs"}, {"o", "size=1m"}};
  const auto image = ground.directory().write("disk.img", "");
  std::filesystem::resize_file(image, 16U << 20U);
  (void)run(
      ground.program({"mkfs.ext4", "-q", "-F", "/images/disk.img"}, {BindMount{ground.directory().path(), "/images"}}));
  const DriverOptions disk{{"type", "ext4"}, {"device", image}};
  OciLayout tools;
  tools.name(tools.image({tar_of({tar_entry("bin/", "", '5'), tar_entry("bin/tool", "text")})}),
             "docker.io/library/tools:1");
  (void)ImageStore::open(ground.store_path()).load(tools.write(ground.directory()));
  const auto image_of = [&](ImageMountOptions options) { return ImageMount{"tools:1", "/m", std::move(options)}; };
  const DriverOptions share{{"type", "nfs"}, {"device", "server:/share"}};
  std::vector<Row> table{
      {"bind: read_only", bind({.read_only = true}), read_only, "Read-only\n"},
      {"bind: recursion=disabled", bind({.recursion = Recursion::Disabled}), "cat /m/file", "text"},
      {"bind: recursion=writable", bind({.read_only = true, .recursion = Recursion::Writable}), read_only,
       "Read-only\n"},
      {"bind: recursion=readonly", bind({.read_only = true, .recursion = Recursion::ReadOnly}), read_only,
       "Read-only\n"},
      {"bind: suid", bind({.suid = true}), shows("nosuid") + " || echo suid", "suid\n"},
      {"bind: dev", bind({.dev = true}), shows("nodev") + " || echo dev", "dev\n"},
      {"bind: exec=false", bind({.exec = false}), shows("noexec"), "yes\n"},
      {"bind: create_source, create_mode",
       BindMount{ground.path("made"), "/m", {.create_source = true, .create_mode = 0710}}, "stat -c %a /m", "710\n"},
      {"bind: create_uid (another's)",
       BindMount{ground.path("owned"), "/m", {.create_source = true, .create_uid = 4321}}, "stat -c %u /m", "4321\n",
       Needs::Root},
      {"bind: optional", BindMount{ground.path("none"), "/m", {.optional = true}}, "test -e /m || echo out", "out\n"},
      {"bind: require_mountpoint", BindMount{"/proc", "/m", {.require_mountpoint = true}},
       "test -d /m/self && echo yes", "yes\n"},
      {"bind: follow=name (what it follows: followed_source_test.cpp)", bind({.follow = Follow::Name}), "cat /m/file",
       "text"},
      {"bind: on_loss=repair (what is mended: source_loss_test.cpp)", bind({.on_loss = {LossPolicy::Repair}}),
       "cat /m/file", "text"},
      {"bind: owner=match_user, the user is root", bind({.owner = Ownership::match_user()}), "stat -c %u /m", "0\n"},
      {"bind: owner=match_user, the user is 1000", bind({.owner = Ownership::match_user()}), "stat -c %u /m", "1000\n",
       Needs::Root, "1000:1000"},
      {"bind: owner=as(7,8)", bind({.owner = Ownership::as(7, 8)}), "stat -c %u:%g /m", "7:8\n", Needs::Root},
      {"bind: owner=map", bind({.owner = Ownership::map({{5, ::geteuid(), 1}}, {{5, ::getegid(), 1}})}),
       "stat -c %u /m", "5\n", Needs::Root},
      {"bind: chown, the user is root", bind({.chown = true}), "stat -c %u /m/file", "0\n"},
      {"bind: relabel (nothing to do without SELinux)", bind({.relabel = Relabel::Shared}), "cat /m/file", "text"},
      {"bind: exclude", bind({.exclude = {"secret"}}), "ls -A /m/secret; echo end", "end\n"},
      {"bind: overlay in memory", bind({.overlay = OverlayOptions{}}), "echo new > /m/file; cat /m/file", "new\n"},
      {"bind: overlay, upper and work",
       bind({.overlay = OverlayOptions{.upper = ground.directory().make("u"), .work = ground.directory().make("w")}}),
       "echo new > /m/file; cat /m/file", "new\n"},
      {"volume: subpath", volume({.subpath = "a/b"}), "touch /m/x && echo yes", "yes\n"},
      {"volume: create=false", volume({.create = false}), "echo yes", "yes\n"},
      {"volume: owner=match_user, the user is root", volume({.owner = Ownership::match_user()}), "stat -c %u /m",
       "0\n"},
      {"volume: owner=match_user, the user is 1000", volume({.owner = Ownership::match_user()}), "stat -c %u /m",
       "1000\n", Needs::Root, "1000:1000"},
      {"volume: access, access_timeout", volume({.access = AccessMode::Exclusive, .access_timeout = 1s}),
       "touch /m/x && echo yes", "yes\n"},
      {"volume: exclude", volume({.exclude = {"a"}}), "ls -A /m/a; echo end", "end\n"},
      {"volume: overlay", volume({.overlay = OverlayOptions{}}), "touch /m/y && echo yes", "yes\n"},
      {"volume: chown, the user is 1000", volume({.chown = true}), "stat -c %u /m", "1000\n", Needs::Nothing,
       "1000:1000"},
      {"volume: type=none, o=bind", VolumeMount{"bound", "/m", {.driver_options = bound}}, "cat /m/file", "text"},
      {"volume: type=tmpfs", VolumeMount{"memory", "/m", {.driver_options = memory}}, shows("size=1024k"), "yes\n"},
      {"volume: type=ext4, a file", VolumeMount{"disk", "/m", {.driver_options = disk}}, "touch /m/x && echo yes",
       "yes\n", Needs::Root},
      {"volume: type=nfs", VolumeMount{"share", "/m", {.driver_options = share}}, "echo yes", "yes\n", Needs::Kernel},
      {"tmpfs: size, mode, uid", Tmpfs{"/m", {.size = 1_MiB, .mode = 0700, .uid = 0}}, "stat -c %a:%u /m", "700:0\n"},
      {"tmpfs: nr_inodes", Tmpfs{"/m", {.nr_inodes = 9}}, shows("nr_inodes=9"), "yes\n"},
      {"image: read-only", image_of({}), "cat /m/bin/tool; " + read_only, "textRead-only\n"},
      {"image: subpath", image_of({.subpath = "bin"}), "cat /m/tool", "text"},
      {"image: suid", image_of({.suid = true}), shows("nosuid") + " || echo suid", "suid\n"},
      {"image: dev", image_of({.dev = true}), shows("nodev") + " || echo dev", "dev\n"},
      {"image: exec=false", image_of({.exec = false}), shows("noexec"), "yes\n"},
      {"image: overlay in memory", image_of({.overlay = OverlayOptions{}}), "echo new > /m/bin/tool; cat /m/bin/tool",
       "new\n"},
      {"tmpfs: no_swap", Tmpfs{"/m", {.no_swap = true}}, shows("noswap"), "yes\n", Needs::Root},
  };
  for (const Propagation propagation :
       {Propagation::Private, Propagation::RPrivate, Propagation::Slave, Propagation::RSlave}) {
    table.push_back({"bind: propagation=" + std::string{to_string(propagation)}, bind({.propagation = propagation}),
                     "grep ' /m ' /proc/self/mountinfo | grep -c shared:", "0\n"});
  }
  for (const Propagation propagation : {Propagation::Shared, Propagation::RShared}) {
    table.push_back({"bind: propagation=" + std::string{to_string(propagation)}, bind({.propagation = propagation}),
                     "grep ' /m ' /proc/self/mountinfo | grep -c shared:", "1\n"});
  }
  return table;
}

}  // namespace

TEST_CASE("every mount option works or is refused with a reason", "[container][mounts][table]") {
  const Ground ground{"1000:1000"};
  for (const Row& row : rows(ground)) {
    INFO(row.option);
    LaunchSpec spec = ground.shell(row.script, {row.mount});
    spec.user = row.user;
    std::string result;
    try {
      const Outcome outcome = outcome_of(std::move(spec));
      INFO(outcome.err);
      CHECK(outcome.out == row.expected);
      result = outcome.out == row.expected ? "works" : "FAILS";
    } catch (const Error& error) {
      CHECK((row.needs == Needs::Kernel ||
             (row.needs == Needs::Root && who() != Launcher::Root)));  // all else has to work
      CHECK_FALSE(error.remedy().empty());
      result = "refused: " + cause_of(error.what());
    }
    std::printf("OPTION\t%s\t%s\n", row.option.c_str(), result.c_str());
  }
  std::fflush(stdout);
}
