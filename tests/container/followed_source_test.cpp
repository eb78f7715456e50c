// SPDX-License-Identifier: Apache-2.0
// Sources of bind mounts that are followed by their names while the container runs, whoever replaces them and however.

#include "container/records_support.hpp"
#include "support/apart.hpp"
#include "support/rounds.hpp"
#include "support/swap.hpp"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <fstream>
#include <optional>

using namespace dunnage;
using namespace dunnage::test;

namespace {

namespace fs = std::filesystem;

bool comes(const Container& container, const std::string& path, const std::string& text) {
  return eventually([&] { return shown(container, "cat " + path) == text; });
}

BindMount follows(const fs::path& source, std::string target, BindOptions options = {}) {
  options.follow = Follow::Name;
  return {source, std::move(target), std::move(options)};
}

/// As an editor does, and everything that never lets a file be seen half written.
void replace_by_rename(const fs::path& path, const std::string& text) {
  const fs::path beside = path.string() + ".new";
  std::ofstream{beside} << text;
  fs::rename(beside, path);
}

void run_on_host(const std::string& command) { REQUIRE(std::system(command.c_str()) == 0); }

/// The next event of that container, which has to be one of the mount at that target.
std::optional<MountEvent> next_event(MountEvents& events, const std::string& target) {
  std::optional<MountEvent> event;
  CHECK(eventually([&] { return (event = events.next()).has_value(); }));
  if (event) CHECK(event->mount.target == target);
  return event;
}

/// From here on the kernel says of move_mount(2) with MOVE_MOUNT_BENEATH what an old one says.
bool take_beneath_away() {
  constexpr unsigned kBeneath = 0x200;
  sock_filter rules[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
                         BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_move_mount, 0, 3),
                         BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[4])),
                         BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, kBeneath, 0, 1),
                         BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
                         BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  const sock_fprog program{sizeof rules / sizeof rules[0], rules};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}

}  // namespace

TEST_CASE("a source that is followed is what has its name, however it got it, with the options of the plan",
          "[container][live][follow]") {
  const Ground ground;
  const fs::path conf = ground.path("app.conf");
  ground.directory().write("app.conf", "0");
  MountSet mounts{follows(conf, "/follows", {.read_only = true, .exec = false}), BindMount{conf, "/stays"}};
  auto container = Container::launch(ground.shell(kSleep, std::move(mounts)));
  auto events = container.mount_events();
  const auto attributes =
      attributes_of(mount_at(parse_mountinfo(shown(container, "cat /proc/self/mountinfo")), "/follows"));
  CHECK(attributes == attributes_of(container.plan()["/follows"]));
  replace_by_rename(conf, "1");
  CHECK(comes(container, "/follows", "1"));
  const auto event = next_event(events, "/follows");
  CHECK((event && event->kind == MountEvent::Kind::Replaced && event->mount == container.plan()["/follows"]));
  fs::remove(conf);
  CHECK(shown(container, "cat /follows") == "1");  // nothing has the name: what it had stays
  std::ofstream{conf} << "2";
  CHECK(comes(container, "/follows", "2"));
  run_on_host("sed -i s/2/3/ " + conf.string());
  CHECK(comes(container, "/follows", "3"));
  ground.directory().write("other", "4");
  REQUIRE(exchange_names(ground.path("other"), conf));
  CHECK(comes(container, "/follows", "4"));
  ground.directory().write("linked", "5");
  run_on_host("ln -f " + ground.path("linked").string() + " " + conf.string());
  CHECK(comes(container, "/follows", "5"));
  fs::rename(conf, conf.string() + "~");  // as vim does with backupcopy=no
  std::ofstream{conf} << "6";
  CHECK(comes(container, "/follows", "6"));
  for (int number = 0; number < 200; ++number) replace_by_rename(conf, std::to_string(number) + ".");
  CHECK(comes(container, "/follows", "199."));
  CHECK(shown(container, "cat /stays; echo x 2>/dev/null >/follows || echo ro") == "0ro\n");
  const auto lines = parse_mountinfo(shown(container, "cat /proc/self/mountinfo"));
  CHECK(attributes_of(mount_at(lines, "/follows")) == attributes);
  CHECK(std::count_if(lines.begin(), lines.end(), [](const MountLine& line) { return line.target == "/follows"; }) ==
        1);
  CHECK(container.plan()["/follows"].follow == Follow::Name);
}

