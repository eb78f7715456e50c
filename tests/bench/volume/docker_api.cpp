// SPDX-License-Identifier: Apache-2.0
#include "bench/volume/docker_api.hpp"

#include "bench/docker_daemon.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cctype>
#include <stdexcept>
#include <string_view>

namespace dunnage::bench {
namespace {

std::size_t number_in(const std::string& text, int base) {
  return static_cast<std::size_t>(std::stoul(text, nullptr, base));
}

}  // namespace

DockerApi::DockerApi(const std::filesystem::path& socket)
    : socket_{connect_to(socket)}, buffer_(std::size_t{1} << 20U, '\0') {}

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
