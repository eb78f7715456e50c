// SPDX-License-Identifier: Apache-2.0
// Unusual places and numbers of mounts.

#include "container/rootfs_support.hpp"

#include <filesystem>
#include <fstream>
#include <utility>
#include <vector>

using namespace dunnage;
using namespace dunnage::literals;
using namespace dunnage::test;

TEST_CASE("hundreds of mounts are attached in one launch", "[container][mounts][places]") {
  const Ground ground;
  const auto source = ground.directory().make("source");
  MountSet mounts;
  for (int number = 0; number < 400; ++number) {
    mounts.add(BindMount{source, "/many/" + std::to_string(number), {.read_only = number % 2 == 0}});
  }
  const auto seen = parse_mountinfo(output_of(ground.program({"cat", "/proc/self/mountinfo"}, mounts)));
  std::size_t found = 0;
  for (const MountLine& line : seen) found += line.target.starts_with("/many/") ? 1U : 0U;
  CHECK(found == 400);
  CHECK(mount_at(seen, "/many/398").options.contains("ro"));
  CHECK(mount_at(seen, "/many/399").options.contains("rw"));
}

TEST_CASE("targets and sources may have any characters but a line feed", "[container][mounts][places]") {
  const Ground ground;
  for (const std::string name : {"with space", "tab\tand\x01", "back\\slash", "quote\"'", "täter", "a,b=c:d", "-rf"}) {
    INFO(name);
    ground.directory().write(name + "/file", "here");
    CHECK(output_of(ground.program({"cat", "/data/" + name + "/file"},
                                   {BindMount{ground.path(name), "/data/" + name}})) == "here");
  }
}

TEST_CASE("a mount can take the place of what the container brings itself", "[container][mounts][places]") {
  const Ground ground;
  const auto hosts = ground.directory().write("hosts", "1.2.3.4 elsewhere\n");
  ground.directory().write("tmp/file", "");
  const MountSet mounts{BindMount{hosts, "/etc/hosts"}, BindMount{ground.path("tmp"), "/tmp"},
                        Tmpfs{"/dev/shm", {.size = 1_MiB}}, BindMount{hosts, "/dev/extra"}, Tmpfs{"/usr/local"}};
  CHECK(output_of(ground.shell("cat /etc/hosts; ls /tmp; df -k /dev/shm | tail -n 1 | tr -s ' ' | cut -d ' ' -f 2; "
                               "ls /dev/extra; ls -A /usr/local",
                               mounts)) == "1.2.3.4 elsewhere\nfile\n1024\n/dev/extra\n");
}

TEST_CASE("a mount over a link of the container's own goes where the link leads", "[container][mounts][places]") {
  const Ground ground;
  CHECK(output_of(ground.shell("touch /var/run/app/file; ls /run/app", {Tmpfs{"/var/run/app"}})) == "file\n");
}

TEST_CASE("what explain() says is where the container writes, over nested mounts and links",
          "[container][mounts][places]") {
  const Ground ground;
  // a source that is reached over a link, with a link in it that stays in it
  ground.directory().make("releases/2/logs");
  std::filesystem::create_directory_symlink("releases", ground.path("current"));
  std::filesystem::create_directory_symlink("2", ground.path("releases/latest"));
  const auto file = ground.directory().write("single", "");
  const MountSet mounts{BindMount{ground.path("current"), "/app"}, VolumeMount{"data", "/app/data"},
                        Tmpfs{"/app/data/cache"}, BindMount{ground.directory().make("deep"), "/app/data/cache/deep"},
                        BindMount{file, "/app/data/single"}};
  const MountPlan plan = mounts.resolve({.store = ground.store_path(), .current_directory = {}});
  (void)output_of(
      ground.shell("for f in /app/file /app/latest/logs/file /app/data/file /app/data/cache/file "
                   "/app/data/cache/deep/file /app/data/single /app/data/cache/../file2; do "
                   "echo $f > $f; done",
                   mounts));
  const auto volume = ground.volumes().get("data").mountpoint();
  const std::vector<std::pair<std::string, std::filesystem::path>> places{
      {"/app/file", ground.path("releases/file")},
      {"/app/latest/logs/file", ground.path("releases/latest/logs/file")},
      {"/app/data/file", volume / "file"},
      {"/app/data/cache/deep/file", ground.path("deep/file")},
      {"/app/data/single", file},
      {"/app/data/cache/../file2", volume / "file2"}};
  for (const auto& [inside, host] : places) {
    INFO(plan.explain(inside).to_string());
    CHECK(plan.explain(inside).to_string().find("On the host it is \"" + host.string() + "\".") != std::string::npos);
    std::ifstream written{host};
    CHECK(std::string{std::istreambuf_iterator<char>{written}, {}} == inside + "\n");
  }
  CHECK(plan.explain("/app/data/cache/file").to_string().find("It lives in memory") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(volume / "cache/file"));
  CHECK(
      plan.explain("/app/data")
          .to_string()
          .find("Below it other mounts begin: \"/app/data/cache\", \"/app/data/cache/deep\", \"/app/data/single\".") !=
      std::string::npos);
  CHECK(plan.explain("/application/file").to_string().find("no mount of this plan covers it") != std::string::npos);
}

