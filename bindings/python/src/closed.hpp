// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "gil.hpp"

#include <pybind11/pybind11.h>

#include <stdexcept>

namespace dunnage::python {

/// An object is used after it was closed: dunnage.ClosedError.
class Closed : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Destroys what waits, joins threads or takes locks when it goes. A thread it waits for may want the GIL.
template <class T>
void delete_without_gil(T* object) {
  if (PyGILState_Check() != 0) {
    const Unlocked released;
    delete object;
  } else {
    delete object;
  }
}

}  // namespace dunnage::python
