// SPDX-License-Identifier: Apache-2.0
// What others of the machine can see of the library: its sockets, its arguments, its store.

#include "container/image_support.hpp"
#include "container/records_support.hpp"
#include "support/host.hpp"

#include <dunnage/project_plan.hpp>

#include <fcntl.h>
#include <grp.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <fstream>
#include <sstream>
#include <thread>

using namespace dunnage;
using namespace dunnage::test;

namespace {

namespace fs = std::filesystem;

constexpr uid_t kNobody = 65534;

/// Names in the abstract namespace whose sockets this process or one of its launchers holds.
std::string abstract_sockets() {
  std::set<std::string> own;
  std::vector<pid_t> processes{::getpid()};
  if (who() == Launcher::Root) {
    for (const pid_t launcher : launchers_of(::getpid())) processes.push_back(launcher);
  }
  for (const pid_t process : processes) {
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator{"/proc/" + std::to_string(process) + "/fd", ignored}) {
      const std::string target = fs::read_symlink(entry.path(), ignored).string();
      if (target.starts_with("socket:[")) own.insert(target.substr(8, target.size() - 9));
    }
  }
  std::string names;
  for (const std::string& line : lines_of(file_text("/proc/net/unix"))) {
    std::istringstream words{line};
    std::string word;
    std::string inode;
    std::string name;
    for (int index = 0; index < 7; ++index) words >> (index == 6 ? inode : word);
    if (words >> name && name.starts_with("@") && own.contains(inode)) names += name + "\n";
  }
  return names;
}

std::vector<fs::path> everything_in(const fs::path& top) {
  std::vector<fs::path> paths{top};
  for (const auto& entry : fs::recursive_directory_iterator{top}) paths.push_back(entry.path());
  return paths;
}

/// As another user of the machine; the names of the paths that are open to him.
std::string open_to_others(const std::vector<fs::path>& paths) {
  std::string found;
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  const pid_t process = ::fork();
  if (process == 0) {
    const bool other = ::setgroups(0, nullptr) == 0 && ::setresgid(kNobody, kNobody, kNobody) == 0 &&
                       ::setresuid(kNobody, kNobody, kNobody) == 0;
    std::string text = other ? "" : "still root";
    for (const fs::path& path : paths) {
      struct stat status {};
      const bool seen = ::lstat(path.c_str(), &status) == 0 || errno != EACCES;
      const int file = ::open(path.c_str(), O_RDONLY | O_NONBLOCK);
      char* const none[] = {nullptr};
      if (S_ISREG(status.st_mode)) (void)::execve(path.c_str(), none, none);
      if (seen || file >= 0) text += path.string() + "\n";
    }
    (void)!::write(ends[1], text.data(), std::min<std::size_t>(text.size(), 60'000));
    ::_exit(0);
  }
  ::close(ends[1]);
  std::string text(65'536, '\0');
  for (ssize_t size = 1; size > 0;) {
    size = ::read(ends[0], text.data(), text.size());
    found.append(text, 0, size > 0 ? static_cast<std::size_t>(size) : 0);
  }
  ::close(ends[0]);
  (void)::waitpid(process, nullptr, 0);
  return found;
}

/// The files below a directory that hold a text.
std::vector<fs::path> holding(const fs::path& top, const std::string& text) {
  std::vector<fs::path> found;
  for (const fs::path& path : everything_in(top)) {
    std::error_code ignored;
    if (fs::is_regular_file(fs::symlink_status(path, ignored)) && file_text(path).find(text) != std::string::npos)
      found.push_back(path);
  }
  return found;
}

/// The arguments of all processes that this user may see.
bool is_an_argument(const std::string& text) {
  for (const pid_t process : all_processes()) {
    if (file_text("/proc/" + std::to_string(process) + "/cmdline").find(text) != std::string::npos) return true;
  }
  return false;
}

/// A store with all there can be in one.
void fill_store(const Ground& ground) {
  TestImages images{ground};
  images.add("app", {base_layer()});
  (void)ground.volumes().create("data");
  LaunchSpec spec =
      images.shell("app", "echo out; echo secret > /data/file; cp /bin/busybox /data/suid; chmod 4755 /data/suid",
                   {VolumeMount{"data", "/data"}});
  spec.name = "box";
  spec.out = Stdio::log();
  spec.remove_on_exit = false;
  (void)Container::launch(std::move(spec)).wait();
}

}  // namespace

TEST_CASE("P-23: there is no socket in the abstract namespace, and those with a path are this user's alone",
          "[container][attack]") {
  const Ground ground;
  CHECK(abstract_sockets().empty());
  const Container box = Container::launch(detached(ground, "sleep 1000", "box"));
  const Process process = box.exec({.argv = {"sleep", "1000"}, .out = Stdio::null(), .err = Stdio::null()});
  CHECK(abstract_sockets().empty());
  int sockets = 0;
  for (const fs::path& path : everything_in(ground.store_path())) {
    if (!fs::is_socket(path)) continue;
    ++sockets;
    struct stat status {};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777U) == 0600U);
    REQUIRE(::stat(ground.store_path().c_str(), &status) == 0);
    CHECK((status.st_mode & 0777U) == 0700U);
  }
  CHECK(sockets == 1);
  process.kill();
  box.kill();
  (void)box.wait();
}

