// SPDX-License-Identifier: Apache-2.0
// A host that is in a container or in namespaces itself: this program, started again there. What works is as
// everywhere; what the kernel does not allow there is refused by an error that says why and what to do.

#include "container/support.hpp"
#include "support/read_to_end.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

using namespace dunnage;
using namespace dunnage::test;

namespace {

constexpr const char* kInner = "the host inside of something launches containers";
constexpr std::string_view kWorks = "INSIDE: works\n";
constexpr std::string_view kRefused = "INSIDE: refused: ";

std::filesystem::path own_program() { return std::filesystem::read_symlink("/proc/self/exe"); }

/// What a program that is executed by a forked copy writes; an alarm ends one that hangs.
std::string words_of(const std::vector<std::string>& words) {
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  const pid_t program = ::fork();
  if (program == 0) {
    std::vector<char*> argv;
    for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    ::dup2(ends[1], 1);
    ::dup2(ends[1], 2);
    ::alarm(120);
    ::execvp(argv.front(), argv.data());
    ::_exit(127);
  }
  ::close(ends[1]);
  const std::string text = read_to_end(ends[0]);
  ::close(ends[0]);
  int status = -1;
  while (::waitpid(program, &status, 0) < 0 && errno == EINTR) {
  }
  return text;
}

/// The one line of the inner host; all it said if there is none.
std::string verdict_in(const std::string& text) {
  const std::size_t begin = text.find("INSIDE: ");
  return begin == std::string::npos ? "there is no verdict: " + text
                                    : text.substr(begin, text.find('\n', begin) + 1 - begin);
}

/// A refusal that names a cause, the system's word for it, and something to do.
bool is_clear_refusal(const std::string& verdict) {
  const std::size_t code = verdict.find(" [E");
  return verdict.starts_with(kRefused) && code != std::string::npos && verdict.find("]; ", code) != std::string::npos;
}

void expect_clear(const std::string& where, const std::string& verdict) {
  std::printf("  %s: %s", where.c_str(), verdict.c_str());
  INFO(where << ": " << verdict);
  CHECK((verdict == kWorks || is_clear_refusal(verdict)));
}

void expect_works(const std::string& where, const std::string& verdict) {
  std::printf("  %s: %s", where.c_str(), verdict.c_str());
  INFO(where);
  CHECK(verdict == kWorks);
}

/// This program as a host in a container.
std::string inner_host(const Ground& ground, const std::function<void(LaunchSpec&)>& change) {
  MountSet mounts{BindMount{own_program(), "/opt/host", {.read_only = true}}, Tmpfs{"/tmp"}};
  LaunchSpec spec = ground.program({"/opt/host", kInner}, std::move(mounts));
  change(spec);
  const Outcome outcome = outcome_of(std::move(spec));
  return verdict_in(outcome.out + outcome.err);
}

std::vector<std::string> with_program(std::vector<std::string> words) {
  words.push_back(own_program().string());
  words.emplace_back(kInner);
  return words;
}

/// The same, around this process as it is.
std::string verdict_of(const std::vector<std::string>& words) { return verdict_in(words_of(with_program(words))); }

}  // namespace

TEST_CASE("the host inside of something launches containers", "[.inner]") {
  try {
    const TemporaryDirectory directory;
    const auto shown = directory.write("shown/file", "shown\n");
    VolumeStore store = VolumeStore::open(directory.path() / "store");
    MountSet mounts{store.create("data").at("/data"), BindMount{shown.parent_path(), "/shown", {.read_only = true}}};
    const Container container =
        Container::launch({.argv = {"sh", "-c", "cat /shown/file > /data/file && echo $$ > /data/pid && sleep 1000"},
                           .mounts = std::move(mounts),
                           .name = "inner",
                           .store = store.root()});
    const bool written = eventually([&] { return directory.read("store/volumes/data/_data/pid") == "1\n"; }) ||
                         container.exec({.argv = {"test", "-s", "/data/pid"}}).wait().success();
    container.kill();
    const bool ended = container.wait() == ExitStatus::signaled(SIGKILL);
    std::printf("%s", written && ended ? std::string{kWorks}.c_str() : "INSIDE: something else happened\n");
  } catch (const Error& error) {
    std::printf("%s%s\n", std::string{kRefused}.c_str(), error.what());
  }
  std::fflush(stdout);
}

TEST_CASE("a host in a container without privileges is told that it cannot launch, and why", "[container][nested]") {
  const Ground ground;
  const std::string verdict = inner_host(ground, [](LaunchSpec&) {});
  std::printf("  %s", verdict.c_str());
  INFO(verdict);
  CHECK(is_clear_refusal(verdict));
}

