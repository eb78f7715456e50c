// SPDX-License-Identifier: Apache-2.0
// Containers whose programs may trace each other (CAP_SYS_PTRACE), and what enters them. In the weakened
// build traced-while-entering the first test fails.
#include "container/confinement.hpp"
#include "container/support.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <sstream>

using namespace dunnage;
using namespace dunnage::test;

namespace {

constexpr auto kTracer = "[.tracer-inside]";
constexpr auto kDebugger = "[.debugger-inside]";
constexpr auto kProgram = "/opt/tracer";
constexpr auto kGiven = "/mnt";

std::string of(pid_t pid, const char* name) { return "/proc/" + std::to_string(pid) + "/" + name; }

/// Seizes and stops it; false if that cannot be done, or if it has ended meanwhile.
bool stop(pid_t pid) {
  if (::ptrace(PTRACE_SEIZE, pid, nullptr, nullptr) != 0) return false;
  int status = 0;
  return ::ptrace(PTRACE_INTERRUPT, pid, nullptr, nullptr) == 0 && ::waitpid(pid, &status, __WALL) == pid &&
         WIFSTOPPED(status);
}

/// Whether what it can write to holds the token.
bool holds(pid_t pid, const std::string& token) {
  std::ifstream maps{of(pid, "maps")};
  const int memory = ::open(of(pid, "mem").c_str(), O_RDONLY | O_CLOEXEC);
  bool found = false;
  for (std::string line; std::getline(maps, line);) {
    unsigned long begin = 0;
    unsigned long end = 0;
    char rights[5] = {};
    if (std::sscanf(line.c_str(), "%lx-%lx %4s", &begin, &end, rights) != 3 || rights[1] != 'w') continue;
    std::string bytes(end - begin, '\0');
    const ssize_t size = ::pread(memory, bytes.data(), bytes.size(), static_cast<off_t>(begin));
    bytes.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    found = found || bytes.find(token) != std::string::npos;
  }
  ::close(memory);
  return found;
}

std::set<std::string> descriptors(pid_t pid) {
  std::set<std::string> names;
  DIR* directory = ::opendir(of(pid, "fd").c_str());
  while (const dirent* entry = directory != nullptr ? ::readdir(directory) : nullptr) {
    if (entry->d_name[0] != '.') names.insert(entry->d_name);
  }
  if (directory != nullptr) ::closedir(directory);
  return names;
}

void say(const std::string& line) { (void)!::write(STDOUT_FILENO, line.data(), line.size()); }

/// What somebody who has caught it has in his hands.
std::string booty(pid_t pid, const std::string& token) {
  char exe[256] = {};
  (void)!::readlink(of(pid, "exe").c_str(), exe, sizeof exe - 1);
  const int image = ::open(of(pid, "exe").c_str(), O_WRONLY | O_CLOEXEC);
  std::string line = std::string{"caught "} + exe;
  const bool entering = std::string_view{exe}.starts_with("/memfd:");  // else it has opened them itself
  if (entering) line += " ENTERING";
  for (const std::string& name : descriptors(pid)) {
    if (entering && name != "0" && name != "1" && name != "2") line += " DESCRIPTOR-" + name;
  }
  if (entering && image >= 0) line += " WRITABLE";
  if (holds(pid, token)) line += " TOKEN";
  if (image >= 0) ::close(image);
  return line + "\n";
}

LaunchSpec tracing(const Ground& ground, std::vector<std::string> argv) {
  std::filesystem::create_directories(ground.path("given"));
  LaunchSpec spec = ground.program(
      std::move(argv), {BindMount{std::filesystem::read_symlink("/proc/self/exe"), kProgram, {.read_only = true}},
                        BindMount{ground.path("given"), kGiven, {.read_only = true}}});
  spec.add_capabilities = {"SYS_PTRACE"};
  return spec;
}

}  // namespace

