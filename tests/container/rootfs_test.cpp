// SPDX-License-Identifier: Apache-2.0
// A root file system may come from anybody: its links lead nowhere outside, and no mount lands where it should not.

#include "container/rootfs_support.hpp"

#include <fstream>

using namespace dunnage;
using namespace dunnage::test;

namespace fs = std::filesystem;

TEST_CASE("a directory is used as the root in place", "[container][rootfs]") {
  const Ground ground;
  const DirectoryRoot root{ground};
  CHECK(output_of(root.shell("echo written > /note; cat /etc/passwd | head -n 1; ls -d /proc/1 /dev/null")) ==
        "root:x:0:0:root:/root:/bin/sh\n/dev/null\n/proc/1\n");
  CHECK(ground.directory().read("root/note") == "written\n");
}

TEST_CASE("missing mount points are made in the root, with their parents", "[container][rootfs]") {
  const Ground ground;
  const DirectoryRoot root{ground};
  const auto source = ground.directory().make("source");
  const auto file = ground.directory().write("file", "content");
  (void)output_of(root.program({"true"}, {BindMount{source, "/a/b/c"}, BindMount{file, "/d/e"}}));
  CHECK(fs::is_directory(root.path() / "a/b/c"));
  CHECK(fs::is_regular_file(root.path() / "d/e"));
  CHECK(fs::file_size(root.path() / "d/e") == 0);
}

TEST_CASE("a read-only root takes no writes, and its mounts do", "[container][rootfs]") {
  const Ground ground;
  const DirectoryRoot root{ground};
  const auto source = ground.directory().make("source");
  const std::string script = "touch /root-file; touch /data/file && ls /data; touch /run/x";
  const MountSet mounts{BindMount{source, "/data"}, Tmpfs{"/run"}};
  for (const bool host : {false, true}) {
    LaunchSpec spec = host ? ground.shell(script, mounts) : root.shell(script, mounts);
    INFO(spec.rootfs.to_string());
    spec.read_only_root = true;
    const Outcome outcome = outcome_of(std::move(spec));
    CHECK(outcome.out == "file\n");
    CHECK(outcome.err == "touch: cannot touch '/root-file': Read-only file system\n");
    CHECK(outcome.status.success());
    fs::remove(source / "file");
  }
  CHECK_FALSE(fs::exists(root.path() / "root-file"));
}

TEST_CASE("a target over links that climb out of the root stays inside of it", "[container][rootfs]") {
  const Ground ground;
  const DirectoryRoot root{ground};
  const auto source = ground.directory().make("source");
  const auto outside = ground.directory().make("outside");
  ground.directory().write("source/mine", "");
  fs::create_symlink("../../../../../../.." + outside.string(), root.path() / "relative");
  fs::create_symlink(outside, root.path() / "absolute");
  for (const char* target : {"/relative/one", "/absolute/two"}) {
    INFO(target);
    CHECK(message_of([&] {
            (void)Container::launch(root.program({"true"}, {BindMount{source, target}}));
          }) == "cannot attach bind mount \"" + source.string() + "\" -> \"" + target +
                    "\": create the mount point: no such file or directory [ENOENT]; a symbolic link on the way leads "
                    "nowhere; choose another target");
  }
  // The links mean the same path inside. Where that is there, it is used.
  ground.directory().make("root" + outside.string());
  CHECK(output_of(root.shell("cd " + outside.string() + "; ls one two",
                             {BindMount{source, "/relative/one"}, BindMount{source, "/absolute/two"}})) ==
        "one:\nmine\n\ntwo:\nmine\n");
  CHECK(fs::is_empty(outside));
}

TEST_CASE("legitimate links of an image are followed inside the root", "[container][rootfs]") {
  const Ground ground;
  const DirectoryRoot root{ground};
  ground.directory().make("root/run");
  ground.directory().make("root/var");
  ground.directory().make("root/srv/real");
  fs::create_symlink("/run", root.path() / "var/run");
  fs::create_symlink("../srv/real/../real", root.path() / "var/www");
  ground.directory().write("source/file", "");
  CHECK(output_of(root.shell("ls /run/app /srv/real/site", {BindMount{ground.path("source"), "/var/run/app"},
                                                            BindMount{ground.path("source"), "/var/www/site"}})) ==
        "/run/app:\nfile\n\n/srv/real/site:\nfile\n");
}

