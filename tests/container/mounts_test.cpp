// SPDX-License-Identifier: Apache-2.0
// Every mount inside is the one of the plan, with its attributes, and there are no others.

#include "container/support.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <system_error>

using namespace dunnage;
using namespace dunnage::literals;
using namespace dunnage::test;

namespace {

using Words = std::set<std::string>;

const char* const kShowMounts = "cat /proc/self/mountinfo";

/// What is mounted in a container besides the plan.
bool is_system_mount(const MountLine& mount) {
  static const std::set<std::string> kPlaces{"/",
                                             "/usr",
                                             "/bin",
                                             "/sbin",
                                             "/lib",
                                             "/lib32",
                                             "/lib64",
                                             "/libx32",
                                             "/proc",
                                             "/sys",
                                             "/dev",
                                             "/dev/null",
                                             "/dev/zero",
                                             "/dev/full",
                                             "/dev/tty",
                                             "/dev/pts",
                                             "/dev/shm",
                                             "/dev/mqueue",
                                             "/dev/random",
                                             "/dev/urandom",
                                             "/etc/alternatives",
                                             "/proc/bus",
                                             "/proc/fs",
                                             "/proc/irq",
                                             "/proc/sys",
                                             "/sys/firmware",
                                             "/sys/fs/cgroup",
                                             "/etc/ld.so.cache",
                                             "/proc/sysrq-trigger"};
  static const std::set<std::string> kMasked{"/proc/acpi",
                                             "/proc/asound",
                                             "/proc/interrupts",
                                             "/proc/kcore",
                                             "/proc/keys",
                                             "/proc/scsi",
                                             "/proc/latency_stats",
                                             "/proc/timer_list",
                                             "/proc/sched_debug",
                                             "/proc/timer_stats",
                                             "/sys/devices/virtual/powercap",
                                             "/sys/fs/selinux"};
  return kPlaces.contains(mount.target) || kMasked.contains(mount.target) ||
         mount.target.ends_with("/thermal_throttle");
}

std::string text_of(const std::filesystem::path& file) {
  std::ifstream stream{file};
  return {std::istreambuf_iterator<char>{stream}, std::istreambuf_iterator<char>{}};
}

}  // namespace

TEST_CASE("each mount inside has the attributes of the plan, and nothing else is mounted", "[container][mounts]") {
  const Ground ground;
  auto store = ground.volumes();
  const auto source = ground.directory().make("source");
  const auto file = ground.directory().write("file", "text");
  MountSet mounts;
  mounts.add(BindMount{source, "/bind"})
      .add(BindMount{source, "/bind-read-only", {.read_only = true}})
      .add(BindMount{source, "/bind-flags", {.suid = true, .dev = true, .exec = false}})
      .add(BindMount{source, "/bind-alone", {.read_only = true, .recursion = Recursion::Writable}})
      .add(BindMount{file, "/file"})
      .add(BindMount{file, "/file-read-only", {.read_only = true}})
      .add(store.create("data").at("/volume"))
      .add(store.get("data").at("/volume-read-only", {.read_only = true, .exec = false}))
      .add(VolumeMount{"", "/anonymous"})
      .add(Tmpfs{"/memory"})
      .add(Tmpfs{"/memory-flags", {.read_only = true, .suid = true, .dev = true, .exec = true}})
      .add(Tmpfs{"/bind/below"})
      .add(BindMount{source, "/deep/deeper/deepest"});
  const MountPlan plan = mounts.resolve({.store = ground.store_path()});
  const std::string host_before = text_of("/proc/self/mountinfo");

  Collector out;
  LaunchSpec spec = ground.shell(std::string{kShowMounts} + "; echo shown; exec sleep 100");
  spec.mounts = plan;
  spec.out = out.stdio();
  const Container container = Container::launch(std::move(spec));
  REQUIRE(out.wait_for("shown\n"));
  CHECK(text_of("/proc/self/mountinfo") == host_before);
  const auto seen = parse_mountinfo(out.text().substr(0, out.text().find("shown\n")));

  for (const ResolvedMount& mount : plan) {
    INFO(mount.to_string());
    const MountLine line = mount_at(seen, mount.target);
    CHECK(attributes_of(line) == attributes_of(mount));
    CHECK(line.propagation == Words{});
    if (mount.kind == MountKind::Tmpfs) {
      CHECK(line.type == "tmpfs");
      CHECK(line.root == "/");
    } else {
      const std::string name = mount.kind == MountKind::Bind ? mount.source.filename().string() : "_data";
      CHECK(line.root.ends_with("/" + name));
    }
  }
  std::size_t planned = 0;
  for (const MountLine& line : seen) {
    INFO(line.target);
    bool of_plan = false;
    for (const ResolvedMount& mount : plan) of_plan = of_plan || mount.target == line.target;
    CHECK((of_plan || is_system_mount(line)));
    planned += of_plan ? 1U : 0U;
  }
  CHECK(planned == plan.size());
  CHECK(container.stop(0ms).signal() == SIGKILL);
  CHECK(text_of("/proc/self/mountinfo") == host_before);
}

