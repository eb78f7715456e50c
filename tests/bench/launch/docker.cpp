// SPDX-License-Identifier: Apache-2.0
#include "bench/launch/engine.hpp"
#include "bench/launch/peer.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace dunnage::bench {
namespace {

namespace fs = std::filesystem;

constexpr unsigned kStep = 50'000;     ///< microseconds
constexpr unsigned kStartSteps = 600;  ///< half a minute

/// A program that stays in the background until this goes.
class Daemon {
 public:
  Daemon(std::vector<std::string> argv, const fs::path& log) {
    std::vector<char*> arguments;
    for (std::string& argument : argv) {
      arguments.push_back(argument.data());
    }
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    (void)::posix_spawn_file_actions_init(&actions);
    (void)::posix_spawn_file_actions_addopen(&actions, 1, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    (void)::posix_spawn_file_actions_adddup2(&actions, 1, 2);
    if (::posix_spawn(&pid_, argv.front().c_str(), &actions, nullptr, arguments.data(), environ) != 0) {
      throw std::runtime_error{"cannot start " + argv.front()};
    }
    (void)::posix_spawn_file_actions_destroy(&actions);
  }
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;
  ~Daemon() {
    (void)::kill(pid_, SIGTERM);
    (void)::waitpid(pid_, nullptr, 0);
  }
  void await(const fs::path& socket) const {
    for (unsigned step = 0; step < kStartSteps && ::waitpid(pid_, nullptr, WNOHANG) == 0; ++step) {
      if (::access(socket.c_str(), F_OK) == 0) {
        return;
      }
      (void)::usleep(kStep);
    }
    throw std::runtime_error{"its daemon does not start here"};
  }

 private:
  pid_t pid_ = 0;
};

class Docker {
 public:
  explicit Docker(const Stage& stage) : place_{stage.directory.make("docker")} {
    const std::string client = installed("docker");
    const auto configuration = stage.directory.write(
        "docker/containerd.toml", "version = 2\nroot = \"" + (place_ / "images").string() + "\"\nstate = \"" +
                                      (place_ / "state").string() + "\"\n[grpc]\naddress = \"" +
                                      (place_ / "containerd.sock").string() + "\"\n");
    containerd_ = std::make_unique<Daemon>(std::vector<std::string>{installed("containerd"), "-c", configuration},
                                           place_ / "log");
    containerd_->await(place_ / "containerd.sock");
    dockerd_ = std::make_unique<Daemon>(
        std::vector<std::string>{installed("dockerd"), "--containerd", place_ / "containerd.sock", "-H",
                                 "unix://" + socket(), "--data-root", place_ / "data", "--exec-root", place_ / "exec",
                                 "--pidfile", place_ / "pid", "--iptables=false", "--ip6tables=false", "--bridge=none",
                                 "--exec-opt", "native.cgroupdriver=cgroupfs"},
        place_ / "log");
    dockerd_->await(socket());
    (void)::setenv("DOCKER_HOST", ("unix://" + socket()).c_str(), 1);
    run_program(
        {"/bin/sh", "-c", "tar -C '" + stage.root.string() + "' -c . | '" + client + "' import - bench:1 >/dev/null"});
  }

 private:
  [[nodiscard]] std::string socket() const { return place_ / "docker.sock"; }

  fs::path place_;
  std::unique_ptr<Daemon> containerd_;
  std::unique_ptr<Daemon> dockerd_;  ///< ends first
};

}  // namespace

std::function<void()> docker(const Stage& stage, unsigned binds) {
  auto engine = std::make_shared<Docker>(stage);
  std::vector<std::string> argv{installed("docker"), "run", "--rm", "--network", "none", "--security-opt",
                                "seccomp=unconfined"};
  for (unsigned index = 0; index < binds; ++index) {
    argv.insert(argv.end(), {"-v", stage.sources[index].string() + ":/m/" + std::to_string(index)});
  }
  argv.insert(argv.end(), {"bench:1", "/true"});
  return [engine, argv] { run_program(argv); };
}

}  // namespace dunnage::bench
