// SPDX-License-Identifier: Apache-2.0
#include "container/confinement.hpp"
#include "container/support.hpp"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <array>

using namespace dunnage;
using namespace dunnage::test;

TEST_CASE("a further program is in the same container", "[container][exec]") {
  const Ground ground;
  LaunchSpec spec = ground.program({"sleep", "1000"}, {Tmpfs{"/data"}, VolumeMount{"v", "/v"}});
  spec.hostname = "box";
  spec.env = {{"COLOR", "blue"}};
  spec.cwd = "/data";
  const Container container = Container::launch(std::move(spec));
  Outcome outcome =
      outcome_of(container, {.argv = {"sh", "-c",
                                      "pwd; cat /proc/sys/kernel/hostname; echo $COLOR $EXTRA $HOME; cat /proc/1/comm; "
                                      "echo x > /data/file; echo y > /v/file; exit 3"},
                             .env = {{"EXTRA", "red"}}});
  CHECK(outcome.out == "/data\nbox\nblue red /root\nsleep\n");
  CHECK(outcome.err.empty());
  CHECK(outcome.status == ExitStatus::exited(3));
  outcome = outcome_of(container, {.argv = {"cat", "/data/file", "/v/file"}, .cwd = "/"});
  CHECK(outcome.out == "x\ny\n");
  CHECK(container.status() == ContainerStatus::Running);
}

TEST_CASE("a further program is as confined as the first", "[container][exec]") {
  const Ground ground;
  LaunchSpec spec = ground.program({"sleep", "1000"});
  spec.drop_capabilities = {"CHOWN"};
  const Container container = Container::launch(std::move(spec));
  check_confined_as_first(container);
}

TEST_CASE("a further program can be another user", "[container][exec]") {
  if (!requires_many_ids()) return;
  const Ground ground;
  const Container container = Container::launch(ground.program({"sleep", "1000"}));
  CHECK(outcome_of(container, {.argv = {"sh", "-c", "id -u; id -g; grep CapEff /proc/self/status"}, .user = "12:34"})
            .out == "12\n34\nCapEff:\t0000000000000000\n");
  CHECK(outcome_of(container, {.argv = {"sh", "-c", "id -un; echo $HOME"}, .user = "nobody"}).out ==
        "nobody\n/nonexistent\n");
  CHECK(code_of([&] { (void)container.exec({.argv = {"true"}, .user = "nobodi"}); }) == errc::user_unknown);
}

TEST_CASE("a further program that is not there is an error and not an exit code", "[container][exec]") {
  const Ground ground;
  LaunchSpec spec = ground.program({"sleep", "1000"});
  spec.name = "box";
  const Container container = Container::launch(std::move(spec));
  CHECK(message_of([&] { (void)container.exec({.argv = {"no-such-program"}}); }) ==
        "cannot execute in container \"box\": execute \"no-such-program\": no such program in the container [ENOENT]; "
        "check its name, and PATH inside the container");
  CHECK(
      message_of([&] { (void)container.exec({.argv = {"true"}, .cwd = "/no/where"}); }) ==
      "cannot execute in container \"box\": enter the working directory: no such file or directory [ENOENT]; check the "
      "working directory \"/no/where\"");
  CHECK(code_of([&] { (void)container.exec({}); }) == errc::invalid_argument);
  CHECK(container.status() == ContainerStatus::Running);
}

TEST_CASE("pipes and a terminal serve a further program as well", "[container][exec]") {
  const Ground ground;
  const Container container = Container::launch(ground.program({"sleep", "1000"}));
  Process process = container.exec({.argv = {"tr", "a-z", "A-Z"}, .in = Stdio::pipe(), .out = Stdio::pipe()});
  REQUIRE(::write(process.stdin_fd(), "word\n", 5) == 5);
  process.close_stdin();
  std::array<char, 64> buffer{};
  CHECK(::read(process.stdout_fd(), buffer.data(), buffer.size()) == 5);
  CHECK(std::string_view{buffer.data(), 5} == "WORD\n");
  CHECK(process.wait().success());

  const Process shell = container.exec({.argv = {"sh", "-c", "tty; echo $TERM"}, .terminal = true});
  REQUIRE(shell.terminal_fd() >= 0);
  std::string text;
  for (ssize_t size = 1; size > 0;) {  // until the terminal's last user is gone (EIO)
    size = ::read(shell.terminal_fd(), buffer.data(), buffer.size());
    text.append(buffer.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  }
  CHECK(text == "/dev/pts/0\r\nxterm\r\n");
  CHECK(shell.wait().success());
}

TEST_CASE("a further program is killed by its handle, by a signal, and with the container", "[container][exec]") {
  const Ground ground;
  const Container container = Container::launch(ground.program({"sleep", "1000"}));
  const auto sleepers = [&] {
    return outcome_of(container, {.argv = {"sh", "-c", "cat /proc/[0-9]*/comm | grep -c sleep"}}).out;
  };
  {
    const Process process = container.exec({.argv = {"sleep", "1000"}, .out = Stdio::null(), .err = Stdio::null()});
    CHECK(sleepers() == "2\n");
    CHECK(process.wait_for(0ms) == std::nullopt);
  }
  CHECK(eventually([&] { return sleepers() == "1\n"; }));
  const Process signaled = container.exec({.argv = {"sleep", "1000"}});
  signaled.kill(SIGTERM);
  CHECK(signaled.wait() == ExitStatus::signaled(SIGTERM));
  CHECK(code_of([&] { signaled.kill(); }) == errc::not_running);
  const Process last = container.exec({.argv = {"sleep", "1000"}});
  container.kill();
  CHECK(last.wait() == ExitStatus::signaled(SIGKILL));
  pollfd waiting{last.exit_fd(), POLLIN, 0};
  CHECK(::poll(&waiting, 1, 0) == 1);
}
