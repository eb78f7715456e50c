// SPDX-License-Identifier: Apache-2.0
#include "container/support.hpp"
#include "support/read_to_end.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <thread>

using namespace dunnage;
using namespace dunnage::test;

namespace {

void write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t size = ::write(fd, text.data(), text.size());
    REQUIRE(size > 0);
    text.remove_prefix(static_cast<std::size_t>(size));
  }
}

/// Reads from a terminal until `part` has come.
bool read_until(int fd, std::string& text, std::string_view part) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (text.find(part) == std::string::npos) {
    pollfd waiting{fd, POLLIN, 0};
    if (std::chrono::steady_clock::now() > deadline || ::poll(&waiting, 1, 1000) < 0) return false;
    std::array<char, 4096> buffer{};
    const ssize_t size = waiting.revents != 0 ? ::read(fd, buffer.data(), buffer.size()) : 0;
    if (size < 0) return false;  // EIO: nobody has the other end
    text.append(buffer.data(), static_cast<std::size_t>(size));
  }
  return true;
}

}  // namespace

TEST_CASE("a null stream ends at once and swallows everything", "[container][streams]") {
  const Ground ground;
  const LaunchSpec spec;
  CHECK(spec.in.kind() == Stdio::Kind::Null);
  CHECK(
      run(ground.shell("test -z \"$(cat)\" && head -c 1000000 /dev/zero && head -c 1000000 /dev/zero >&2")).success());
}

TEST_CASE("a stream can come from a file and go to the end of one", "[container][streams]") {
  const Ground ground;
  ground.directory().write("in", "question\n");
  ground.directory().write("out", "before\n");
  LaunchSpec spec = ground.shell("cat; echo complaint >&2");
  spec.in = Stdio::file(ground.path("in"));
  spec.out = Stdio::file(ground.path("out"));
  spec.err = Stdio::file(ground.path("err"));
  CHECK(run(std::move(spec)).success());
  CHECK(ground.directory().read("out") == "before\nquestion\n");
  CHECK(ground.directory().read("err") == "complaint\n");
}

