// SPDX-License-Identifier: Apache-2.0
#include "bench/launch/worker.hpp"

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <exception>
#include <stdexcept>
#include <system_error>

namespace dunnage::bench {

struct Worker::Answer {
  double milliseconds = 0;
  long peak_kib = 0;
  char trouble[240] = {};
};

void Worker::serve(int socket, const std::function<Launch()>& make) noexcept {
  Answer answer;
  try {
    const Launch launch = make();
    (void)launch(1);  // also: what is done once per process is done
    Pace pace;
    while (::send(socket, &answer, sizeof answer, MSG_NOSIGNAL) > 0 &&
           ::recv(socket, &pace, sizeof pace, 0) == sizeof pace) {
      if (pace.idle > 0) {
        ::usleep(pace.idle * 1000);
      }
      (void)launch(pace.warm);
      answer.milliseconds = launch(pace.count).count() / pace.count;
      rusage children{};
      (void)::getrusage(RUSAGE_CHILDREN, &children);
      answer.peak_kib = children.ru_maxrss;
    }
  } catch (const std::exception& error) {
    std::strncpy(answer.trouble, error.what(), sizeof answer.trouble - 1);
    (void)::send(socket, &answer, sizeof answer, MSG_NOSIGNAL);
  }
  ::_exit(0);
}

Worker::Worker(const std::function<Launch()>& make) {
  int pair[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
    throw std::system_error{errno, std::system_category(), "socketpair"};
  }
  socket_.reset(pair[0]);
  const kernel::FileDescriptor theirs{pair[1]};
  pid_ = ::fork();
  if (pid_ == 0) {
    // The ends of the other workers, of whom it is not the host.
    for (int fd = 3; fd < 1024; ++fd) {
      if (fd != pair[1]) {
        (void)::close(fd);
      }
    }
    serve(pair[1], make);
  }
  if (pid_ < 0) {
    throw std::system_error{errno, std::system_category(), "fork"};
  }
  trouble_ = receive().trouble;
}

Worker::~Worker() {
  if (socket_) {
    socket_.reset();
    (void)::waitpid(pid_, nullptr, 0);
  }
}

Worker::Answer Worker::receive() const {
  Answer answer;
  if (::recv(socket_.get(), &answer, sizeof answer, 0) != sizeof answer) {
    std::strcpy(answer.trouble, "the worker has ended");
  }
  return answer;
}

double Worker::measure(const Pace& pace) {
  (void)::send(socket_.get(), &pace, sizeof pace, MSG_NOSIGNAL);
  const Answer answer = receive();
  if (answer.trouble[0] != '\0') {
    throw std::runtime_error{answer.trouble};
  }
  peak_kib_ = answer.peak_kib;
  return answer.milliseconds;
}

}  // namespace dunnage::bench
