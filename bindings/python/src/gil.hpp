// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Giving the GIL away and taking it. A thread that wants it while the interpreter ends is ended by pthread_exit(3) in
/// Python before 3.14, which must not unwind through C++: such a thread stays where it is until the process is gone, as
/// it does in later versions.

#include <pybind11/pybind11.h>

#include <cxxabi.h>
#include <unistd.h>

#include <atomic>

namespace dunnage::python {

[[noreturn]] inline void stay() {
  for (;;) (void)::pause();
}

/// A thread on its way back to Python. Before the interpreter frees what such a thread would look at, none sets out any
/// more but the one that frees it, and those that have set out are waited for: each takes the GIL, or is ended.
class WayBack {
 public:
  WayBack() noexcept;
  WayBack(const WayBack&) = delete;
  WayBack& operator=(const WayBack&) = delete;
  ~WayBack();
  explicit operator bool() const noexcept { return open_; }

  /// With the end of the interpreter. Called with the GIL.
  static void close_at_end();

 private:
  bool open_;
};

template <class Take>
auto take_or_stay(Take take) {
  try {
    if (const WayBack way; way) {
      return take();
    }
    stay();
  } catch (const abi::__forced_unwind&) {
    stay();
  }
}

/// Without the GIL for a while. Objects of Python are not to be touched meanwhile.
class Unlocked {
 public:
  Unlocked() : state_{PyEval_SaveThread()} {}
  Unlocked(const Unlocked&) = delete;
  Unlocked& operator=(const Unlocked&) = delete;
  ~Unlocked() {
    take_or_stay([this] { PyEval_RestoreThread(state_); });
  }

 private:
  PyThreadState* state_;
};

/// A call into Python on its way. A thread that is ended inside of a function of Python would have to unwind through
/// C++, so before the interpreter ends no call begins any more, and those that have begun are waited for.
class Call {
 public:
  Call() noexcept : begun_{begin()} {}
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;
  ~Call() {
    if (begun_) --count();
  }
  explicit operator bool() const noexcept { return begun_; }

  /// After the handlers of atexit that are registered later. Called with the GIL.
  static void end_at_exit();

 private:
  static std::atomic<unsigned>& count() noexcept;
  static std::atomic<bool>& ended() noexcept;
  static bool begin() noexcept;

  bool begun_;
};

/// With the GIL for a while, in any thread.
class Locked {
 public:
  enum class AtEnd {
    Stay,    ///< when the interpreter ends the thread stays where it is
    GiveUp,  ///< or it goes on without the GIL and touches nothing of Python
  };
  explicit Locked(AtEnd what = AtEnd::Stay) {
    if (call_) {
      state_ = take_or_stay([] { return PyGILState_Ensure(); });
    } else if (what == AtEnd::Stay) {
      stay();
    }
  }
  Locked(const Locked&) = delete;
  Locked& operator=(const Locked&) = delete;
  ~Locked() {
    if (call_) PyGILState_Release(state_);
  }
  explicit operator bool() const noexcept { return static_cast<bool>(call_); }

 private:
  Call call_;
  PyGILState_STATE state_{};
};

}  // namespace dunnage::python
