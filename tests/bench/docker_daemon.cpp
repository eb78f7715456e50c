// SPDX-License-Identifier: Apache-2.0
#include "bench/docker_daemon.hpp"

#include "support/find_program.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace dunnage::bench {
namespace {

pid_t start(const std::string& program, const std::vector<std::string>& arguments, const std::filesystem::path& log) {
  const auto path = test::find_program(program);
  if (!path) {
    throw std::runtime_error{program + " is not installed: cmake/install_packages.sh bench"};
  }
  std::vector<std::string> words{path->string()};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  std::transform(words.begin(), words.end(), std::back_inserter(argv), [](std::string& word) { return word.data(); });
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, 1, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  ::posix_spawn_file_actions_adddup2(&actions, 1, 2);
  pid_t process = -1;
  const int number = ::posix_spawn(&process, path->c_str(), &actions, nullptr, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (number != 0) {
    throw std::runtime_error{program + ": " + std::strerror(number)};
  }
  return process;
}

void end(pid_t process) {
  if (process > 0) {
    (void)::kill(process, SIGTERM);
    (void)::waitpid(process, nullptr, 0);
  }
}

}  // namespace

kernel::FileDescriptor connect_to(const std::filesystem::path& socket) {
  kernel::FileDescriptor connection{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket.native().size() >= sizeof address.sun_path) {
    throw std::runtime_error{"the path of Docker's socket is too long: " + socket.string()};
  }
  socket.native().copy(address.sun_path, socket.native().size());
  if (!connection || ::connect(connection.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    throw std::runtime_error{"connect to " + socket.string()};
  }
  return connection;
}

DockerDaemon::DockerDaemon(const std::filesystem::path& directory)
    : directory_{directory}, socket_{directory / "docker.sock"} {
  const auto in = [&](const char* name) { return (directory_ / name).string(); };
  std::ofstream{in("containerd.toml")} << "version = 2\nroot = \"" << in("containerd-root") << "\"\nstate = \""
                                       << in("containerd-state") << "\"\n"
                                       << "disabled_plugins = [\"io.containerd.grpc.v1.cri\"]\n"
                                       << "[grpc]\naddress = \"" << in("containerd.sock") << "\"\n";
  containerd_ = start("containerd", {"-c", in("containerd.toml")}, in("containerd.log"));
  try {
    dockerd_ = start("dockerd",
                     {"--containerd", in("containerd.sock"), "-H", "unix://" + socket_.string(), "--data-root",
                      in("data"), "--exec-root", in("exec"), "--pidfile", in("docker.pid"), "--iptables=false",
                      "--ip6tables=false", "--bridge=none", "--exec-opt", "native.cgroupdriver=cgroupfs"},
                     in("dockerd.log"));
    wait_until_it_listens();
  } catch (...) {
    end(dockerd_);
    end(containerd_);
    throw;
  }
}

void DockerDaemon::wait_until_it_listens() const {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
  while (true) {
    try {
      (void)connect_to(socket_);
      return;
    } catch (const std::runtime_error& error) {
      if (::waitpid(dockerd_, nullptr, WNOHANG) == dockerd_ || std::chrono::steady_clock::now() > deadline) {
        std::ifstream log{directory_ / "dockerd.log"};
        throw std::runtime_error{"dockerd does not start: " +
                                 std::string{std::istreambuf_iterator<char>{log}, std::istreambuf_iterator<char>{}}};
      }
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{100});
  }
}

DockerDaemon::~DockerDaemon() {
  end(dockerd_);
  end(containerd_);
}

}  // namespace dunnage::bench
