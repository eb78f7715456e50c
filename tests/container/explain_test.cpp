// SPDX-License-Identifier: Apache-2.0
// What explain() says of a path, and what a program there meets.

#include "container/image_support.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace dunnage;
using namespace dunnage::literals;
using namespace dunnage::test;

namespace {

namespace fs = std::filesystem;
using Presence = PathExplanation::Presence;

/// Does what explain() speaks of: reads, writes, and enters or executes. A missing path is tried in the directory it
/// would be made in.
constexpr const char* kTry = R"(
d=$1; while [ ! -e "$d" ]; do d=${d%/*}; d=${d:-/}; done
say() { if "$@" >/dev/null 2>&1; then printf y; else printf n; fi; }
make() { touch "$d/.tried" && rm "$d/.tried"; }
add() { sh -c ': >> "$1"' - "$d"; }
if [ -d "$d" ]; then say ls "$d"; say make; say cd "$d"; else say cat "$d"; say add; say "$d"; fi
)";

std::string in_letters(const std::optional<PathAccess>& access) {
  if (!access) return "unknown";
  return std::string{access->read ? "y" : "n"} + (access->write ? "y" : "n") + (access->execute ? "y" : "n");
}

/// What it says; and that the kernel, the rules and a program agree.
PathExplanation agreed(const Container& container, const std::string& path, const std::string& user = {}) {
  PathExplanation told = container.explain(path, {.user = user});
  const std::string met = outcome_of(container, {.argv = {"/bin/sh", "-c", kTry, "-", path}, .user = user}).out;
  INFO(told.to_string());
  CHECK(in_letters(told.by_kernel) == met);
  CHECK(in_letters(told.by_rules) == met);
  CHECK(told.access() == told.by_kernel);
  if (!told.access()->write) CHECK(!told.obstacles.empty());
  CHECK(told.obstacles.empty() == told.remedies.empty());
  return told;
}

bool says(const std::vector<std::string>& sentences, std::string_view words) {
  return std::ranges::any_of(sentences, [&](const std::string& text) { return text.find(words) != std::string::npos; });
}

bool has(const std::vector<std::string>& options, std::string_view option) {
  return std::ranges::find(options, option) != options.end();
}

fs::path make_script(const Ground& ground, std::string_view relative, mode_t mode) {
  const fs::path path = ground.directory().write(relative, "#!/bin/sh\nexit 0\n");
  REQUIRE(::chmod(path.c_str(), mode) == 0);
  return path;
}

}  // namespace

TEST_CASE("what explain() says of binds, volumes, tmpfs and the root is what a program there meets",
          "[container][explain]") {
  const Ground ground;
  const auto data = ground.directory().make("data");
  (void)make_script(ground, "data/script", 0755);
  (void)make_script(ground, "data/plain", 0600);
  (void)make_script(ground, "data/shut/inner", 0600);
  REQUIRE(::chmod((data / "shut").c_str(), 0700) == 0);
  const auto single = make_script(ground, "single", 0644);
  const MountSet mounts{BindMount{data, "/data"}, BindMount{data, "/fixed", {.read_only = true}},
                        BindMount{single, "/etc/single", {.read_only = true}}, VolumeMount{"kept", "/data/kept"},
                        Tmpfs{"/scratch", {.size = 1_MiB, .mode = 0700}}};
  const Container container = Container::launch(ground.shell("sleep 1000", mounts));
  std::vector<std::string> users{""};
  if (who() != Launcher::Single) users.emplace_back("1000:1000");
  for (const std::string& user : users) {
    for (const char* path : {"/data",
                             "/data/script",
                             "/data/plain",
                             "/data/shut",
                             "/data/shut/inner",
                             "/data/new/below",
                             "/fixed",
                             "/fixed/script",
                             "/fixed/shut/inner",
                             "/fixed/new",
                             "/etc/single",
                             "/data/kept",
                             "/data/kept/new",
                             "/scratch",
                             "/scratch/new",
                             "/",
                             "/etc/passwd",
                             "/usr",
                             "/usr/bin/env",
                             "/tmp",
                             "/proc/sys",
                             "/proc/1/none",
                             "/root"}) {
      INFO(path << " as " << user);
      (void)agreed(container, path, user);
    }
  }
  const auto told = agreed(container, "/fixed/script");
  CHECK(told.presence == Presence::There);
  CHECK((told.kind == "file" && told.mount == "/fixed" && told.source == (data / "script").string()));
  CHECK((has(told.mount_options, "ro") && has(told.mount_options, "nosuid") && !told.file_system.empty()));
  CHECK(says(told.obstacles, "the mount \"/fixed\" is read-only, as the plan says"));
  CHECK(told.on_disk == FileOwner{::geteuid(), ::getegid(), 0755});
  CHECK(told.inside == FileOwner{0, 0, 0755});
  CHECK(container.explain("/data").mounts_below == std::vector<std::string>{"/data/kept"});
  CHECK(container.explain("/data/kept").source == ground.volumes().get("kept").mountpoint().string());
}

TEST_CASE("a path over links is explained where it leads", "[container][explain]") {
  const Ground ground;
  const auto one = ground.directory().make("one");
  const auto two = ground.directory().make("two");
  fs::create_symlink("/two/inner/file", one / "across");
  fs::create_symlink("../../../../../../etc/passwd", one / "upwards");
  fs::create_symlink("nowhere/at/all", one / "dangling");
  fs::create_symlink("around", one / "around");
  fs::create_symlink("/proc/self/root/etc/passwd", one / "magic");
  (void)make_script(ground, "two/inner/file", 0644);
  const MountSet mounts{BindMount{one, "/one"}, BindMount{two, "/two", {.read_only = true}},
                        Tmpfs{"/var/run/app", {.size = 1_MiB}}};
  const Container container = Container::launch(ground.shell("sleep 1000", mounts));
  auto told = agreed(container, "/one/across");
  CHECK((told.leads_to == "/two/inner/file" && told.mount == "/two"));
  CHECK(told.source == (two / "inner/file").string());
  told = agreed(container, "/one/upwards");
  CHECK((told.leads_to == "/etc/passwd" && told.mount == "/"));  // the container's, not the machine's
  told = container.explain("/one/dangling");
  CHECK((told.presence == Presence::Missing && told.leads_to == "/one"));
  CHECK(says(told.notes, "there is a link that leads to \"nowhere/at/all\""));
  told = container.explain("/one/around/x");
  CHECK((told.presence == Presence::Missing && told.leads_to == "/one"));
  CHECK(container.explain("/one/magic").presence == Presence::Missing);
  told = agreed(container, "/var/run/app");  // the plan's words are another place than the mount's
  CHECK((told.mount == "/run/app" && told.mount_in_words.find("/var/run/app") != std::string::npos));
  told = container.explain("/one/across/below");
  CHECK(says(told.obstacles, "\"/two/inner/file\" is a file, so nothing can be below it"));
}

TEST_CASE("files of nobody inside are told by their owner outside", "[container][explain]") {
  if (!requires_ordinary_user()) return;
  const Ground ground;
  const MountSet mounts{BindMount{"/etc", "/theirs"}};
  const Container container = Container::launch(ground.shell("sleep 1000", mounts));
  const auto told = agreed(container, "/theirs/new");
  CHECK((told.presence == Presence::Missing && told.inside->uid == 65534 && told.on_disk->uid == 0));
  CHECK(says(told.obstacles, "belongs to 0:0 of the host, who is nobody (65534) in this container"));
  CHECK_FALSE(told.users.empty());
}

TEST_CASE("a mount that shows other owners is told with both", "[container][explain]") {
  if (!requires_root()) return;
  const Ground ground;
  const auto data = ground.directory().make("data");
  (void)make_script(ground, "data/file", 0644);
  REQUIRE((::chown(data.c_str(), 1234, 2345) == 0 && ::chown((data / "file").c_str(), 1234, 2345) == 0));
  const MountSet mounts{BindMount{data, "/mapped", {.owner = Ownership::as(1000, 1000)}}, BindMount{data, "/plain"}};
  const Container container = Container::launch(ground.shell("sleep 1000", mounts));
  auto told = agreed(container, "/mapped/file", "1000:1000");
  CHECK((told.id_mapped && told.inside->uid == 1000 && told.on_disk->uid == 1234 && told.access()->write));
  told = agreed(container, "/plain/file", "1000:1000");
  CHECK((!told.id_mapped && told.inside->uid == 1234 && !told.access()->write));
  CHECK(says(told.remedies, "Ownership::match_user()"));
  CHECK(says(mounts.resolve().explain("/plain/file", {.user = "1000"}).obstacles, "1234:2345"));
  CHECK(mounts.resolve().explain("/mapped/file", {.user = "1000:1000"}).access()->write);
}

TEST_CASE("users are asked about by name, number and groups", "[container][explain]") {
  if (!requires_many_ids() || !requires_busybox()) return;
  const Ground ground;
  TestImages images{ground};
  images.add("app", {base_layer()});
  const Container container = Container::launch(
      images.shell("app", "mkdir -p /srv/team; chgrp 50 /srv/team; chmod 0770 /srv/team; touch /ready; sleep 1000"));
  REQUIRE(eventually([&] { return container.explain("/ready").presence == Presence::There; }));
  auto told = agreed(container, "/srv/team", "app");
  CHECK((told.user == "1000:1001" && told.access()->write));  // as a member of staff, 50
  CHECK_FALSE(agreed(container, "/srv/team", "1000:1000").access()->write == told.access()->write);
  CHECK(code_of([&] { (void)container.explain("/", {.user = "apq"}); }) == errc::user_unknown);
  CHECK(code_of([&] { (void)container.explain("etc"); }) == errc::invalid_argument);
}

TEST_CASE("what a mount hides is told: files of the image, of another mount, and what is masked",
          "[container][explain]") {
  if (!requires_busybox()) return;
  const Ground ground;
  TestImages images{ground};
  images.add("app", {base_layer(), {{.path = "srv/page", .content = "of the image\n"}}});
  const auto data = ground.directory().make("data");
  ground.directory().write("data/cache/old", "x");
  ground.directory().write("data/node_modules/x", "x");
  const MountSet mounts{BindMount{data, "/srv", {.exclude = {"node_modules"}}}, Tmpfs{"/srv/cache", {.size = 1_MiB}},
                        ImageMount{"app", "/tools"}};
  const Container container = Container::launch(images.shell("app", "sleep 1000", mounts));
  CHECK(says(agreed(container, "/srv").hides, "files the image \"app\" has at \"/srv\""));
  CHECK(says(agreed(container, "/srv/cache").hides, "\"" + data.string() + "/cache\" on the host"));
  CHECK(agreed(container, "/srv/cache/new").file_system == "tmpfs");
  CHECK(agreed(container, "/srv/node_modules").place.find("excludes it") != std::string::npos);
  CHECK(container.explain("/proc/timer_list").place.find("It is hidden") != std::string::npos);
  CHECK(says(agreed(container, "/tools/srv/page").obstacles, "images are mounted read-only"));
  CHECK(agreed(container, "/etc/new").file_system == "overlay");
}

TEST_CASE("a container that has ended is explained by its files, and without them by its plan",
          "[container][explain]") {
  const Ground ground;
  const auto root = ground.directory().make("data");
  const MountSet mounts{BindMount{root, "/data", {.read_only = true}}, VolumeMount{"kept", "/kept"}};
  LaunchSpec spec = ground.shell("true", mounts);
  spec.name = "box";
  spec.remove_on_exit = false;
  const Container container = Container::launch(std::move(spec));
  (void)container.wait();
  for (const auto& told : {container.explain("/data/x"), ground.containers().explain("box", "/data/x")}) {
    CHECK((told.mount == "/data" && told.source == (root / "x").string()));
    CHECK(says(told.notes, "this is what its plan says"));  // the host's root is in memory
  }
  CHECK(code_of([&] { (void)ground.containers().explain("bax", "/"); }) == errc::container_missing);
  ground.containers().remove("box");
}

TEST_CASE("files of an image's container that has ended are looked at", "[container][explain]") {
  if (!requires_busybox()) return;
  const Ground ground;
  TestImages images{ground};
  images.add("app", {base_layer()});
  LaunchSpec spec = images.shell("app", "echo x > /etc/left; chmod 0640 /etc/left",
                                 {VolumeMount{"kept", "/kept", {.read_only = true}}, Tmpfs{"/memory"}});
  spec.name = "box";
  spec.remove_on_exit = false;
  (void)Container::launch(std::move(spec)).wait();
  auto told = ground.containers().explain("box", "/etc/left");
  CHECK((told.presence == Presence::There && told.inside == FileOwner{0, 0, 0640} && told.access()->write));
  told = ground.containers().explain("box", "/kept/new");
  CHECK((told.mount == "/kept" && !told.access()->write && says(told.obstacles, "read-only, as the plan says")));
  CHECK_FALSE(ground.containers().explain("box", "/memory").access());
  ground.containers().remove("box");
}

TEST_CASE("a hostile container makes explain() neither wait nor look elsewhere, and nothing changes",
          "[container][explain]") {
  const Ground ground;
  const auto data = ground.directory().make("data");
  REQUIRE(::mkfifo((data / "fifo").c_str(), 0600) == 0);
  fs::create_symlink("fifo", data / "to-fifo");
  fs::create_symlink("/proc/1/root", data / "roots");
  fs::create_symlink("/../../../../../../" + data.string(), data / "out");
  const auto before = fs::last_write_time(data);
  const Container container = Container::launch(ground.shell("sleep 1000", {BindMount{data, "/data"}}));
  auto told = container.explain("/data/to-fifo");
  CHECK((told.kind == "FIFO" && told.leads_to == "/data/fifo" && told.access()->read));
  CHECK(container.explain("/data/roots/etc").presence != Presence::There);  // the link is none of a file system
  CHECK(container.explain("/data/out").presence == Presence::Missing);      // the machine's directories are not there
  std::string deep = "/data";
  while (deep.size() < 4090) deep += "/x";
  CHECK(container.explain(deep).leads_to == "/data");
  CHECK(container.explain("/data/.././data/fifo/").leads_to == "/data/fifo");
  CHECK(fs::last_write_time(data) == before);
  CHECK(told.to_json().find("\"Kind\": \"FIFO\"") != std::string::npos);
}
