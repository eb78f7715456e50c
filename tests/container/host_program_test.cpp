// SPDX-License-Identifier: Apache-2.0
// P-14: containers execute /proc/self/exe, and write to the program of whatever enters them. The host's program, which
// has the library in it, and the launcher's stay as they are.
//
// In the weakened build program-unsealed the second test fails.

#include "container/support.hpp"
#include "image/digest.hpp"
#include "support/host.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <fstream>

#ifndef F_SEAL_EXEC
#define F_SEAL_EXEC 0x0020
#endif

using namespace dunnage;
using namespace dunnage::test;

namespace {

namespace fs = std::filesystem;

constexpr auto kWriter = "[.writer-inside]";
constexpr auto kProgram = "/opt/writer";

void say(const std::string& line) { (void)!::write(STDOUT_FILENO, line.data(), line.size()); }

/// By its name, and by a descriptor that was opened to look at it only, as the attack on runc did.
bool can_write(const std::string& exe) {
  const int looked = ::open(exe.c_str(), O_PATH | O_CLOEXEC);
  bool written = false;
  for (const std::string& path : {exe, "/proc/self/fd/" + std::to_string(looked)}) {
    for (const int flags : {O_WRONLY, O_RDWR | O_APPEND}) {
      const int file = ::open(path.c_str(), flags | O_CLOEXEC);
      written = written || (file >= 0 && ::write(file, "X", 1) == 1);
      if (file >= 0) ::close(file);
    }
    written = written || ::truncate(path.c_str(), 0) == 0;
  }
  if (looked >= 0) ::close(looked);
  return written;
}

/// What a program that is somebody else's lets be done to it; empty if it could not even be looked at.
std::string try_to_write(const std::string& process) {
  const std::string exe = "/proc/" + process + "/exe";
  std::array<char, 256> name{};
  if (::readlink(exe.c_str(), name.data(), name.size() - 1) < 0 || std::string_view{name.data()} == kProgram) return "";
  std::string line = std::string{"tried "} + name.data();
  if (can_write(exe)) line += " WRITTEN";
  if (std::string_view{name.data()}.starts_with("/memfd:")) {
    const int file = ::open(exe.c_str(), O_RDONLY | O_CLOEXEC);
    constexpr int kSeals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
    if (file >= 0 && (::fcntl(file, F_GET_SEALS) & kSeals) != kSeals) line += " UNSEALED";
    if (file >= 0) ::close(file);
  }
  return line + "\n";
}

/// The host's own program, which holds the library, and as root what its launchers run.
std::string digests() {
  std::string text = image::digest_of(file_text("/proc/self/exe")) + "\n";
  if (who() != Launcher::Root) return text;
  for (const pid_t launcher : launchers_of(::getpid())) {
    text += image::digest_of(file_text("/proc/" + std::to_string(launcher) + "/exe")) + "\n";
  }
  return text;
}

}  // namespace

/// The first process of the container of the test that follows.
TEST_CASE("writes to the program of whatever enters its container", "[.writer-inside]") {
  if (::getpid() != 1) return skip("is run by another test");
  constexpr int kWindow = 8;
  say("ready\n");
  for (;;) {
    std::ifstream load{"/proc/loadavg"};
    std::string word;
    while (load >> word) continue;  // the last one is the youngest pid of this namespace
    const int youngest = std::stoi(word);
    for (int pid = youngest > 1 ? youngest : 2; pid < youngest + kWindow; ++pid) {
      if (const std::string line = try_to_write(std::to_string(pid)); !line.empty()) say(line);
    }
  }
}

TEST_CASE("P-14: a container whose program is /proc/self/exe runs nothing of the host and changes nothing of it",
          "[container][security]") {
  const Ground ground;
  const std::string before = digests();
  const auto script = ground.directory().write("scripts/script", "#!/proc/self/exe\n");
  fs::permissions(script, fs::perms{0755});
  const MountSet scripts{BindMount{script.parent_path(), "/scripts"}};
  const Container container = Container::launch(ground.program({"sleep", "1000"}, scripts));
  for (const std::string program : {"/proc/self/exe", "/proc/1/exe", "/scripts/script"}) {
    INFO(program);
    Outcome outcome;
    try {  // it is the launcher's, sealed, which does nothing without the socket it is given
      outcome = outcome_of(ground.program({program}, scripts));
    } catch (const Error& error) {
      CHECK(error.code() != std::error_code{});
    }
    CHECK(outcome.out.empty());
    try {
      outcome = outcome_of(container, {.argv = {program}});
    } catch (const Error& error) {
      CHECK(error.code() != std::error_code{});
    }
    CHECK(outcome.out.empty());
  }
  CHECK(container.status() == ContainerStatus::Running);
  CHECK(digests() == before);
}

TEST_CASE("P-14: a container that writes to the program of whatever enters it writes to nothing of the host",
          "[container][security]") {
  constexpr int kExecs = 100;
  constexpr int kMost = 4000;
  const bool tracing = GENERATE(false, true);  // with SYS_PTRACE it may look at what enters it
  const Ground ground;
  const std::string before = digests();
  LaunchSpec spec = ground.program({kProgram, kWriter},
                                   {BindMount{fs::read_symlink("/proc/self/exe"), kProgram, {.read_only = true}}});
  if (tracing) spec.add_capabilities = {"SYS_PTRACE"};
  Collector out;
  spec.out = out.stdio();
  const Container container = Container::launch(std::move(spec));
  REQUIRE(out.wait_for("ready\n"));
  const auto caught = [&] { return !tracing || out.text().find("memfd:") != std::string::npos; };
  for (int tried = 0; tried < kExecs || (tried < kMost && !caught()); ++tried) {
    try {
      (void)container.exec({.argv = {"true"}, .out = Stdio::null(), .err = Stdio::null()}).wait();
    } catch (const Error&) {  // a program that is open for writing cannot be executed
    }
  }
  CHECK(caught());
  container.kill();
  (void)container.wait();
  for (const std::string& line : lines_of(out.text())) {
    INFO(line);
    CHECK(line.find("WRITTEN") == std::string::npos);
    CHECK(line.find("UNSEALED") == std::string::npos);
    CHECK((tracing || line.find("memfd:") == std::string::npos));
  }
  CHECK(digests() == before);
  CHECK(run(ground.program({"true"})).success());
}
