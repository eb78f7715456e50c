// SPDX-License-Identifier: Apache-2.0
// T-8: a server of FUSE that stops after the plan was made and before its mounts are. Each test works in a process with
// mounts of its own.

#include "container/support.hpp"
#include "kernel/await_answer.hpp"
#include "root/own_mounts.hpp"
#include "support/fuse_server.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <fstream>
#include <functional>
#include <future>
#include <iostream>
#include <map>

using namespace dunnage;
using namespace dunnage::test;

namespace {

namespace fs = std::filesystem;
using Words = std::future<std::string>;

void with_own(const std::function<void(const Ground&)>& test) {
  if (!requires_root()) return;
  if (!has_fuse()) return skip("there is no /dev/fuse");
  const Ground ground;
  CHECK(with_own_mounts(MS_PRIVATE, [&] { test(ground); }));
}

/// What is told when nobody answers.
Words words_of(std::function<void()> work) {
  return std::async(std::launch::async, [work = std::move(work)]() -> std::string {
    try {
      work();
    } catch (const MountError& error) {
      return error.code() == std::errc::timed_out ? error.what() : std::string{"another error: "} + error.what();
    }
    return "it was done";
  });
}

LaunchSpec with_plan(const Ground& ground, const std::string& script, const MountPlan& plan) {
  LaunchSpec spec = ground.shell(script);
  spec.mounts = plan;
  return spec;
}

void require_pending(std::map<std::string, Words>& refused) {
  for (auto& [what, words] : refused) {
    const bool pending = words.wait_for(0s) == std::future_status::timeout;
    require(pending, "the others were not there before it was given up: " + what + ": " + (pending ? "" : words.get()));
  }
}

void require_refusals(std::map<std::string, Words>& refused) {
  for (auto& [what, words] : refused) {
    require(words.wait_for(2 * test::kPatience) == std::future_status::ready, what + " is waited for");
    const std::string text = words.get();
    require(text.find("timed out") != std::string::npos &&
                text.find("see what serves its file system") != std::string::npos,
            what + ": " + text);
  }
}

std::string children() { return ProcessSnapshot::take().children; }

/// Two processes that take turns.
class Turns {
 public:
  Turns() { require(::pipe2(ends_.data(), O_CLOEXEC) == 0, "pipe"); }
  Turns(const Turns&) = delete;
  Turns& operator=(const Turns&) = delete;
  ~Turns() {
    ::close(ends_[0]);
    ::close(ends_[1]);
  }
  void give() const { require(::write(ends_[1], "x", 1) == 1, "write"); }
  void await() const {
    char byte = 0;
    pollfd item{ends_[0], POLLIN, 0};
    require(::poll(&item, 1, 60'000) == 1 && ::read(ends_[0], &byte, 1) == 1, "the other one says nothing");
  }

 private:
  std::array<int, 2> ends_{};
};

void become_somebody() {
  constexpr uid_t kSomebody = 4242;
  require(::setresgid(kSomebody, kSomebody, kSomebody) == 0 && ::setresuid(kSomebody, kSomebody, kSomebody) == 0 &&
              ::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0,
          "become somebody");
}

pid_t start(const std::function<void()>& work) {
  const pid_t process = ::fork();
  if (process == 0) {
    try {
      work();
      ::_exit(0);
    } catch (const std::exception& error) {
      std::cerr << error.what() << std::endl;
      ::_exit(1);
    }
  }
  return process;
}

}  // namespace

TEST_CASE("T-8: a server that stops between plan and mount is not waited for, whatever it is asked", "[root][mounts]") {
  with_own([](const Ground& ground) {
    const fs::path place = ground.directory().make("served");
    const fs::path beside = ground.directory().make("beside");
    std::map<std::string, Words> refused;  // and outlives the server: whoever waits is told that it has gone
    const FuseServer server{place, "text"};
    (void)ground.volumes().create("share", {.driver_options = {{"type", "none"}, {"device", place}, {"o", "bind"}}});
    (void)ground.volumes().create("disk", {.driver_options = {{"type", "ext4"}, {"device", place / "file"}}});
    const std::map<std::string, MountPlan> plans{
        {"a file", MountSet{BindMount{place / "file", "/data"}}.resolve()},
        {"the top", MountSet{BindMount{place, "/data"}}.resolve()},
        {"what is made", MountSet{BindMount{place / "made/here", "/data", {.create_source = true}}}.resolve()},
        {"an overlay", MountSet{BindMount{place, "/data", {.overlay = OverlayOptions{}}}}.resolve()},
        {"an owner", MountSet{BindMount{place, "/data", {.owner = Ownership::match_user()}}}.resolve()},
        {"a volume", MountSet{VolumeMount{"share", "/data"}}.resolve({.store = ground.store_path()})},
        {"its part", MountSet{VolumeMount{"share", "/data", {.subpath = "p"}}}.resolve({.store = ground.store_path()})},
        {"a device", MountSet{VolumeMount{"disk", "/data"}}.resolve({.store = ground.store_path()})}};
    auto running = Container::launch(ground.shell(kSleep));
    auto other = Container::launch(ground.shell(kSleep));
    const std::string before = children();
    server.halt();
    for (const auto& [what, plan] : plans) {
      refused[what] = words_of([&ground, &plan = plan] { (void)Container::launch(with_plan(ground, "true", plan)); });
    }
    refused["a change"] = words_of([&] { (void)running.attach(BindMount{place, "/late"}); });
    for (int round = 0; round < 3; ++round) {
      expect(output_of(ground.shell("echo here", {BindMount{beside, "/data"}})), "here\n");
      (void)other.attach(BindMount{beside, "/more"});
      other.detach("/more");
    }
    require_pending(refused);
    require_refusals(refused);
    require(eventually([&] { return children() == before; }), "whoever asked is gone");
    server.go_on();
    expect(output_of(with_plan(ground, "cat /data", plans.at("a file"))), "text");
    for (const char* what : {"the top", "an overlay", "an owner", "a volume"}) {
      expect(output_of(with_plan(ground, "cat /data/file", plans.at(what))), "text");
    }
    (void)running.attach(BindMount{place, "/late"});
    expect(shown(running, "cat /late/file"), "text");
  });
}

TEST_CASE("T-8: who cannot even be ended while it asks a server keeps nothing of its host's", "[root][mounts]") {
  with_own([](const Ground& ground) {
    const fs::path place = ground.directory().make("served");
    FuseServer server{place, "text"};
    const std::string before = children();
    std::array<int, 2> ends{};
    require(::pipe2(ends.data(), O_CLOEXEC) == 0, "pipe");
    server.swallow();
    const pid_t host = start([&] {
      for (;;) (void)kernel::await_answer(place / "file", 1h);
    });
    ::close(ends[1]);
    const std::string asking = "/proc/" + std::to_string(host) + "/task/" + std::to_string(host) + "/children";
    require(eventually([&] { return std::ifstream{asking}.peek() != std::ifstream::traits_type::eof(); }), "it asks");
    (void)::kill(host, SIGKILL);
    (void)::waitpid(host, nullptr, 0);
    char byte = 0;
    pollfd end{ends[0], POLLIN, 0};
    require(::poll(&end, 1, 20'000) == 1 && ::read(ends[0], &byte, 1) == 0, "nobody has its pipe any more");
    ::close(ends[0]);
    require(kernel::await_answer(place / "file", 100ms) == ETIMEDOUT, "the server says nothing");
    require(children() != before, "the kernel cannot end who asked");
    server.kill();
    require(eventually([&] { return kernel::await_answer(place / "file", 20s) == 0 && children().empty(); }),
            "with the server goes whoever asked it");
  });
}

TEST_CASE("T-8: what opens the mounts of an ordinary user does so for others while a server stands still",
          "[root][mounts]") {
  with_own([](const Ground& ground) {
    const fs::path place = ground.directory().make("served");
    const fs::path beside = ground.directory().make("beside");
    fs::permissions(ground.path("."), fs::perms::all);
    const FuseServer server{place, "text"};
    const MountPlan file = MountSet{BindMount{place / "file", "/data"}}.resolve();
    const MountPlan top = MountSet{BindMount{place, "/data"}}.resolve();
    const MountPlan other = MountSet{BindMount{beside, "/data"}}.resolve();
    const Turns to_server;
    const Turns to_user;
    const pid_t user = start([&] {
      become_somebody();
      (void)other.prepare();
      (void)top.prepare();
      to_server.give();
      to_user.await();
      std::map<std::string, Words> refused;
      refused["a file"] = words_of([&] { (void)file.prepare(); });
      refused["the top"] = words_of([&] { (void)top.prepare(); });
      for (int round = 0; round < 3; ++round) (void)other.prepare();
      require_pending(refused);
      require_refusals(refused);
      to_server.give();
      to_user.await();
      (void)file.prepare();
      (void)top.prepare();
    });
    to_server.await();
    server.halt();
    to_user.give();
    to_server.await();
    server.go_on();
    to_user.give();
    int status = 1;
    require(::waitpid(user, &status, 0) == user && status == 0, "somebody does it");
  });
}
