// SPDX-License-Identifier: Apache-2.0
#include "apply.hpp"

#include "steps_printer.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <exception>
#include <stop_token>
#include <system_error>
#include <thread>

namespace cli {
namespace {

/// A descriptor that becomes readable.
class Bell {
 public:
  Bell() : fd_{eventfd(0, EFD_CLOEXEC)} {
    if (fd_ < 0) throw std::system_error{errno, std::generic_category(), "cannot make an eventfd"};
  }
  Bell(const Bell&) = delete;
  Bell& operator=(const Bell&) = delete;
  ~Bell() { (void)close(fd_); }
  [[nodiscard]] int fd() const { return fd_; }
  void ring() const {
    const std::uint64_t one = 1;
    (void)!write(fd_, &one, sizeof one);
  }

 private:
  int fd_;
};

dunnage::ApplyOptions options_for(StepsPrinter& printer, const ApplyWords& words) {
  dunnage::ApplyOptions options;
  options.destroy_data = words.destroy_data;
  options.event = [&printer](const dunnage::ApplyEvent& event) { printer.show(event); };
  if (!words.quiet_pull) options.watch.progress = [&printer](const dunnage::Progress& now) { printer.show(now); };
  if (words.most_seconds) {
    options.watch.deadline = std::chrono::steady_clock::now() + std::chrono::seconds{*words.most_seconds};
  }
  return options;
}

}  // namespace

std::optional<int> apply_plan(const dunnage::ProjectPlan& plan, const ApplyWords& words, Signals& signals) {
  StepsPrinter printer;
  printer.show_kept(plan);
  std::stop_source stop;
  dunnage::ApplyOptions options = options_for(printer, words);
  options.watch.stop = stop.get_token();
  const Bell done;
  std::exception_ptr failure;
  std::thread worker{[&] {
    try {
      plan.apply(options);
    } catch (...) {
      failure = std::current_exception();
    }
    done.ring();
  }};
  std::optional<int> signal;
  std::array<pollfd, 2> interests{pollfd{.fd = done.fd(), .events = POLLIN, .revents = 0},
                                  pollfd{.fd = signals.fd(), .events = POLLIN, .revents = 0}};
  while (interests[0].revents == 0) {
    (void)poll(interests.data(), interests.size(), -1);
    if (const auto came = interests[1].revents != 0 ? signals.next() : std::nullopt) {
      signal = came;
      stop.request_stop();
    }
  }
  worker.join();
  if (failure && !signal) std::rethrow_exception(failure);
  if (!signal) printer.finish();
  return signal;
}

void apply_plan(const dunnage::ProjectPlan& plan, const ApplyWords& words) {
  StepsPrinter printer;
  printer.show_kept(plan);
  plan.apply(options_for(printer, words));
  printer.finish();
}

}  // namespace cli