TEST_CASE("the same source serves many places with different rights", "[container][mounts][places]") {
  const Ground ground;
  const auto source = ground.directory().make("source");
  const Outcome outcome =
      outcome_of(ground.shell("echo x > /writable/file; cat /readable/file; echo y > /readable/file",
                              {BindMount{source, "/writable"}, BindMount{source, "/readable", {.read_only = true}}}));
  CHECK(outcome.out == "x\n");
  CHECK(outcome.err.find("Read-only file system") != std::string::npos);
}

TEST_CASE("a mount point below a read-only mount has to be there already", "[container][mounts][places]") {
  const Ground ground;
  const auto source = ground.directory().make("source");
  const MountSet mounts{BindMount{source, "/data", {.read_only = true}}, Tmpfs{"/data/inner"}};
  CHECK(message_of([&] { (void)Container::launch(ground.program({"true"}, mounts)); }) ==
        "cannot attach tmpfs \"/data/inner\" (size=64MiB): create the mount point: read-only file system [EROFS]; make "
        "the directory in the root file system or the parent's source beforehand");
  CHECK(std::filesystem::is_empty(source));
  ground.directory().make("source/inner");
  CHECK(output_of(ground.shell("touch /data/inner/file; ls /data/inner", mounts)) == "file\n");
}

TEST_CASE("a missing working directory below a read-only mount is an error about the directory",
          "[container][mounts][places]") {
  const Ground ground;
  LaunchSpec spec =
      ground.program({"true"}, {BindMount{ground.directory().make("source"), "/data", {.read_only = true}}});
  spec.cwd = "/data/work";
  spec.name = "box";
  CHECK(
      message_of([&] { (void)Container::launch(std::move(spec)); }) ==
      "cannot launch container \"box\": create the working directory: read-only file system [EROFS]; check the working "
      "directory \"/data/work\"");
}

TEST_CASE("a socket and a pipe can be mounted", "[container][mounts][places]") {
  const Ground ground;
  const auto fifo = ground.path("fifo");
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  const MountSet mounts{BindMount{fifo, "/run/fifo"}};
  const Container reader = Container::launch(ground.shell("test \"$(cat /run/fifo)\" = word", mounts));
  CHECK(run(ground.shell("echo word > /run/fifo", mounts)).success());
  CHECK(reader.wait_for(kPatience) == ExitStatus::exited(0));
}

TEST_CASE("more arguments than the kernel takes is an error", "[container][errors][places]") {
  const Ground ground;
  LaunchSpec spec = ground.program({"true", std::string(std::size_t{256} << 10U, 'x')});
  spec.name = "box";
  CHECK(message_of([&] { (void)Container::launch(std::move(spec)); }) ==
        "cannot launch container \"box\": execute \"true\": argument list too long [E2BIG]; pass fewer or shorter "
        "arguments and variables");
  CHECK(run(ground.program(std::vector<std::string>(20'000, "true"))).success());
}

TEST_CASE("PATH of the container decides where a program is found", "[container][places]") {
  const Ground ground;
  const auto tool = ground.directory().write("tools/true", "#!/bin/sh\nexit 9\n");
  ::chmod(tool.c_str(), 0755);
  const MountSet mounts{BindMount{ground.path("tools"), "/tools"}};
  LaunchSpec spec = ground.program({"true"}, mounts);
  spec.env = {{"PATH", "/tools:/usr/bin"}};
  CHECK(run(std::move(spec)) == ExitStatus::exited(9));
  spec = ground.program({"true"}, mounts);
  spec.env = {{"PATH", ""}};
  CHECK(code_of([&] { (void)run(std::move(spec)); }) == errc::program_missing);
  spec = ground.program({"tools/true"}, mounts);  // with a slash it is a path, from the working directory
  CHECK(run(std::move(spec)) == ExitStatus::exited(9));
}
