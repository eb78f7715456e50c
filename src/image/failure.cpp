// SPDX-License-Identifier: Apache-2.0
#include "image/failure.hpp"

#include "error/nearest.hpp"
#include "volume/failure.hpp"

#include <fmt/format.h>

#include <span>

namespace dunnage::image {

Fault malformed(std::string cause) {
  return Fault{errc::image_invalid, std::move(cause), "make or fetch the image again"};
}

ImageError failure(std::string operation, std::string subject, const Fault& fault) {
  return ImageError{{.stage = Stage::Store,
                     .operation = std::move(operation),
                     .subject = std::move(subject),
                     .detail = "",
                     .cause = fault.cause(),
                     .code = fault.code(),
                     .remedy = fault.remedy()}};
}

ImageError call_failure(std::string operation, std::string subject, const kernel::CallError& error) {
  return ImageError{{.stage = Stage::Store,
                     .operation = std::move(operation),
                     .subject = std::move(subject),
                     .detail = "",
                     .cause = error.call(),
                     .code = error.code(),
                     .remedy = volume::remedy_for(error.code().value())}};
}

ImageError missing_failure(std::string operation, const std::string& name,
                           const std::vector<std::string>& known_names) {
  const auto near = error::nearest(name, std::span<const std::string>{known_names});
  return ImageError{
      {.stage = Stage::Store,
       .operation = std::move(operation),
       .subject = name,
       .detail = "",
       .cause = "",
       .code = errc::image_missing,
       .remedy = near ? fmt::format("did you mean \"{}\"?", *near) : "pull or load it first, or list the images"}};
}

ImageError in_use_failure(std::string operation, const std::string& name, std::vector<std::string> users) {
  const bool one = users.size() == 1;
  return ImageError{
      {.stage = Stage::Store,
       .operation = std::move(operation),
       .subject = name,
       .detail = "",
       .cause = fmt::format("used by {} {}", one ? "container" : "containers", volume::quoted_list(users)),
       .code = errc::image_in_use,
       .remedy = one ? "remove it first" : "remove them first"},
      std::move(users)};
}

}  // namespace dunnage::image