TEST_CASE("a path is never missing while what it follows is replaced, and ends with the newest",
          "[container][live][follow]") {
  const Ground ground;
  const fs::path conf = ground.path("conf");
  ground.directory().write("conf", "1\n");
  Collector out;
  LaunchSpec spec = ground.shell(
      "trap 'echo $missing $n; exit' TERM; missing=0; n=0; echo ready; "
      "while :; do read x </conf || missing=$((missing+1)); [ -n \"$x\" ] || missing=$((missing+1)); x=; "
      "n=$((n+1)); done 2>/dev/null",
      {follows(conf, "/conf")});
  spec.out = out.stdio();
  auto container = Container::launch(std::move(spec));
  REQUIRE(out.wait_for("ready"));
  for (int number = 0; number < 100; ++number) {
    replace_by_rename(conf, std::to_string(number) + "\n");
    if (number % 4 == 0) CHECK(comes(container, "/conf", std::to_string(number) + "\n"));
  }
  CHECK(comes(container, "/conf", "99\n"));
  container.kill(SIGTERM);
  (void)container.wait();
  REQUIRE(out.wait_for("\n0 "));
}

TEST_CASE("a directory is followed, and so is a source whose own directories are replaced",
          "[container][live][follow]") {
  const Ground ground;
  for (const char* name : {"top/conf/file", "next/conf/file", "top/other/file"}) ground.directory().write(name, name);
  auto container = Container::launch(ground.shell(
      kSleep, {follows(ground.path("top/conf"), "/conf"), follows(ground.path("top/conf/file"), "/file")}));
  REQUIRE(exchange_names(ground.path("top/conf"), ground.path("top/other")));
  CHECK(comes(container, "/conf/file", "top/other/file"));
  CHECK(comes(container, "/file", "top/other/file"));
  fs::rename(ground.path("top"), ground.path("old"));
  CHECK(shown(container, "cat /conf/file /file") == "top/other/filetop/other/file");
  fs::rename(ground.path("next"), ground.path("top"));
  CHECK(comes(container, "/conf/file", "next/conf/file"));
  CHECK(comes(container, "/file", "next/conf/file"));
  replace_by_rename(ground.path("top/conf/file"), "newest");  // the way to it is watched again
  CHECK(comes(container, "/file", "newest"));
}

TEST_CASE("P-41: what a container puts in the place of a source that is followed is not shown unless it is of its type",
          "[container][live][follow]") {
  const Ground ground;
  const fs::path shared = ground.directory().make("shared");
  const fs::path conf = shared / "conf";
  ground.directory().write("shared/conf", "mine");
  ground.directory().write("secret", "secret");
  ground.directory().write("inner/conf", "secret");
  auto container = Container::launch(ground.shell(kSleep, {BindMount{shared, "/shared"}, follows(conf, "/conf")}));
  auto events = container.mount_events();
  const auto planted = [&](const std::string& script, const std::string& cause) {
    CAPTURE(script);
    CHECK(shown(container, "mv /shared/conf /shared/aside; " + script) == "");
    const auto lost = next_event(events, "/conf");
    CHECK((lost && lost->kind == MountEvent::Kind::Lost && lost->cause.find(cause) != std::string::npos));
    CHECK(shown(container, "cat /conf") == "mine");
    CHECK(shown(container, "rm -r /shared/conf; mv /shared/aside /shared/conf") == "");
    const auto restored = next_event(events, "/conf");
    CHECK((restored && restored->kind == MountEvent::Kind::Restored && restored->cause.empty()));
  };
  planted("ln -s " + ground.path("secret").string() + " /shared/conf", "symbolic link");
  planted("ln -s ../secret /shared/conf", "symbolic link");
  planted("ln -s aside /shared/conf", "symbolic link");
  planted("mkfifo /shared/conf", "another type");
  planted("mkdir /shared/conf", "another type");
  CHECK(shown(container, "echo its own >/shared/next; mv /shared/next /shared/conf") == "");
  CHECK(comes(container, "/conf", "its own\n"));
}

TEST_CASE("P-41: a name that is exchanged with a link without end shows what the link leads to at no time",
          "[container][live][follow][race]") {
  const Ground ground;
  const fs::path top = ground.directory().make("shared");
  for (const char* name : {"shared/way/conf", "shared/beside"}) ground.directory().write(name, "mine");
  ground.directory().write("canary/conf", "secret");
  fs::create_symlink("../canary", top / "link");
  fs::create_symlink("../canary/conf", top / "conf-link");
  ground.directory().write("shared/conf", "mine");
  auto container = Container::launch(
      ground.shell(kSleep, {follows(top / "way/conf", "/over-directory"), follows(top / "conf", "/over-name")}));
  {
    const Swap directories{top / "way", top / "link"};
    const Swap names{top / "conf", top / "conf-link"};
    for (Rounds rounds{40}; rounds.next();) {
      directories.wait_for_more();
      names.wait_for_more();
      CHECK(shown(container, "cat /over-directory /over-name") == "minemine");
    }
  }
  CHECK(shown(container, "cat /over-directory /over-name") == "minemine");
}

