// SPDX-License-Identifier: Apache-2.0
// P-9, P-10, P-11 and P-33: links of a root, of an image or of the host on the way to whatever the library makes,
// mounts, changes or copies. They mean places in the root, or are refused.

#include "container/image_support.hpp"
#include "container/rootfs_support.hpp"
#include "support/snapshot.hpp"

using namespace dunnage;
using namespace dunnage::test;

namespace {

namespace fs = std::filesystem;

/// Whether a launch is refused by an error with a remedy; "" if it is not.
std::string refusal_of(LaunchSpec spec) {
  try {
    (void)outcome_of(std::move(spec));
    return {};
  } catch (const Error& error) {
    CHECK_FALSE(error.remedy().empty());
    return error.what();
  }
}

}  // namespace

TEST_CASE("P-9: links to an old root and through what a process has open lead nowhere", "[container][rootfs][attack]") {
  const Ground ground;
  const Canary canary;
  const DirectoryRoot root{ground};
  const auto shown = ground.directory().make("shown");
  const auto file = ground.directory().write("shown.file", "");
  const Snapshot before{canary, ground.path("shown")};
  std::vector<std::string> links{"/oldroot" + canary.path().string(),
                                 "/.oldroot" + canary.path().string(),
                                 "../../oldroot" + canary.path().string(),
                                 "/proc/self/cwd",
                                 "/proc/self/root",
                                 "/proc/self/root" + canary.path().string(),
                                 "/proc/1/root" + canary.path().string(),
                                 "/proc/1/cwd",
                                 "/proc/thread-self/root"};
  for (int number = 3; number < 40; number += 3) {
    links.push_back("/proc/self/fd/" + std::to_string(number));
    links.push_back(links.back() + "/" + canary.climbing().string());
  }
  for (const std::string& link : links) {
    CAPTURE(link);
    fs::create_symlink(link, root.path() / "a");
    // no link of /proc that stands for something open is followed, not even one to this very root
    const bool magic = link.find("/cwd") != std::string::npos || link.find("/root") != std::string::npos;
    const std::string how = magic ? "[ELOOP]" : "";
    CHECK_THAT(refusal_of(root.program({"true"}, {BindMount{shown, "/a/b/c"}})), Catch::Contains(how));
    CHECK_THAT(refusal_of(root.program({"true"}, {BindMount{file, "/a/b"}})), Catch::Contains(how));
    LaunchSpec working = root.program({"true"});
    working.cwd = "/a/b";
    CHECK_THAT(refusal_of(std::move(working)), Catch::Contains(how));
    if (magic) {
      for (const Mount& mount : {Mount{BindMount{shown, "/a"}}, Mount{BindMount{shown, "/a/bin/x"}}}) {
        CHECK_THAT(refusal_of(root.program({"true"}, {mount})), Catch::Contains("["));
      }
    }
    fs::remove(root.path() / "a");
  }
  CHECK_FALSE(fs::exists(root.path() / "b"));
  before.verify();
}

TEST_CASE("P-10: whatever is made in a root is made in it, also over links to the host",
          "[container][rootfs][attack]") {
  const Ground ground;
  const Canary canary;
  const DirectoryRoot root{ground};
  const auto shown = ground.directory().make("shown");
  const auto file = ground.directory().write("shown.file", "shown");
  fs::remove_all(root.path() / "etc");
  for (const bool there : {false, true}) {  // the directory, at the same path in the root
    if (there) ground.directory().make("root" + canary.path().string());
    const Snapshot before{canary, ground.path("shown")};
    for (const fs::path& to : {canary.path(), canary.climbing()}) {
      CAPTURE(there, to);
      for (const char* name : {"work", "etc", "run"}) fs::create_symlink(to, root.path() / name);
      LaunchSpec working = root.shell("pwd -P; echo x > made");
      working.cwd = "/work/new/place";
      LaunchSpec as_user = root.shell("true");
      as_user.user = "app";
      const MountSet files{BindMount{file, "/etc/hosts"},        BindMount{file, "/etc/resolv.conf"},
                           BindMount{file, "/etc/hostname"},     BindMount{file, "/etc/mtab"},
                           BindMount{file, "/run/secrets/word"}, BindMount{shown, "/run/.containerenv"}};
      LaunchSpec with_files = root.shell("cat /etc/mtab /run/secrets/word", files);
      if (there) {
        CHECK(output_of(std::move(working)) == (canary.path() / "new/place\n").string());
        CHECK(output_of(std::move(with_files)) == "shownshown");
        CHECK(fs::exists(root.path() / canary.path().relative_path() / "new/place/made"));
        CHECK(fs::exists(root.path() / canary.path().relative_path() / "secrets/word"));
      } else {
        CHECK_FALSE(refusal_of(std::move(working)).empty());
        CHECK_FALSE(refusal_of(std::move(with_files)).empty());
      }
      CHECK_FALSE(refusal_of(std::move(as_user)).empty());  // the host's canary has no accounts, nor has the root's
      for (const char* name : {"work", "etc", "run"}) fs::remove(root.path() / name);
    }
    before.verify();
  }
}

