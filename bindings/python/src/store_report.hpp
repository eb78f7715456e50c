// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fields.hpp"
#include "gil.hpp"

#include <dunnage/store_report.hpp>

#include <string>

namespace dunnage::python {

/// Keywords of a check and of a repair. \param call  "VolumeStore.check", as errors have it
[[nodiscard]] StoreCheck store_check_from(const char* call, const py::kwargs& kwargs);
[[nodiscard]] StoreRepair store_repair_from(const char* call, const py::kwargs& kwargs);

/// Adds check() and repair() to a store. \param name  of its class
template <class Store>
void define_checking(py::class_<Store>& cls, const std::string& name) {
  cls.def(
         "check",
         [call = name + ".check"](const Store& store, const py::kwargs& kwargs) {
           const StoreCheck options = store_check_from(call.c_str(), kwargs);
           const Unlocked released;
           return store.check(options);
         },
         "check(self, *, grace=60.0, contents=False)\n--\n\nWhat is damaged or left over, as a StoreReport; changes "
         "nothing. What is younger than `grace` is not called left over; `contents` reads all that images consist of.")
      .def(
          "repair",
          [call = name + ".repair"](Store& store, const py::kwargs& kwargs) {
            const StoreRepair options = store_repair_from(call.c_str(), kwargs);
            const Unlocked released;
            return store.repair(options);
          },
          "repair(self, *, grace=60.0, contents=False, make_missing_data=False)\n--\n\nMakes what is damaged usable "
          "again without touching data, and reports what was found, done, and is left. A volume whose data is gone "
          "gets an empty directory only with `make_missing_data`.");
}

}  // namespace dunnage::python