TEST_CASE("a link of the image cannot bring a mount into the kernel's own places", "[container][rootfs]") {
  const Ground ground;
  const DirectoryRoot root{ground};
  const auto source = ground.directory().make("source");
  fs::create_symlink("/proc/sys", root.path() / "to-proc");
  fs::create_symlink("/sys/kernel", root.path() / "to-sys");
  fs::create_symlink("/dev/pts", root.path() / "to-pts");
  for (const char* target : {"/to-proc", "/to-proc/net", "/to-sys", "/to-pts"}) {
    INFO(target);
    CHECK(code_of([&] {
            (void)Container::launch(root.program({"true"}, {BindMount{source, target}}));
          }) == errc::target_conflict);
  }
  CHECK(message_of([&] {
          (void)Container::launch(root.program({"true"}, {BindMount{source, "/to-proc"}}));
        }) ==
        "cannot attach bind mount \"" + source.string() +
            "\" -> \"/to-proc\": the mount point lies in /proc, /sys, /dev/pts or a cgroup tree: the target cannot be "
            "mounted on [EINVAL]; choose a target that is none of the container's own places, not even over a link");
}

TEST_CASE("an image whose /proc, /sys or /dev is a link is refused", "[container][rootfs]") {
  for (const char* name : {"proc", "sys", "dev"}) {
    INFO(name);
    const Ground ground;
    const DirectoryRoot root{ground};
    const auto outside = ground.directory().make("outside");
    fs::create_symlink("../outside", root.path() / name);
    CHECK(code_of([&] { (void)Container::launch(root.program({"true"})); }) != std::error_code{});
    CHECK(fs::is_empty(outside));
  }
}

TEST_CASE("a directory cannot be mounted on a file, nor a file on a directory", "[container][rootfs]") {
  const Ground ground;
  const DirectoryRoot root{ground};
  const auto source = ground.directory().make("source");
  const auto file = ground.directory().write("file", "");
  ground.directory().write("root/a-file", "");
  ground.directory().make("root/a-directory");
  CHECK(message_of([&] {
          (void)Container::launch(root.program({"true"}, {BindMount{source, "/a-file"}}));
        }) ==
        "cannot attach bind mount \"" + source.string() +
            "\" -> \"/a-file\": the mount point is of another kind than the source: the target cannot be mounted on "
            "[EINVAL]; a directory cannot be mounted on a file; choose another target");
  CHECK(message_of([&] {
          (void)Container::launch(root.program({"true"}, {BindMount{file, "/a-directory"}}));
        }) ==
        "cannot attach bind mount \"" + file.string() +
            "\" -> \"/a-directory\": the mount point is of another kind than the source: the target cannot be mounted "
            "on [EINVAL]; a file cannot be mounted on a directory; choose another target");
}

TEST_CASE("a launch that fails at a mount runs nothing", "[container][rootfs]") {
  const Ground ground;
  const DirectoryRoot root{ground};
  ground.directory().write("root/a-file", "");
  CHECK(code_of([&] {
          (void)Container::launch(root.shell("touch /ran", {BindMount{ground.directory().make("source"), "/a-file"}}));
        }) == errc::target_conflict);
  CHECK_FALSE(fs::exists(root.path() / "ran"));
}

TEST_CASE("accounts are those of the image, even over a link inside of it", "[container][rootfs]") {
  if (!requires_many_ids()) return;
  const Ground ground;
  const DirectoryRoot root{ground};
  fs::rename(root.path() / "etc/passwd", root.path() / "accounts");
  fs::create_symlink("/../accounts", root.path() / "etc/passwd");
  LaunchSpec spec = root.shell("id -u; id -g; id -G; echo $HOME");
  spec.user = "app";
  CHECK(output_of(std::move(spec)) == "1000\n1001\n1001 50\n/home/app\n");
}

TEST_CASE("an image's device nodes and set-user-ID programs are not honoured", "[container][rootfs]") {
  const Ground ground;
  const DirectoryRoot root{ground};
  const auto seen = parse_mountinfo(output_of(root.shell("cat /proc/self/mountinfo")));
  CHECK(attributes_of(mount_at(seen, "/")).contains("nodev"));
  CHECK(output_of(root.shell("grep NoNewPrivs /proc/self/status")) == "NoNewPrivs:\t1\n");
}