TEST_CASE("P-10: the working directory and the volumes of an image are in it, also over links to the host",
          "[container][image][attack]") {
  if (!requires_busybox()) return;
  const Ground ground;
  const Canary canary;
  TestImages images{ground};
  const std::string to = canary.path().string();
  const Entry link{.path = "work", .content = to, .type = '2', .mode = 0777};
  images.add("linked", {base_layer(), {link}}, R"({"WorkingDir": "/work/new"})");
  Layer there{link};
  std::string path;
  for (const fs::path& part : canary.path().relative_path())
    there.push_back(directory(path += (path.empty() ? "" : "/") + part.string()));
  images.add("there", {base_layer(), there}, R"({"WorkingDir": "/work/new", "Volumes": {"/work/volume": {}}})");
  const Snapshot before{canary, ground.path("layout")};
  CHECK_FALSE(refusal_of(images.shell("linked", "pwd")).empty());
  CHECK(output_of(images.shell("there", "pwd -P; echo x > made; echo y > /work/volume/made; ls " + to)) ==
        to + "/new\nnew\nvolume\n");
  before.verify();
}

TEST_CASE("P-11: the machine's own directories get no label and no owner, over whatever link they are named",
          "[container][mounts][attack]") {
  const Ground ground;
  const Canary canary;
  for (const std::string& directory : std::vector<std::string>{"/", "/usr", "/etc", "/var", "/home", "/root", "/run",
                                                               "/tmp", "/dev", "/proc", "/sys", "/boot", "/var/lib"}) {
    if (!fs::exists(directory)) continue;
    fs::create_directory_symlink(directory, ground.path("link"));
    fs::create_directory_symlink("link", ground.path("chain"));
    for (const std::string& name : {directory, ground.path("link").string(), ground.path("chain").string() + "/.",
                                    ground.path("./link").string()}) {
      CAPTURE(directory, name);
      for (const BindOptions& options : {BindOptions{.chown = true}, BindOptions{.relabel = Relabel::Shared},
                                         BindOptions{.relabel = Relabel::Private}}) {
        CHECK_THAT(message_of([&] {
                     (void)MountSet{BindMount{name, "/x", options}}.resolve();
                   }),
                   Catch::Contains("is a directory of the machine itself"));
      }
    }
    fs::remove(ground.path("link"));
    fs::remove(ground.path("chain"));
  }
  canary.verify();
}

TEST_CASE("P-33: volumes an image has at paths with dots and over links hold nothing of the host",
          "[container][image][attack]") {
  if (!requires_busybox()) return;
  const Ground ground;
  const Canary canary;
  TestImages images{ground};
  const std::string to = canary.path().string();
  const Layer links{{.path = "x", .content = to, .type = '2', .mode = 0777},
                    {.path = "y", .content = canary.climbing(), .type = '2', .mode = 0777},
                    directory("d"),
                    {.path = "d/own", .content = "the image's"}};
  // what the same path holds in the image is what fills the volume
  Layer there = links;
  std::string path;
  for (const fs::path& part : canary.path().relative_path())
    there.push_back(directory(path += (path.empty() ? "" : "/") + part.string()));
  there.push_back({.path = path + "/own", .content = "the image's"});
  const Snapshot before{canary, ground.path("layout")};
  const std::vector<std::string> targets{"/x", "/d/../../../../.." + to, "/y/data"};
  for (const std::string& target : targets) {
    CAPTURE(target);
    const std::string config = R"({"Volumes": {")" + target + R"(": {}}})";
    images.add("linked", {base_layer(), links}, config);
    images.add("there", {base_layer(), there}, config);
    const std::string look =
        "find / -type d \\( -path /proc -o -path /sys -o -path /dev -o -path /bin \\) -prune -o "
        "-type f -exec cat {} +; true";
    for (const char* image : {"linked", "there"}) {
      CAPTURE(image);
      std::string seen;
      const std::string refused = message_of([&] { seen = outcome_of(images.shell(image, look)).out; });
      CHECK_FALSE(canary.is_in(seen));
      CHECK((!refused.empty() || seen.find("the image's") != std::string::npos));
      // nor does a volume of the host's making get what is there
      (void)message_of([&] { (void)outcome_of(images.shell(image, "true", {VolumeMount{"kept", target}})); });
      const std::string kept = ground.volumes().get_or_create("kept").mountpoint().string();
      for (const auto& entry : fs::recursive_directory_iterator{kept}) {
        CHECK((!entry.is_regular_file() || !canary.is_in(ground.directory().read(
                                               entry.path().lexically_relative(ground.directory().path()).string()))));
      }
      ground.volumes().remove("kept");
    }
  }
  before.verify();
}