TEST_CASE("what is followed is the newest after a restart, and what is attached or detached is followed or not",
          "[container][live][follow][records]") {
  const Ground ground;
  const fs::path conf = ground.path("conf");
  const fs::path more = ground.path("more");
  ground.directory().write("conf", "1");
  ground.directory().write("more", "a");
  Collector out;
  LaunchSpec spec = ground.shell("trap 'exit 3' TERM; echo up $(cat /conf /more 2>/dev/null); " + std::string{kSleep},
                                 {follows(conf, "/conf")});
  spec.out = out.stdio();
  spec.restart = {RestartPolicy::Kind::Always, 0};
  auto container = Container::launch(std::move(spec));
  REQUIRE(out.wait_for("up 1\n"));
  replace_by_rename(conf, "2");
  CHECK(comes(container, "/conf", "2"));
  (void)container.attach(follows(more, "/more"));
  replace_by_rename(more, "b");
  CHECK(comes(container, "/more", "b"));
  container.kill(SIGTERM);
  REQUIRE(out.wait_for("up 2b\n"));
  replace_by_rename(conf, "3");
  CHECK(comes(container, "/conf", "3"));
  container.kill(SIGTERM);
  replace_by_rename(conf, "4");  // it ends, waits for its next start, or runs again
  const auto starts = [&](std::size_t count) {
    return eventually([&] { return lines_of(out.text()).size() == count; });
  };
  REQUIRE(starts(3));
  CHECK(comes(container, "/conf", "4"));
  container.kill(SIGTERM);
  REQUIRE(starts(4));
  CHECK(lines_of(out.text()).back() == "up 4b");
  container.detach("/more");
  (void)container.replace("/conf", BindMount{conf, "/conf"});
  replace_by_rename(conf, "5");
  replace_by_rename(more, "c");
  (void)container.attach(follows(more, "/again"));
  replace_by_rename(more, "d");
  CHECK(comes(container, "/again", "d"));
  CHECK(shown(container, "cat /conf; cat /more") == "4");
  container.restart(0ms);
  CHECK(comes(container, "/conf", "5"));
  CHECK(container.plan()["/again"].follow == Follow::Name);
  replace_by_rename(more, "e");
  CHECK(comes(container, "/again", "e"));
}

TEST_CASE("a source is followed for a container whose host is gone, and its record says so",
          "[container][live][follow][records]") {
  const Ground ground;
  const fs::path conf = ground.path("conf");
  ground.directory().write("conf", "1");
  REQUIRE(in_another_process([&] {
            (void)Container::launch(detached(ground, kSleep, "web", {follows(conf, "/conf", {.read_only = true})}));
          }) == 0);
  const Container known = ground.containers().get("web");
  auto events = known.mount_events();
  replace_by_rename(conf, "2");
  CHECK(comes(known, "/conf", "2"));
  const auto event = next_event(events, "/conf");
  CHECK((event && event->kind == MountEvent::Kind::Replaced));
  CHECK(ground.containers().inspect("web").mounts["/conf"].follow == Follow::Name);
  const auto attach = [&](const std::string& name) {
    return in_another_process([&] { (void)ground.containers().get(name).attach(follows(conf, "/more")); });
  };
  CHECK(attach("web") == 0);  // by a program that is gone by now
  replace_by_rename(conf, "3");
  CHECK(comes(known, "/conf", "3"));
  CHECK(comes(known, "/more", "3"));
  ground.containers().remove("web", true);
  REQUIRE(in_another_process([&] { (void)Container::launch(detached(ground, kSleep, "plain")); }) == 0);
  const bool is_followed = attach("plain") == 0;
  CHECK(is_followed == (who() == Launcher::Root));
  CHECK(ground.containers().inspect("plain").mounts.size() == (is_followed ? 1U : 0U));
  ground.containers().remove("plain", true);
}

