// SPDX-License-Identifier: Apache-2.0
#include "image/registry.hpp"

#include "support/catch.hpp"
#include "support/host.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <sstream>

extern char** environ;

namespace dunnage::test {
namespace {

/// Of kPassword, by bcrypt.
constexpr const char* kPasswordHash = "$2y$05$abcdefghijklmnopqrstuupx2xBUC4954936wVIjyyPHmUBFu0wCW";

sockaddr_in local(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

std::uint16_t free_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = local(0);
  socklen_t size = sizeof address;
  REQUIRE(::bind(socket, reinterpret_cast<sockaddr*>(&address), size) == 0);
  REQUIRE(::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  ::close(socket);
  return ntohs(address.sin_port);
}

bool answers(std::uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = local(port);
  const bool connected = ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(socket);
  return connected;
}

/// Asks for a path, and returns when the answer has come.
void ask_for(std::uint16_t port, const std::string& path) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = local(port);
  REQUIRE(::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  const std::string request = "GET " + path + " HTTP/1.0\r\n\r\n";
  REQUIRE(::write(socket, request.data(), request.size()) == static_cast<ssize_t>(request.size()));
  std::array<char, 4096> answer{};
  while (::read(socket, answer.data(), answer.size()) > 0) {
  }
  ::close(socket);
}

pid_t spawn(std::vector<std::string>& argv, const std::string& out, const std::string& err) {
  std::vector<char*> words;
  for (std::string& word : argv) words.push_back(word.data());
  words.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, 1, out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  ::posix_spawn_file_actions_addopen(&actions, 2, err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  pid_t pid = -1;
  const int result = ::posix_spawnp(&pid, words[0], &actions, nullptr, words.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  INFO(argv[0]);
  REQUIRE(result == 0);
  return pid;
}

int wait_for_exit(pid_t pid) {
  int status = -1;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

bool has_ended(pid_t pid) {
  siginfo_t information{};
  return ::waitid(P_PID, static_cast<id_t>(pid), &information, WEXITED | WNOHANG | WNOWAIT) != 0 ||
         information.si_pid != 0;
}

}  // namespace

std::string run_tool(std::vector<std::string> argv) {
  const TemporaryDirectory directory;
  std::string command;
  for (const std::string& word : argv) command += word + " ";
  const std::string out = directory.path() / "out";
  const std::string err = directory.path() / "err";
  const int status = wait_for_exit(spawn(argv, out, err));
  INFO(command << "\n" << directory.read("err"));
  REQUIRE(status == 0);
  return directory.read("out");
}

Registry::Registry(Access access) : access_{access} {
  constexpr int kAttempts = 5;  // somebody else may take the port first
  bool started = false;
  for (int attempt = 0; attempt < kAttempts && !started; ++attempt) started = start(access);
  INFO(directory_.read("err"));
  REQUIRE(started);
}

bool Registry::start(Access access) {
  const std::uint16_t port = free_port();
  port_ = port;
  address_ = "127.0.0.1:" + std::to_string(port);
  std::ostringstream configuration;
  configuration << "version: 0.1\nlog:\n  level: error\nstorage:\n  filesystem:\n    rootdirectory: "
                << directory_.path().string() << "/data\nhttp:\n  addr: " << address_ << "\n";
  if (access == Access::WithPassword) {
    directory_.write("passwords", std::string{kUser} + ":" + kPasswordHash + "\n");
    configuration << "auth:\n  htpasswd:\n    realm: test\n    path: " << directory_.path().string() << "/passwords\n";
  }
  std::vector<std::string> argv{"docker-registry", "serve", directory_.write("config.yml", configuration.str())};
  process_ = spawn(argv, directory_.path() / "out", directory_.path() / "err");
  const bool up = becomes_true([&] { return answers(port) || has_ended(process_); }, std::chrono::seconds{20});
  if (up && answers(port) && !has_ended(process_)) return true;
  ::kill(process_, SIGKILL);
  (void)wait_for_exit(process_);
  process_ = -1;
  return false;
}

Registry::~Registry() {
  if (process_ > 0) {
    ::kill(process_, SIGKILL);
    (void)wait_for_exit(process_);
  }
}

std::string Registry::encoded_login(std::string_view password) {
  const std::string pair = std::string{kUser} + ":" + std::string{password};
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string encoded;
  for (std::size_t at = 0; at < pair.size(); at += 3) {
    std::uint32_t bits = 0;
    for (std::size_t byte = 0; byte < 3; ++byte) {
      bits = bits << 8U | (at + byte < pair.size() ? static_cast<unsigned char>(pair[at + byte]) : 0U);
    }
    for (std::size_t digit = 0; digit < 4; ++digit) {
      encoded += at + digit <= pair.size() ? kDigits[bits >> (18 - 6 * digit) & 63U] : '=';
    }
  }
  return encoded;
}

std::filesystem::path Registry::auth_file(std::string_view password) const {
  return directory_.write("auth-" + std::to_string(password.size()) + ".json",
                          R"({"auths":{")" + address_ + R"(":{"auth":")" + encoded_login(password) + R"("}}})");
}

void Registry::push(const std::string& source, std::string_view image, std::vector<std::string> flags) const {
  std::vector<std::string> argv{"skopeo", "--insecure-policy", "copy", "--quiet", "--dest-tls-verify=false"};
  if (access_ == Access::WithPassword) argv.push_back("--dest-authfile=" + auth_file().string());
  for (std::string& flag : flags) argv.push_back(std::move(flag));
  argv.push_back(source);
  argv.push_back("docker://" + name(image));
  (void)run_tool(std::move(argv));
}

std::size_t Registry::blobs_served() const {
  // what was served is logged a moment later, and before what is served from now on
  const std::string mark = "/v2/mark" + std::to_string(marks_++) + "/tags/list";
  ask_for(port_, mark);
  const auto log_text = [&] { return directory_.read("out") + directory_.read("err"); };
  REQUIRE(becomes_true([&] { return log_text().find(mark + " ") != std::string::npos; }, std::chrono::seconds{20}));
  std::istringstream log{log_text()};
  std::size_t count = 0;
  for (std::string line; std::getline(log, line);) {
    if (line.find("\"GET /v2/") != std::string::npos && line.find("/blobs/") != std::string::npos) ++count;
  }
  return count;
}

}  // namespace dunnage::test