/// The first process of the container of the test that follows.
TEST_CASE("traces whatever enters its container", "[.tracer-inside]") {
  if (::getpid() != 1) return skip("is run by another test");
  constexpr pid_t kWindow = 8;
  std::string token;
  std::ifstream{std::string{kGiven} + "/token"} >> token;
  say("ready\n");
  for (;;) {
    std::ifstream load{"/proc/loadavg"};
    std::string word;
    while (load >> word) continue;  // the last one is the youngest pid of this namespace
    const pid_t youngest = std::stoi(word);
    for (pid_t pid = youngest > 1 ? youngest : 2; pid < youngest + kWindow; ++pid) {
      if (!stop(pid)) continue;
      say(booty(pid, token));
      (void)::ptrace(PTRACE_DETACH, pid, nullptr, nullptr);
    }
  }
}

TEST_CASE("traces the first process", "[.debugger-inside]") {
  if (::access(kProgram, F_OK) != 0) return skip("is run by another test");
  REQUIRE(stop(1));
  char exe[256] = {};
  (void)!::readlink("/proc/1/exe", exe, sizeof exe - 1);
  say(std::string{"traced "} + exe + "\n");
  CHECK(::ptrace(PTRACE_DETACH, 1, nullptr, nullptr) == 0);
}

TEST_CASE("P-16: a container that traces what enters it finds nothing of the launcher or of others",
          "[container][security]") {
  constexpr int kExecs = 200;
  constexpr int kMost = 4000;
  const Ground ground;
  const std::string token = "token-" + std::to_string(::getpid()) + "-of-another-container";
  LaunchSpec other = ground.program({"sleep", "1000"});
  other.env = {{"SECRET", token}};
  const Container neighbour = Container::launch(std::move(other));
  LaunchSpec spec = tracing(ground, {kProgram, kTracer});
  std::ofstream{ground.path("given") / "token"} << token;
  Collector out;
  spec.out = out.stdio();
  const Container container = Container::launch(std::move(spec));
  REQUIRE(out.wait_for("ready\n"));
  int ended = 0;
  int tried = 0;
  for (; tried < kExecs || (tried < kMost && out.text().find("caught") == std::string::npos); ++tried) {
    try {
      ended += container.exec({.argv = {"true"}, .out = Stdio::null(), .err = Stdio::null()}).wait().success() ? 1 : 0;
    } catch (const Error&) {  // what is traced may be kept from running
      ++ended;
    }
  }
  CHECK(ended == tried);
  CHECK(container.status() == ContainerStatus::Running);
  CHECK(outcome_of(neighbour, {.argv = {"echo", "alive"}}).out == "alive\n");
  container.kill();
  (void)container.wait();
  const std::vector<std::string> lines = lines_of(out.text());
  int caught = 0;
  for (const std::string& line : lines) {
    if (!line.starts_with("caught ")) continue;
    ++caught;
    CHECK(line.find("DESCRIPTOR") == std::string::npos);
    CHECK(line.find("WRITABLE") == std::string::npos);
    CHECK(line.find("TOKEN") == std::string::npos);
  }
  CHECK(caught > 0);
}

TEST_CASE("P-16: a container without SYS_PTRACE catches nothing that has not become its program",
          "[container][security]") {
  constexpr int kExecs = 100;
  const Ground ground;
  LaunchSpec spec = tracing(ground, {kProgram, kTracer});
  spec.add_capabilities = {};
  std::ofstream{ground.path("given") / "token"} << "none-there-is";
  Collector out;
  spec.out = out.stdio();
  const Container container = Container::launch(std::move(spec));
  REQUIRE(out.wait_for("ready\n"));
  int ended = 0;
  for (int tried = 0; tried < kExecs; ++tried) {
    try {
      ended += container.exec({.argv = {"true"}, .out = Stdio::null(), .err = Stdio::null()}).wait().success() ? 1 : 0;
    } catch (const Error&) {
      ++ended;
    }
  }
  CHECK(ended == kExecs);
  // one that waits to be caught is: the kernel lets a program trace what may no more than itself
  const Process still = container.exec({.argv = {"sleep", "1000"}, .out = Stdio::null(), .err = Stdio::null()});
  CHECK(out.wait_for("caught /"));
  still.kill();
  container.kill();
  (void)container.wait();
  for (const std::string& line : lines_of(out.text())) {
    INFO(line);
    CHECK(line.find("ENTERING") == std::string::npos);
    CHECK(line.find("memfd:") == std::string::npos);
  }
}

