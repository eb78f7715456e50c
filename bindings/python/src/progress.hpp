// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Long operations of the library: progress=, timeout= and stop= of a call, and KeyboardInterrupt, which ends one.

#include "fields.hpp"

#include <dunnage/progress.hpp>

#include <chrono>
#include <functional>
#include <optional>
#include <stop_token>

namespace dunnage::python {

struct Watching {
  py::object progress = py::none{};  ///< a function of one Progress; never touched without the GIL
  std::optional<std::chrono::milliseconds> timeout{};
  std::optional<std::stop_source> stop{};
};

[[nodiscard]] py::object progress_from(py::handle object, const std::string& name);

/// The keywords of a call that has a member `watching`.
template <class Call>
void add_watching(Fields<Call>& fields) {
  fields
      .option(
          "progress", [](auto& call) -> auto& { return call.watching.progress; }, progress_from)
      .option(
          "timeout", [](auto& call) -> auto& { return call.watching.timeout; })
      .option(
          "stop", [](auto& call) -> auto& { return call.watching.stop; });
}

/// A Watch that calls the function of `watching`, which has to stay. What it raises goes through the library.
[[nodiscard]] Watch watch_of(const Watching& watching, std::stop_token stop);

/// Called with the GIL; runs `work` without it. A KeyboardInterrupt ends it, and so does the caller's StopSource.
/// Throws: what `work` throws, or what a signal handler raised.
void run_watched(const Watching& watching, const std::function<void(const Watch&)>& work);

}  // namespace dunnage::python
