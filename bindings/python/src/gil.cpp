// SPDX-License-Identifier: Apache-2.0
#include "gil.hpp"

#include <chrono>
#include <cstdint>
#include <thread>

namespace py = pybind11;

namespace dunnage::python {

namespace {

std::atomic<unsigned> on_their_way{0};
std::atomic<bool> is_over{false};
std::atomic<std::thread::id> ending{};

/// What is in the dictionary of the interpreter goes when no thread gets the GIL any more, and before their states do.
void close_ways(PyObject* capsule) noexcept {
  const auto owner = static_cast<pid_t>(reinterpret_cast<std::intptr_t>(PyCapsule_GetPointer(capsule, nullptr)));
  if (::getpid() != owner) return;  // the threads were not forked, but they were counted
  ending = std::this_thread::get_id();
  is_over = true;
#if PY_VERSION_HEX < 0x030e0000  // later ones do not end such threads, and keep what they look at
  constexpr std::chrono::seconds kPatience{1};
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (on_their_way != 0 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
#endif
}

}  // namespace

WayBack::WayBack() noexcept {
  ++on_their_way;
  open_ = !is_over || ending.load() == std::this_thread::get_id();
}

WayBack::~WayBack() { --on_their_way; }

void WayBack::close_at_end() {
  is_over = false;
  const auto owner = py::reinterpret_steal<py::object>(
      PyCapsule_New(reinterpret_cast<void*>(static_cast<std::intptr_t>(::getpid())), nullptr, close_ways));
  PyObject* dictionary = PyInterpreterState_GetDict(PyInterpreterState_Get());
  if (!owner || dictionary == nullptr || PyDict_SetItemString(dictionary, "dunnage.way_back", owner.ptr()) != 0) {
    throw py::error_already_set();
  }
}

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
