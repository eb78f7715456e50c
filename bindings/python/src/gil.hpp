// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Giving the GIL away and taking it. A thread that wants it while the interpreter ends is ended by pthread_exit(3) in
/// Python before 3.14, which must not unwind through C++: such a thread stays where it is until the process is gone, as
/// it does in later versions.

#include <pybind11/pybind11.h>

#include <cxxabi.h>
#include <unistd.h>

namespace dunnage::python {

template <class Take>
auto take_or_stay(Take take) {
  try {
    return take();
  } catch (const abi::__forced_unwind&) {
    for (;;) (void)::pause();
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

/// With the GIL for a while, in any thread.
class Locked {
 public:
  Locked() : state_{take_or_stay([] { return PyGILState_Ensure(); })} {}
  Locked(const Locked&) = delete;
  Locked& operator=(const Locked&) = delete;
  ~Locked() { PyGILState_Release(state_); }

 private:
  PyGILState_STATE state_;
};

}  // namespace dunnage::python