TEST_CASE("the mounts of the container itself are as locked as they can be", "[container][mounts]") {
  const Ground ground;
  const auto seen = parse_mountinfo(output_of(ground.shell(kShowMounts)));
  const Words locked{"nosuid", "nodev", "noexec"};
  const auto with = [](Words words, const char* more) {
    words.insert(more);
    return words;
  };
  CHECK(attributes_of(mount_at(seen, "/")) == Words{"rw", "nodev"});
  CHECK(attributes_of(mount_at(seen, "/usr")).contains("ro"));
  CHECK(attributes_of(mount_at(seen, "/usr")).contains("nodev"));
  CHECK(attributes_of(mount_at(seen, "/proc")) == with(locked, "rw"));
  CHECK(attributes_of(mount_at(seen, "/sys")) == with(locked, "ro"));
  CHECK(attributes_of(mount_at(seen, "/sys/fs/cgroup")) == with(locked, "ro"));
  CHECK(attributes_of(mount_at(seen, "/dev/shm")) == with(locked, "rw"));
  CHECK(attributes_of(mount_at(seen, "/dev/mqueue")) == with(locked, "rw"));
  CHECK(attributes_of(mount_at(seen, "/dev/pts")) == Words{"rw", "nosuid", "noexec"});
  CHECK(mount_at(seen, "/dev/shm").super_options.contains("size=65536k"));
  for (const char* place : {"/proc/sys", "/proc/irq", "/proc/fs", "/proc/bus", "/proc/sysrq-trigger"}) {
    INFO(place);
    if (std::filesystem::exists(place)) CHECK(attributes_of(mount_at(seen, place)) == with(locked, "ro"));
  }
  for (const MountLine& line : seen) {
    INFO(line.target);
    CHECK(line.propagation == Words{});
  }
}

TEST_CASE("a bind mount shows the host's files both ways, at once and afterwards", "[container][mounts]") {
  const Ground ground;
  ground.directory().write("logs/host.txt", "of the host");
  const MountSet mounts{BindMount{ground.path("logs"), "/app/logs"}};
  CHECK(output_of(ground.shell("cat /app/logs/host.txt; echo 'of the container' > /app/logs/container.txt", mounts)) ==
        "of the host");
  CHECK(ground.directory().read("logs/container.txt") == "of the container\n");
}

TEST_CASE("a file can be mounted on a file that is not there yet", "[container][mounts]") {
  const Ground ground;
  const auto file = ground.directory().write("app.conf", "answer=42\n");
  CHECK(output_of(ground.shell("cat /etc/app/app.conf; echo more >> /etc/app/app.conf",
                               {BindMount{file, "/etc/app/app.conf"}})) == "answer=42\n");
  CHECK(ground.directory().read("app.conf") == "answer=42\nmore\n");
}

TEST_CASE("a read-only mount refuses every kind of change", "[container][mounts]") {
  const Ground ground;
  ground.directory().write("source/file", "text");
  ground.volumes().create("data");
  const MountSet mounts{BindMount{ground.path("source"), "/bind", {.read_only = true}},
                        VolumeMount{"data", "/volume", {.read_only = true}}, Tmpfs{"/memory", {.read_only = true}}};
  const Outcome outcome = outcome_of(
      ground.shell("echo x > /bind/file; echo x > /bind/new; rm /bind/file; touch /volume/new; mkdir /memory/new; "
                   "mount -o remount,rw /bind 2>/dev/null && echo remounted; chmod 0777 /bind/file; exit 0",
                   mounts));
  CHECK(outcome.out.empty());
  const auto complaints = lines_of(outcome.err);
  CHECK(complaints.size() == 6);
  for (const std::string& complaint : complaints) CHECK(complaint.ends_with("Read-only file system"));
  CHECK(ground.directory().read("source/file") == "text");
}

