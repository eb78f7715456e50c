// SPDX-License-Identifier: Apache-2.0
#include "container/failure.hpp"

#include "error/nearest.hpp"
#include "volume/failure.hpp"

#include <fmt/format.h>

#include <span>

namespace dunnage::container {

LaunchError failure(const Deed& deed, std::string cause, std::error_code code, std::string remedy) {
  return LaunchError{{.stage = deed.stage,
                      .operation = deed.operation,
                      .subject = deed.subject,
                      .detail = {},
                      .cause = std::move(cause),
                      .code = code,
                      .remedy = std::move(remedy)}};
}

LaunchError call_failure(const Deed& deed, const kernel::CallError& error) {
  // the store is the same, and so is what can be done about its disk
  return failure(deed, error.call(), error.code(), volume::call_failure({}, {}, error).remedy());
}

LaunchError missing_failure(const Deed& deed, const std::vector<std::string>& known_names) {
  const auto near = error::nearest(deed.subject, std::span<const std::string>{known_names});
  return failure(
      deed, {}, errc::container_missing,
      near ? fmt::format("did you mean \"{}\"?", *near) : "launch it first, or list the containers of the store");
}

LaunchError silent_failure(const Deed& deed) {
  return failure(deed, "its launcher does not answer", errc::timed_out,
                 "try again; if its launcher is stopped, continue it with SIGCONT");
}

}  // namespace dunnage::container