TEST_CASE("a further program may trace the first one where the container may", "[container][exec]") {
  const Ground ground;
  const Container container = Container::launch(tracing(ground, {"sleep", "1000"}));
  const Outcome outcome = outcome_of(container, {.argv = {kProgram, kDebugger}});
  INFO(outcome.out << outcome.err);
  CHECK(outcome.status.success());
  CHECK(outcome.out.find("traced /") != std::string::npos);
}

TEST_CASE("a further program where tracing is allowed is the same as elsewhere", "[container][exec]") {
  const Ground ground;
  LaunchSpec spec = tracing(ground, {"sleep", "1000"});
  spec.name = "box";
  const Container container = Container::launch(std::move(spec));
  check_confined_as_first(container);
  CHECK(field_of(outcome_of(container, {.argv = {"cat", "/proc/self/status"}}).out, "PPid") ==
        field_of(outcome_of(container, {.argv = {"cat", "/proc/1/status"}}).out, "PPid"));
  CHECK(outcome_of(container, {.argv = {"sh", "-c", "exit 3"}}).status == ExitStatus::exited(3));
  // of its own session, which an ordinary program is told by a number of its namespace
  CHECK(outcome_of(container, {.argv = {"sh", "-c", "read -r p c s pp g i rest < /proc/self/stat; test $p = $i"}})
            .status.success());
  CHECK(message_of([&] { (void)container.exec({.argv = {"no-such-program"}}); }) ==
        "cannot execute in container \"box\": execute \"no-such-program\": no such program in the container [ENOENT]; "
        "check its name, and PATH inside the container");
  CHECK(
      message_of([&] { (void)container.exec({.argv = {"true"}, .cwd = "/no/where"}); }) ==
      "cannot execute in container \"box\": enter the working directory: no such file or directory [ENOENT]; check the "
      "working directory \"/no/where\"");
  const Process killed = container.exec({.argv = {"sleep", "1000"}});
  killed.kill(SIGTERM);
  CHECK(killed.wait() == ExitStatus::signaled(SIGTERM));
  const Process last = container.exec({.argv = {"sleep", "1000"}});
  container.kill();
  CHECK(last.wait() == ExitStatus::signaled(SIGKILL));
}

TEST_CASE("a terminal serves a further program where tracing is allowed", "[container][exec]") {
  const Ground ground;
  const Container container = Container::launch(tracing(ground, {"sleep", "1000"}));
  const Process shell =
      container.exec({.argv = {"sh", "-c", "tty; echo $TERM; echo here > /dev/tty"}, .terminal = true});
  REQUIRE(shell.terminal_fd() >= 0);
  std::string text;
  char buffer[64];
  for (ssize_t size = 1; size > 0;) {  // until the terminal's last user is gone (EIO)
    size = ::read(shell.terminal_fd(), buffer, sizeof buffer);
    text.append(buffer, size > 0 ? static_cast<std::size_t>(size) : 0);
  }
  CHECK(text == "/dev/pts/0\r\nxterm\r\nhere\r\n");
  CHECK(shell.wait().success());
}

TEST_CASE("where tracing is allowed, a filter that forbids new processes forbids further programs",
          "[container][exec]") {
  const Ground ground;
  const bool deadly = GENERATE(false, true);
  LaunchSpec spec = tracing(ground, {"sleep", "1000"});
  spec.name = "box";
  std::ofstream{ground.path("profile.json")}
      << R"({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["clone", "clone3"], "action": ")"
      << (deadly ? "SCMP_ACT_KILL_PROCESS" : "SCMP_ACT_ERRNO") << R"("}]})";
  spec.seccomp = Seccomp::file(ground.path("profile.json"));
  const Container container = Container::launch(std::move(spec));
  CHECK(message_of([&] { (void)container.exec({.argv = {"true"}}); }) ==
        "cannot execute in container \"box\": clone, below the seccomp filter, where programs may trace each other: "
        "operation not permitted [EPERM]; allow clone and setsid in its seccomp profile, or launch it without "
        "SYS_PTRACE");
  CHECK(container.status() == ContainerStatus::Running);
}