TEST_CASE("a stream can be a descriptor, which stays the caller's", "[container][streams]") {
  const Ground ground;
  const int file = ::open(ground.path("out").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  LaunchSpec spec = ground.shell("echo one; echo two >&2");
  spec.out = Stdio::descriptor(file);
  spec.err = Stdio::descriptor(file);
  CHECK(run(std::move(spec)).success());
  CHECK(::fcntl(file, F_GETFD) == FD_CLOEXEC);
  ::close(file);
  CHECK(ground.directory().read("out") == "one\ntwo\n");
}

TEST_CASE("pipes carry both ways, and closing the input ends it", "[container][streams]") {
  const Ground ground;
  LaunchSpec spec = ground.shell("tr a-z A-Z; echo done >&2");
  spec.in = Stdio::pipe();
  spec.out = Stdio::pipe();
  spec.err = Stdio::pipe();
  Container container = Container::launch(std::move(spec));
  REQUIRE(container.stdin_fd() >= 0);
  CHECK(::fcntl(container.stdin_fd(), F_GETFD) == FD_CLOEXEC);
  CHECK(::fcntl(container.stdout_fd(), F_GETFD) == FD_CLOEXEC);
  write_all(container.stdin_fd(), "shout ");
  write_all(container.stdin_fd(), "this\n");
  CHECK_FALSE(container.wait_for(50ms));
  container.close_stdin();
  CHECK(container.stdin_fd() == -1);
  CHECK(read_to_end(container.stdout_fd()) == "SHOUT THIS\n");
  CHECK(read_to_end(container.stderr_fd()) == "done\n");
  CHECK(container.wait().success());
}

TEST_CASE("a program can be fed more than a pipe holds while it writes as much", "[container][streams]") {
  const Ground ground;
  const std::string data(std::size_t{4} << 20U, 'x');
  LaunchSpec spec = ground.program({"cat"});
  spec.in = Stdio::pipe();
  spec.out = Stdio::pipe();
  Container container = Container::launch(std::move(spec));
  std::thread feeder{[&] {
    std::string_view rest{data};
    while (!rest.empty()) {
      const ssize_t size = ::write(container.stdin_fd(), rest.data(), rest.size());
      if (size <= 0) break;
      rest.remove_prefix(static_cast<std::size_t>(size));
    }
    container.close_stdin();
  }};
  const std::string echoed = read_to_end(container.stdout_fd());
  feeder.join();
  CHECK(echoed.size() == data.size());
  CHECK((echoed == data));
  CHECK(container.wait().success());
}

TEST_CASE("10 MiB of output reach a callback whole and in order", "[container][streams]") {
  const Ground ground;
  const Outcome outcome = outcome_of(ground.program({"seq", "-f", "%015.0f", "655360"}));
  CHECK(outcome.status.success());
  CHECK(outcome.out.size() == std::size_t{10} << 20U);
  bool ordered = true;
  for (std::size_t line = 0; line < 655360 && ordered; line += 1000) {
    ordered = std::stoul(outcome.out.substr(line * 16, 15)) == line + 1;
  }
  CHECK(ordered);
}

TEST_CASE("what a callback throws goes nowhere and stops nothing", "[container][streams]") {
  const Ground ground;
  int calls = 0;
  {
    LaunchSpec spec = ground.shell("head -c 1000000 /dev/zero");
    spec.out = Stdio::callback([&](std::string_view) {
      ++calls;
      throw std::runtime_error{"no"};
    });
    CHECK(Container::launch(std::move(spec)).wait().success());
  }
  CHECK(calls == 1);
}

TEST_CASE("a stream that cannot be opened is an error before anything runs", "[container][streams]") {
  const Ground ground;
  LaunchSpec spec = ground.program({"true"});
  spec.in = Stdio::file(ground.path("absent"));
  CHECK(message_of([&] { (void)run(std::move(spec)); }) ==
        "cannot connect stream \"stdin\": open " + ground.path("absent").string() +
            ": no such file or directory [ENOENT]; choose another file, or Stdio::null()");
  spec = ground.program({"true"});
  spec.in = Stdio::callback([](std::string_view) {});
  CHECK(message_of([&] { (void)run(std::move(spec)); }) ==
        "cannot connect stream \"stdin\": this kind is for output: invalid argument [EINVAL]; use Stdio::pipe()");
  spec = ground.program({"true"});
  spec.out = Stdio::log();
  CHECK(
      message_of([&] { (void)run(std::move(spec)); }) ==
      "cannot connect stream \"stdout\": a log is kept in the container's record: invalid argument [EINVAL]; give the "
      "container a name, or set record");
}

TEST_CASE("a directory is no stream, however it is given", "[container][streams]") {
  const Ground ground;
  const auto directory = ground.directory().make("directory");
  const int opened = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const int path = ::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  const int own = ::dup(STDIN_FILENO);
  REQUIRE(::dup2(path, STDIN_FILENO) == STDIN_FILENO);
  const auto message = [&](Stdio LaunchSpec::*stream, const Stdio& stdio) {
    const auto launch = [&] {
      LaunchSpec spec = ground.program({"true"});
      spec.*stream = stdio;
      (void)run(std::move(spec));
    };
    CHECK(code_of(launch) == errc::invalid_argument);
    return message_of(launch);
  };
  const char* const words = "it is a directory, through which the program could reach the host's files";
  for (Stdio LaunchSpec::*stream : {&LaunchSpec::in, &LaunchSpec::out, &LaunchSpec::err}) {
    for (const Stdio& stdio : {Stdio::descriptor(opened), Stdio::descriptor(path), Stdio::file(directory)}) {
      CHECK_THAT(message(stream, stdio), Catch::Contains(words));
    }
  }
  CHECK_THAT(message(&LaunchSpec::in, Stdio::inherit()), Catch::Contains(words));
  (void)::dup2(own, STDIN_FILENO);
  for (const int fd : {own, path, opened}) (void)::close(fd);
}

TEST_CASE("a terminal is one to the program, its size follows, and it echoes", "[container][streams][terminal]") {
  const Ground ground;
  LaunchSpec spec = ground.shell(
      "test -t 0 && test -t 1 && test -t 2 && echo all three; tty; echo $TERM; echo now $(stty size).; "
      "read line; stty size; echo got $line");
  spec.terminal = true;
  const Container container = Container::launch(std::move(spec));
  const int terminal = container.terminal_fd();
  REQUIRE(terminal >= 0);
  CHECK(container.stdin_fd() == -1);
  CHECK(::fcntl(terminal, F_GETFD) == FD_CLOEXEC);
  std::string text;
  CHECK(read_until(terminal, text, ".\r\n"));
  CHECK(text.starts_with("all three\r\n/dev/pts/0\r\nxterm\r\nnow "));
  winsize window{};
  window.ws_row = 33;
  window.ws_col = 123;
  CHECK(::ioctl(terminal, TIOCSWINSZ, &window) == 0);
  write_all(terminal, "word\n");
  CHECK(read_until(terminal, text, "got word\r\n"));
  CHECK(text.find("word\r\n33 123\r\ngot word\r\n") != std::string::npos);
  CHECK(container.wait().success());
}

TEST_CASE("^C at the terminal interrupts the program in the foreground", "[container][streams][terminal]") {
  const Ground ground;
  // As in a shell: process 1 gets only signals it handles.
  LaunchSpec spec = ground.shell("trap 'echo interrupted; exit 7' INT; echo ready; while :; do sleep 0.05; done");
  spec.terminal = true;
  const Container container = Container::launch(std::move(spec));
  std::string text;
  REQUIRE(read_until(container.terminal_fd(), text, "ready\r\n"));
  write_all(container.terminal_fd(), "\x03");
  CHECK(read_until(container.terminal_fd(), text, "interrupted\r\n"));
  CHECK(container.wait() == ExitStatus::exited(7));
}

TEST_CASE("the terminal works for another user, too", "[container][streams][terminal]") {
  const Ground ground{"1000"};
  LaunchSpec spec = ground.shell("tty; echo out > /dev/tty; test -w $(tty) && echo writable");
  spec.terminal = true;
  spec.user = "1000";
  const Container container = Container::launch(std::move(spec));
  std::string text;
  CHECK(read_until(container.terminal_fd(), text, "writable\r\n"));
  CHECK(text == "/dev/pts/0\r\nout\r\nwritable\r\n");
}

TEST_CASE("the host's SIGPIPE and its closed streams are no trouble", "[container][streams]") {
  const Ground ground;
  LaunchSpec spec = ground.shell("head -c 1000000 /dev/zero; sleep 100");
  spec.out = Stdio::pipe();
  const Container container = Container::launch(std::move(spec));
  // Nobody reads, and the handle goes with bytes in the pipe: it must end all the same.
  CHECK_FALSE(container.wait_for(100ms));
}