TEST_CASE("what a container writes into a volume is there for the next one", "[container][mounts]") {
  const Ground ground;
  const MountSet mounts{VolumeMount{"db-data", "/data"}};
  (void)output_of(ground.shell("echo row > /data/table", mounts));
  CHECK(output_of(ground.shell("cat /data/table", mounts)) == "row\n");
  const Volume volume = ground.volumes().get("db-data");
  CHECK(text_of(volume.mountpoint() / "table") == "row\n");
  CHECK(ground.volumes().users("db-data").empty());
}

TEST_CASE("two containers at once see each other's writes in a volume", "[container][mounts]") {
  const Ground ground;
  const MountSet mounts{VolumeMount{"shared", "/data"}};
  const Container reader = Container::launch(ground.shell("until test -e /data/sign; do sleep 0.02; done", mounts));
  const Container writer = Container::launch(ground.shell("touch /data/sign", mounts));
  CHECK(writer.wait().success());
  CHECK(reader.wait_for(kPatience) == ExitStatus::exited(0));
}

TEST_CASE("a volume that a container uses cannot be removed, and the error names the container",
          "[container][mounts]") {
  const Ground ground;
  auto store = ground.volumes();
  LaunchSpec spec = ground.program({"sleep", "100"}, {VolumeMount{"data", "/data"}});
  spec.name = "shop";
  const Container container = Container::launch(std::move(spec));
  CHECK(store.users("data") == std::vector<std::string>{"shop"});
  CHECK(message_of([&] { store.remove("data"); }) ==
        "cannot remove volume \"data\": used by container \"shop\": the volume is in use [EBUSY]; stop it first");
  container.kill();
  (void)container.wait();
  store.remove("data");  // whoever hears of the end finds the volume free
  CHECK_FALSE(store.find("data"));
}

TEST_CASE("an anonymous volume goes with its container and a named one stays", "[container][mounts]") {
  const Ground ground;
  auto store = ground.volumes();
  {
    const Container container = Container::launch(
        ground.program({"sleep", "100"}, {VolumeMount{"", "/anonymous"}, VolumeMount{"named", "/named"}}));
    CHECK(store.list().size() == 2);
    CHECK(container.plan()["/anonymous"].volume.size() == 64);
    container.kill();
    (void)container.wait();
    CHECK(store.list().size() == 1);
  }
  REQUIRE(store.list().size() == 1);
  CHECK(store.list().front().name() == "named");
}

TEST_CASE("an anonymous volume of a program that cannot start leaves nothing", "[container][mounts]") {
  const Ground ground;
  CHECK(code_of([&] {
          (void)Container::launch(ground.program({"/no/such/program"}, {VolumeMount{"", "/data"}}));
        }) == errc::program_missing);
  CHECK(ground.volumes().list().empty());
}

TEST_CASE("a tmpfs has the size, mode and owner it was given", "[container][mounts]") {
  const Ground ground;
  const MountSet mounts{Tmpfs{"/small", {.size = 1_MiB, .mode = 0750}}, Tmpfs{"/usual"}};
  const Outcome outcome = outcome_of(ground.shell(
      "stat -c '%a %u %g' /small; stat -c %a /usual; df -k /small /usual | tail -n +2 | tr -s ' ' | cut -d ' ' -f 2; "
      "head -c 2000000 /dev/zero > /small/big",
      mounts));
  CHECK(outcome.out == "750 0 0\n1777\n1024\n65536\n");
  CHECK(outcome.err.find("No space left on device") != std::string::npos);
  CHECK_FALSE(outcome.status.success());
}

TEST_CASE("a tmpfs can belong to another user of the container", "[container][mounts]") {
  if (!requires_many_ids()) return;
  const Ground ground;
  LaunchSpec spec = ground.shell("stat -c '%u %g' /mine; touch /mine/file; ls /mine",
                                 {Tmpfs{"/mine", {.mode = 0700, .uid = 1000, .gid = 2000}}});
  spec.user = "1000:2000";
  CHECK(output_of(std::move(spec)) == "1000 2000\nfile\n");
}

TEST_CASE("a noexec mount runs no program and an exec one does", "[container][mounts]") {
  const Ground ground;
  const auto program = ground.directory().write("tools/say", "#!/bin/sh\necho said\n");
  ::chmod(program.c_str(), 0755);
  CHECK(output_of(ground.program({"/tools/say"}, {BindMount{ground.path("tools"), "/tools"}})) == "said\n");
  CHECK(code_of([&] {
          (void)Container::launch(
              ground.program({"/tools/say"}, {BindMount{ground.path("tools"), "/tools", {.exec = false}}}));
        }) == errc::program_unusable);
}