TEST_CASE("P-39: another user of the machine gets at nothing in a store by its full name", "[container][attack]") {
  if (!requires_root() || !requires_busybox()) return;
  const mode_t mask = GENERATE(0, 077);
  const mode_t before = ::umask(mask);
  {
    const Ground ground;
    fs::permissions(ground.directory().path(), fs::perms{0755});  // what is above the store is open
    fill_store(ground);
    const std::vector<fs::path> paths = everything_in(ground.store_path());
    CHECK(paths.size() > 40);
    CHECK(open_to_others({ground.directory().path()}) == ground.directory().path().string() + "\n");
    CHECK(open_to_others({paths.begin() + 1, paths.end()}).empty());
    struct stat status {};
    REQUIRE(::stat(ground.store_path().c_str(), &status) == 0);
    CHECK((status.st_mode & 07777U) == 0700U);
  }
  ::umask(before);
}

TEST_CASE("P-40: a set-user-ID program that a container left in an id-mapped volume is nothing to users of the machine",
          "[container][attack]") {
  if (!requires_root() || !requires_busybox()) return;
  const Ground ground;
  fs::permissions(ground.directory().path(), fs::perms{0755});
  TestImages images{ground};
  images.add("app", {base_layer()});
  VolumeMount mount{"data", "/data"};
  mount.options.owner = Ownership::as(0, 0);
  mount.options.suid = GENERATE(false, true);
  LaunchSpec spec = images.shell(
      "app", "cp /bin/busybox /data/sh && chmod 4755 /data/sh && stat -c '%u %a' /data/sh && sleep 1000", {mount});
  Collector out;
  spec.out = out.stdio();
  const Container box = Container::launch(std::move(spec));
  REQUIRE(out.wait_for("0 4755\n"));
  const fs::path file = ground.volumes().get("data").mountpoint() / "sh";
  CHECK(fs::exists(file));
  std::vector<fs::path> paths{file, file.parent_path()};
  for (const pid_t inside : all_processes()) {
    for (const char* way : {"root/data/sh", "cwd/data/sh", "root"}) {
      const fs::path path = fs::path{"/proc"} / std::to_string(inside) / way;
      std::error_code ignored;
      if (std::string_view{way} != "root" && fs::exists(path, ignored)) paths.push_back(path);
    }
  }
  CHECK(paths.size() > 2);
  CHECK(open_to_others(paths).empty());
  // and in a container nobody becomes root by it, unless both is asked for
  REQUIRE(run(ground.shell("cp /usr/bin/id /data/id && chmod 4755 /data/id", {mount})).success());
  for (const bool gains : {false, true}) {
    LaunchSpec other = ground.program({"/data/id", "-u"}, {mount});
    other.user = "1000:1000";
    other.no_new_privileges = !gains;
    CHECK(output_of(std::move(other)) == (gains && mount.options.suid ? "0\n" : "1000\n"));
  }
  box.kill();
  (void)box.wait();
}

TEST_CASE("I-40: a project's secret is in its own file, and in no record, argument, error or log",
          "[container][project][attack]") {
  const Ground ground;
  const std::string secret = "secret-" + std::to_string(::getpid()) + "-of-a-project";
  const std::string text =
      "services:\n  web:\n    x-dunnage: {rootfs: host}\n    command: [sh, -c, \"wc -c < /run/secrets/word; sleep "
      "1000\"]\n    stop_signal: SIGKILL\n    secrets: [word]\nsecrets:\n  word: {environment: WORD}\n";
  const Project project = Project::load({.text = text,
                                         .directory = ground.directory().path(),
                                         .name = "shop",
                                         .environment = Environment{{"WORD", secret}},
                                         .grants = ProjectGrants::all()});
  std::atomic<bool> over{false};
  std::atomic<bool> seen{false};
  std::thread watcher{[&] {
    while (!over) seen = seen || is_an_argument(secret);
  }};
  const ProjectPlan plan = project.plan_up({.store = ground.store_path()});
  plan.apply({});
  CHECK(eventually([&] { return log_of(ground.containers(), "shop-web-1") == std::to_string(secret.size()) + "\n"; }));
  over = true;
  watcher.join();
  CHECK_FALSE(seen);
  const std::vector<fs::path> files = holding(ground.store_path(), secret);
  CHECK(files.size() == 1);
  for (const fs::path& file : files) {
    struct stat status {};
    REQUIRE(::stat(file.c_str(), &status) == 0);
    INFO(file.string());
    CHECK(file.string().find("/containers/") == std::string::npos);
  }
  std::ostringstream told;
  told << plan.to_json() << project_containers("shop", ground.store_path()).size();
  CHECK(told.str().find(secret) == std::string::npos);
  const std::string message = message_of([&] {
    (void)Project::load({.text = text + "  word: [" + "wrong\n",
                         .directory = ground.directory().path(),
                         .name = "shop",
                         .environment = Environment{{"WORD", secret}},
                         .grants = ProjectGrants::all()});
  });
  CHECK_FALSE(message.empty());
  CHECK(message.find(secret) == std::string::npos);
  project.plan_down({.volumes = true, .store = ground.store_path()}).apply({.destroy_data = true});
  CHECK(holding(ground.store_path(), secret).empty());
}