TEST_CASE("a host in a container with what it takes launches, or is told what the kernel keeps from it",
          "[container][nested]") {
  const Ground ground;
  const std::string verdict = inner_host(ground, [](LaunchSpec& spec) {
    spec.add_capabilities = {"ALL"};
    spec.seccomp = Seccomp::unconfined();
    spec.no_new_privileges = false;
  });
  if (who() == Launcher::Root) {
    expect_works("in a container of root", verdict);
  } else {
    expect_clear("in a container of an ordinary user", verdict);
  }
}

TEST_CASE("a host in a container without a filter makes a user namespace of its own, or is told why not",
          "[container][nested]") {
  const Ground ground{"1000"};
  const std::string verdict = inner_host(ground, [](LaunchSpec& spec) {
    spec.seccomp = Seccomp::unconfined();
    spec.user = "1000";
  });
  expect_clear("as another user of a container", verdict);
}

TEST_CASE("a host in namespaces that unshare(1) made launches", "[container][nested]") {
  if (!requires_program("unshare")) return;
  const Ground ground;
  if (who() == Launcher::Root) {
    expect_works("mount namespace", verdict_of({"unshare", "-m"}));
    expect_works("pid namespace, /proc of its own", verdict_of({"unshare", "-m", "-p", "-f", "--mount-proc"}));
    expect_works("all but the user's",
                 verdict_of({"unshare", "-m", "-u", "-i", "-n", "-C", "-p", "-f", "--mount-proc"}));
    expect_clear("pid namespace, /proc of another", verdict_of({"unshare", "-p", "-f"}));
  }
  expect_works("user namespace, as its root", verdict_of({"unshare", "-U", "-r", "-m"}));
  expect_works("user and pid namespace", verdict_of({"unshare", "-U", "-r", "-m", "-p", "-f", "--mount-proc"}));
  expect_clear("user namespace, as nobody", verdict_of({"unshare", "-U"}));
}

TEST_CASE("a host in bubblewrap's sandbox launches, or is told why not", "[container][nested]") {
  if (!requires_program("bwrap")) return;
  const Ground ground;
  expect_clear("all of the machine", verdict_of({"bwrap", "--dev-bind", "/", "/"}));
  expect_clear("namespaces of its own",
               verdict_of({"bwrap", "--dev-bind", "/", "/", "--unshare-all", "--proc", "/proc", "--dev", "/dev"}));
}

TEST_CASE("a host whose root was changed by pivot_root launches, and by chroot is told to have it changed so",
          "[container][nested]") {
  if (!requires_root() || !requires_program("chroot") || !requires_program("unshare")) return;
  const Ground ground;
  const auto root = ground.directory().make("root");
  for (const char* place : {"usr", "etc", "tmp", "proc", "sys", "dev", "opt", "mnt"}) {
    std::filesystem::create_directory(root / place);
  }
  for (const char* link : {"bin", "lib", "lib64", "sbin"}) {
    std::filesystem::create_symlink(std::string{"usr/"} + link, root / link);
  }
  (void)ground.directory().write("root/etc/passwd", "root:x:0:0:root:/root:/bin/sh\n");
  (void)ground.directory().write("root/opt/host", "");
  const std::string at = root.string();
  const std::string mounts = "mount --rbind /usr " + at + "/usr && mount --rbind /proc " + at +
                             "/proc && mount --rbind /sys " + at + "/sys && mount --rbind /dev " + at +
                             "/dev && mount --bind " + own_program().string() + " " + at + "/opt/host && ";
  const std::string on_itself = "mount --bind " + at + " " + at + " && ";
  const std::string host = std::string{" /opt/host '"} + kInner + "'";
  for (const std::string& script :
       {mounts + "exec chroot " + at + host, on_itself + mounts + "exec chroot " + at + host}) {
    const std::string verdict = verdict_in(words_of({"unshare", "-m", "sh", "-c", script}));
    std::printf("  by chroot: %s", verdict.c_str());
    INFO(verdict);
    CHECK(is_clear_refusal(verdict));
    CHECK(verdict.find("pivot_root(2)") != std::string::npos);
  }
  const std::string script = on_itself + mounts + "cd " + at + " && pivot_root . mnt && umount -l /mnt && exec" + host;
  expect_works("by pivot_root", verdict_in(words_of({"unshare", "-m", "sh", "-c", script})));
}
