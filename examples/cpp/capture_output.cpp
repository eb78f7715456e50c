// SPDX-License-Identifier: Apache-2.0

// Talking to a program in a container: its input and output as pipes or callbacks, further programs in the running
// container, waiting with and without patience, and its end as one more descriptor in a poll loop.

#include "example.hpp"

#include <dunnage/dunnage.hpp>

#include <poll.h>
#include <unistd.h>

#include <array>
#include <chrono>

using namespace std::chrono_literals;
using example::check;
using example::read_all;
using example::say;

namespace {

void pipes() {
  say("pipes: send words to sort(1) in a container, read them back");
  auto sort = dunnage::Container::launch({
      .argv = {"sort"},
      .in = dunnage::Stdio::pipe(),
      .out = dunnage::Stdio::pipe(),
  });
  const std::string words = "cherry\napple\nbanana\n";
  if (write(sort.stdin_fd(), words.data(), words.size()) != static_cast<ssize_t>(words.size())) {
    throw std::runtime_error{"the words could not be written"};
  }
  sort.close_stdin();  // sort waits for the end of its input
  check(read_all(sort.stdout_fd()) == "apple\nbanana\ncherry\n", "they come back sorted");
  check(sort.wait().success(), "sort has exited with 0");
}

void callbacks() {
  say("callbacks: standard output and standard error, told apart");
  std::string out;
  std::string err;
  {
    auto program = dunnage::Container::launch({
        .argv = {"sh", "-c", "echo to out; echo to err >&2; exit 7"},
        .out = dunnage::Stdio::callback([&out](std::string_view bytes) { out += bytes; }),
        .err = dunnage::Stdio::callback([&err](std::string_view bytes) { err += bytes; }),
    });
    check(program.wait().exit_code() == 7, "the program exits with 7");
  }  // the callbacks run in a thread of the container; it has ended when the handle is gone
  check(out == "to out\n" && err == "to err\n", "each stream has arrived in its own callback");
}

void further_programs() {
  say("exec and wait_for: a further program in a running container, and patience with a limit");
  auto container = dunnage::Container::launch({.argv = {"sleep", "infinity"}, .hostname = "harbour"});
  const auto process = container.exec({.argv = {"uname", "-n"}, .out = dunnage::Stdio::pipe()});
  check(read_all(process.stdout_fd()) == "harbour\n", "the further program is in the same container");
  check(process.wait().success(), "and has ended");
  check(!container.wait_for(100ms), "wait_for() says \"still running\" with an empty optional");
  container.kill();
  const auto status = container.wait_for(10s);
  check(status && status->signal() == SIGKILL, "after a kill it has an answer: " + status->to_string());
}

// A program with a loop of its own needs no thread to wait for a container: the end is a descriptor.
void poll_loop() {
  say("exit_fd: output and end of a container in one poll loop");
  auto container = dunnage::Container::launch({
      .argv = {"sh", "-c", "for word in one two three; do echo $word; sleep 0.05; done"},
      .out = dunnage::Stdio::pipe(),
  });
  std::string text;
  std::array<pollfd, 2> events{pollfd{.fd = container.stdout_fd(), .events = POLLIN, .revents = 0},
                               pollfd{.fd = container.exit_fd(), .events = POLLIN, .revents = 0}};
  bool ended = false;
  while (!ended || events[0].fd >= 0) {
    if (poll(events.data(), events.size(), 10'000) <= 0) throw std::runtime_error{"nothing happens"};
    if (events[0].revents != 0) {
      std::array<char, 256> buffer{};
      const ssize_t count = read(events[0].fd, buffer.data(), buffer.size());
      if (count <= 0) events[0].fd = -1;  // poll() leaves out negative descriptors
      if (count > 0) text.append(buffer.data(), static_cast<std::size_t>(count));
    }
    if (events[1].revents != 0) {
      ended = true;
      events[1].fd = -1;
    }
  }
  check(text == "one\ntwo\nthree\n", "all output has been read");
  check(container.wait().success(), "wait() returns at once");
}

int run() {
  pipes();
  callbacks();
  further_programs();
  poll_loop();
  say("A container is as easy to talk to as a child process.");
  return 0;
}

}  // namespace

int main() { return example::show(run); }
