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

/// A field's conversion: of a function that takes `argument` ("a Progress"), or None.
[[nodiscard]] std::function<py::object(py::handle object, const std::string& name)> function_of(const char* argument);

/// The keywords of a call that has a member `watching`.
template <class Call>
void add_watching(Fields<Call>& fields) {
  fields
      .option(
          "progress", [](auto& call) -> auto& { return call.watching.progress; }, function_of("a Progress"))
      .option(
          "timeout", [](auto& call) -> auto& { return call.watching.timeout; })
      .option(
          "stop", [](auto& call) -> auto& { return call.watching.stop; });
}

/// What ends one call: the caller's StopSource, which is passed on, and an interrupt, which is not to end what else
/// that one is for.
class CallStop {
 public:
  explicit CallStop(const Watching& watching)
      : passed_on_{watching.stop ? watching.stop->get_token() : std::stop_token{}, Request{own_}} {}

  void request() { (void)own_.request_stop(); }
  [[nodiscard]] std::stop_token token() const { return own_.get_token(); }

 private:
  struct Request {
    std::stop_source& source;
    void operator()() const { (void)source.request_stop(); }
  };
  std::stop_source own_;
  std::stop_callback<Request> passed_on_;
};

/// A Watch that calls the function of `watching`, which has to stay. What it raises goes through the library.
[[nodiscard]] Watch watch_of(const Watching& watching, std::stop_token stop);

/// Called with the GIL; runs `work` without it. A KeyboardInterrupt ends it, and so does the caller's StopSource.
/// Throws: what `work` throws, or what a signal handler raised.
void run_watched(const Watching& watching, const std::function<void(const Watch&)>& work);

}  // namespace dunnage::python
