// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What the iterators of logs have in common: __iter__, __next__, close(), the with block; and a fork.

#include "closed.hpp"
#include "strings.hpp"

#include <pybind11/pybind11.h>

#include <unistd.h>

#include <utility>

namespace dunnage::python {

/// In a fork the locks may be anyone's, and the descriptors are shared with who reads on. Throws: Closed.
inline void require_reader(pid_t owner) {
  if (::getpid() != owner) throw Closed{"this log is read by the process that forked this one; ask the store again"};
}

/// `Self` has next(), which is empty at the end, and close(); both are called with the GIL.
template <class Self, class... Options>
void define_iterator(py::class_<Self, Options...>& cls) {
  cls.def(
         "__iter__", [](Self& self) -> Self& { return self; }, py::return_value_policy::reference)
      .def("__next__",
           [](Self& self) {
             auto item = self.next();
             if (!item) throw py::stop_iteration{};
             return std::move(*item);
           })
      .def("close", &Self::close, "close(self)\n--\n\nEnds the iteration, a waiting one, too.")
      .def(
          "__enter__", [](Self& self) -> Self& { return self; }, py::return_value_policy::reference)
      .def("__exit__", [](Self& self, const py::args&) { self.close(); });
}

}  // namespace dunnage::python
