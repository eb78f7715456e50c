// SPDX-License-Identifier: Apache-2.0
#include "bench/volume/docker_api.hpp"

#include "support/find_program.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string_view>
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

std::size_t number_in(const std::string& text, int base) {
  return static_cast<std::size_t>(std::stoul(text, nullptr, base));
}

}  // namespace

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
    wait_until_it_answers();
  } catch (...) {
    end(dockerd_);
    end(containerd_);
    throw;
  }
}

void DockerDaemon::wait_until_it_answers() const {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
  while (true) {
    try {
      (void)DockerApi{socket_}.request("GET", "/_ping");
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

DockerApi::DockerApi(const std::filesystem::path& socket)
    : socket_{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)}, buffer_(std::size_t{1} << 20U, '\0') {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket.native().size() >= sizeof address.sun_path) {
    throw std::runtime_error{"the path of Docker's socket is too long: " + socket.string()};
  }
  socket.native().copy(address.sun_path, socket.native().size());
  if (!socket_ || ::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    throw std::runtime_error{"connect to " + socket.string()};
  }
}

void DockerApi::fill() {
  if (begin_ == end_) {
    begin_ = end_ = 0;
  }
  if (end_ == buffer_.size()) {
    buffer_.resize(buffer_.size() * 2);
  }
  const ssize_t got = ::recv(socket_.get(), buffer_.data() + end_, buffer_.size() - end_, 0);
  if (got <= 0) {
    throw std::runtime_error{"Docker ended the connection"};
  }
  end_ += static_cast<std::size_t>(got);
}

std::string DockerApi::read_line() {
  while (true) {
    const std::string_view rest = std::string_view{buffer_}.substr(begin_, end_ - begin_);
    if (const std::size_t end = rest.find("\r\n"); end != std::string_view::npos) {
      begin_ += end + 2;
      return std::string{rest.substr(0, end)};
    }
    fill();
  }
}

void DockerApi::read_bytes(std::size_t count, std::string& into) {
  while (count > 0) {
    if (begin_ == end_) {
      fill();
    }
    const std::size_t some = std::min(count, end_ - begin_);
    into.append(buffer_, begin_, some);
    begin_ += some;
    count -= some;
  }
}

std::string DockerApi::request(const std::string& method, const std::string& path, const std::string& body) {
  const std::string text = method + " /v1.41" + path +
                           " HTTP/1.1\r\nHost: docker\r\nContent-Type: application/json\r\n" +
                           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  if (::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(text.size())) {
    throw std::runtime_error{"send to Docker"};
  }
  const std::string status = read_line();
  std::size_t length = 0;
  bool chunked = false;
  for (std::string line = read_line(); !line.empty(); line = read_line()) {
    std::transform(line.begin(), line.end(), line.begin(), [](unsigned char sign) { return std::tolower(sign); });
    chunked = chunked || line == "transfer-encoding: chunked";
    constexpr std::string_view kLength = "content-length: ";
    if (line.starts_with(kLength)) {
      length = number_in(line.substr(kLength.size()), 10);
    }
  }
  std::string answer;
  if (!chunked) {
    read_bytes(length, answer);
  }
  while (chunked) {
    const std::size_t size = number_in(read_line(), 16);
    read_bytes(size, answer);
    chunked = size > 0;
    (void)read_line();
  }
  if (status.find(" 2") != status.find(' ')) {
    throw std::runtime_error{"Docker answers " + status + ": " + answer};
  }
  return answer;
}

}  // namespace dunnage::bench
