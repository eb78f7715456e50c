// SPDX-License-Identifier: Apache-2.0
// What could only fail is refused before anything is planned.

#include "project/steps.hpp"

#include <dunnage/error.hpp>

#include <fmt/format.h>

#include <utility>

namespace dunnage::project {

LaunchError service_refusal(const Wanted& wanted, const Service& service, std::string cause, std::error_code code,
                            std::string remedy) {
  return refusal(wanted.name, fmt::format("service \"{}\"", service.name), std::move(cause), code, std::move(remedy));
}

void check_options(const Wanted& wanted, const UpOptions& options) {
  if (options.no_recreate && (options.recreate || options.recreate_dependencies || options.renew_anonymous_volumes)) {
    throw refusal(wanted.name, {}, "no_recreate keeps what recreate and renew_anonymous_volumes make anew",
                  make_error_code(errc::invalid_argument), "leave one of them out");
  }
  for (const auto& [name, count] : options.scale) {
    (void)chosen_services(wanted, {name}, false);
  }
}

unsigned scale_of(const Wanted& wanted, const UpOptions& options, const Service& service) {
  const auto asked = options.scale.find(service.name);
  const unsigned scale = asked == options.scale.end() ? service.scale : asked->second;
  constexpr unsigned kMostContainers = 1000;
  if (scale > kMostContainers) {
    throw service_refusal(wanted, service,
                          fmt::format("{} containers of one service are more than {}", scale, kMostContainers),
                          make_error_code(errc::limit_exceeded), "scale it to fewer");
  }
  if (scale > 1 && !service.container_name.empty()) {
    throw service_refusal(wanted, service,
                          fmt::format("its {} containers cannot all be called \"{}\"", scale, service.container_name),
                          make_error_code(errc::invalid_argument), "leave container_name out, or scale it to 1");
  }
  return scale;
}

void check_dependencies(const Wanted& wanted, const Present& present, const Service& service) {
  for (const auto& [name, dependency] : service.depends_on) {
    const auto other = wanted.services.find(name);
    if (dependency.condition != ServiceDependency::Condition::Healthy || other == wanted.services.end()) {
      continue;
    }
    const bool known =
        other->second.healthcheck || other->second.rootfs || present.images.contains(other->second.image);
    if (known && !check_of(present, other->second)) {
      throw service_refusal(wanted, service,
                            fmt::format("it waits for \"{}\" to be healthy, which has no health check", name),
                            make_error_code(errc::invalid_argument),
                            fmt::format("give \"{}\" a healthcheck, or wait for service_started", name));
    }
  }
}

}  // namespace dunnage::project
