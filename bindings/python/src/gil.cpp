// SPDX-License-Identifier: Apache-2.0
#include "gil.hpp"

#include <chrono>
#include <thread>

namespace py = pybind11;

namespace dunnage::python {

std::atomic<unsigned>& Call::count() noexcept {
  static std::atomic<unsigned> count{0};
  return count;
}

std::atomic<bool>& Call::ended() noexcept {
  static std::atomic<bool> ended{false};
  return ended;
}

bool Call::begin() noexcept {
  ++count();
  if (!ended()) return true;
  --count();
  return false;
}

void Call::end_at_exit() {
  ended() = false;
  py::module_::import("atexit").attr("register")(py::cpp_function([owner = ::getpid()] {
    if (::getpid() != owner) return;  // the threads of a call were not forked, but it was counted
    constexpr std::chrono::seconds kPatience{10};
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    const Unlocked released;
    ended() = true;
    while (count() != 0 && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
  }));
}

}  // namespace dunnage::python
