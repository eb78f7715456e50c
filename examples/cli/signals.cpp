// SPDX-License-Identifier: Apache-2.0
#include "signals.hpp"

#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace cli {

Signals::Signals(std::initializer_list<int> signals) {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : signals) sigaddset(&set, signal);
  fd_ = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  if (fd_ < 0) throw std::system_error{errno, std::generic_category(), "cannot make a signal descriptor"};
  (void)pthread_sigmask(SIG_BLOCK, &set, &before_);  // fails only for a wrong first argument
}

Signals::~Signals() {
  (void)pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  close(fd_);
}

std::optional<int> Signals::next() const {
  signalfd_siginfo info{};
  if (read(fd_, &info, sizeof info) != static_cast<ssize_t>(sizeof info)) return std::nullopt;
  return static_cast<int>(info.ssi_signo);
}

}  // namespace cli