TEST_CASE("each container of a template begins with what has the name, and follows it",
          "[container][template][follow]") {
  const Ground ground;
  const fs::path conf = ground.path("conf");
  ground.directory().write("conf", "1");
  const LaunchTemplate shell{ground.shell(kSleep, {follows(conf, "/conf")})};
  replace_by_rename(conf, "2");
  const auto container = shell.launch();
  CHECK(shown(container, "cat /conf") == "2");
  replace_by_rename(conf, "3");
  CHECK(comes(container, "/conf", "3"));
}

TEST_CASE("the owner of what is followed is matched as that of the source was", "[container][live][follow][owner]") {
  if (!requires_root()) return;
  const Ground ground;
  const fs::path conf = ground.path("conf");
  ground.directory().write("conf", "1");
  REQUIRE(::chmod(conf.c_str(), 0600) == 0);
  LaunchSpec spec = ground.shell(kSleep, {follows(conf, "/conf", {.owner = Ownership::match_user()})});
  spec.user = "1234";
  auto container = Container::launch(std::move(spec));
  CHECK(shown(container, "cat /conf; stat -c %u /conf") == "11234\n");
  const fs::path beside = ground.path("beside");
  ground.directory().write("beside", "2");
  REQUIRE(::chmod(beside.c_str(), 0600) == 0);
  fs::rename(beside, conf);
  CHECK(comes(container, "/conf", "2"));
  CHECK(shown(container, "stat -c %u:%a /conf") == "1234:600\n");
}

TEST_CASE("a directory that its user may not search is not searched to follow a source", "[container][live][follow]") {
  if (who() != Launcher::Range) return;  // root may search all, and the other user has no second id
  const Ground ground;
  ground.directory().write("top/conf", "mine");
  auto container = Container::launch(
      ground.shell(kSleep, {follows(ground.path("top/conf"), "/conf"), BindMount{ground.path(""), "/all"}}));
  auto events = container.mount_events();
  // root of the container, whom the launcher maps, gives a directory to another id of this user
  CHECK(shown(container,
              "mkdir /all/next && echo theirs >/all/next/conf && chown 7:7 /all/next && "
              "chmod 700 /all/next && mv /all/top /all/old && mv /all/next /all/top") == "");
  const auto lost = next_event(events, "/conf");
  CHECK((lost && lost->kind == MountEvent::Kind::Lost && !lost->cause.empty()));
  CHECK(shown(container, "cat /conf; chown 0:0 /all/top") == "mine");
}

TEST_CASE("what cannot be followed is refused, with cause and remedy", "[container][live][follow]") {
  const Ground ground;
  ground.directory().write("there/conf", "1");
  fs::create_symlink(ground.path("there"), ground.path("way"));
  fs::create_symlink(ground.path("there/conf"), ground.path("link"));
  const auto refusal = [&](const MountSet& mounts) { return message_of([&] { (void)mounts.resolve(); }); };
  const std::string canonical = ground.path("there/conf").string();
  CHECK(refusal({follows(ground.path("link"), "/c")}).find("name \"" + canonical + "\"") != std::string::npos);
  CHECK(refusal({follows(ground.path("way/conf"), "/c")}).find("symbolic link") != std::string::npos);
  CHECK(refusal({follows("/proc", "/c")}).find("mount point") != std::string::npos);
  CHECK(refusal({follows(canonical, "/c", {.chown = true})}).find("follow") != std::string::npos);
  CHECK(refusal({follows(ground.path("there"), "/c", {.transaction = "t"})}).find("follow") != std::string::npos);
  CHECK(refusal({follows(ground.path("there"), "/c"), Tmpfs{"/c/below"}}).find("\"/c/below\"") != std::string::npos);
  CHECK(refusal({follows(canonical, "/c"), Tmpfs{"/d"}}).empty());
  auto container = Container::launch(ground.shell(kSleep, {follows(ground.path("there"), "/c")}));
  CHECK(message_of([&] { (void)container.attach(Tmpfs{"/c/below"}); }).find("follow") != std::string::npos);
  const MountPlan plan = MountSet{follows(canonical, "/c")}.resolve({.store = ground.store_path()});
  if (who() == Launcher::Range) return;  // newuidmap, which is set-user-ID root, gains nothing in such a host
  const DoneApart without = do_apart([&] {
    if (!take_beneath_away()) return std::string{"no filter"};
    LaunchSpec spec = ground.shell("true");
    spec.mounts = plan;
    return refusal({follows(canonical, "/c")}) + "\n" + message_of([&] { (void)run(std::move(spec)); });
  });
  const auto lines = lines_of(without.words);
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].find("MOVE_MOUNT_BENEATH") != std::string::npos);
  CHECK(lines[1].find("MOVE_MOUNT_BENEATH") != std::string::npos);
}