TEST_CASE("mounts below mounts are seen in their places whatever the order they were added in", "[container][mounts]") {
  const Ground ground;
  ground.directory().write("outer/outer-file", "");
  ground.directory().write("inner/inner-file", "");
  const MountSet mounts{BindMount{ground.path("inner"), "/data/sub/inner"}, Tmpfs{"/data/sub"},
                        BindMount{ground.path("outer"), "/data"}};
  CHECK(output_of(ground.shell("cd /data; find . | sort", mounts)) ==
        ".\n./outer-file\n./sub\n./sub/inner\n./sub/inner/inner-file\n");
  CHECK(std::filesystem::is_directory(ground.path("outer/sub")));  // the mount point was made in the source
}

TEST_CASE("create_source makes the missing directory, and only then", "[container][mounts]") {
  const Ground ground;
  CHECK(code_of([&] {
          (void)Container::launch(ground.program({"true"}, {BindMount{ground.path("new/logs"), "/logs"}}));
        }) == errc::source_missing);
  CHECK_FALSE(std::filesystem::exists(ground.path("new")));
  (void)output_of(
      ground.shell("echo line > /logs/log", {BindMount{ground.path("new/logs"), "/logs", {.create_source = true}}}));
  CHECK(ground.directory().read("new/logs/log") == "line\n");
}

TEST_CASE("a launch that fails takes back the source directories it made", "[container][mounts]") {
  const Ground ground;
  CHECK(code_of([&] {
          (void)Container::launch(ground.program(
              {"/no/such/program"}, {BindMount{ground.path("new/logs"), "/logs", {.create_source = true}}}));
        }) == errc::program_missing);
  CHECK_FALSE(std::filesystem::exists(ground.path("new")));
}

TEST_CASE("P-41: a missing source is not made over a link that was put in its way after the plan",
          "[container][mounts][attack]") {
  const Ground ground;
  ground.directory().make("open/jobs");
  ground.directory().make("canary");
  const MountPlan plan = MountSet{BindMount{ground.path("open/jobs/one/two"), "/x", {.create_source = true}}}.resolve();
  std::filesystem::remove(ground.path("open/jobs"));
  std::filesystem::create_directory_symlink(ground.path("canary"), ground.path("open/jobs"));
  CHECK(code_of([&] { (void)plan.prepare(); }) == std::errc::too_many_symbolic_link_levels);
  CHECK(std::filesystem::is_empty(ground.path("canary")));
}

TEST_CASE("P-29: what was made for a mount is not taken back over a link that was put in its way",
          "[container][mounts][attack]") {
  const Ground ground;
  ground.directory().make("canary/one/two");
  {
    const PreparedMounts prepared =
        MountSet{BindMount{ground.path("open/one/two"), "/x", {.create_source = true}}}.resolve().prepare();
    REQUIRE(std::filesystem::is_directory(ground.path("open/one/two")));
    std::filesystem::rename(ground.path("open"), ground.path("aside"));
    std::filesystem::create_directory_symlink(ground.path("canary"), ground.path("open"));
  }
  CHECK(std::filesystem::is_directory(ground.path("canary/one/two")));
}

TEST_CASE("prepared mounts can be launched later, and what the host does meanwhile is seen", "[container][mounts]") {
  const Ground ground;
  ground.directory().make("source");
  PreparedMounts prepared = MountSet{BindMount{ground.path("source"), "/data"}}.resolve().prepare();
  std::filesystem::rename(ground.path("source"), ground.path("renamed"));
  ground.directory().write("renamed/file", "late");
  LaunchSpec spec = ground.program({"cat", "/data/file"});
  spec.mounts = std::move(prepared);
  CHECK(output_of(std::move(spec)) == "late");
}

TEST_CASE("slave and shared propagation of a bind are what was asked for", "[container][mounts]") {
  const Ground ground;
  const auto source = ground.directory().make("source");
  const MountSet mounts{BindMount{source, "/private"},
                        BindMount{source, "/slave", {.propagation = Propagation::RSlave}},
                        BindMount{source, "/shared", {.propagation = Propagation::RShared}}};
  const auto seen = parse_mountinfo(output_of(ground.shell(kShowMounts, mounts)));
  CHECK(mount_at(seen, "/private").propagation == Words{});
  CHECK(mount_at(seen, "/shared").propagation.contains("shared"));
  CHECK_FALSE(mount_at(seen, "/slave").propagation.contains("shared"));
}
