// SPDX-License-Identifier: Apache-2.0
#include "up_flags.hpp"

#include "command.hpp"

#include <charconv>
#include <chrono>
#include <stdexcept>

namespace cli {
namespace {

std::optional<std::chrono::milliseconds> grace_of(const std::optional<unsigned>& seconds) {
  if (!seconds) return std::nullopt;
  return std::chrono::seconds{*seconds};
}

}  // namespace

std::pair<std::string, unsigned> parse_scale(const std::string& text) {
  const auto equals = text.find('=');
  unsigned count = 0;
  if (equals != std::string::npos && equals > 0) {
    const char* const begin = text.data() + equals + 1;
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(begin, end, count);
    if (error == std::errc{} && rest == end && begin != end) return {text.substr(0, equals), count};
  }
  throw std::invalid_argument{"--scale \"" + text + "\" is not SERVICE=NUMBER"};
}

std::optional<dunnage::PullPolicy> parse_pull(const std::string& text) {
  if (text.empty()) return std::nullopt;
  if (text == "always") return dunnage::PullPolicy::Always;
  if (text == "missing" || text == "if_not_present") return dunnage::PullPolicy::Missing;
  if (text == "never") return dunnage::PullPolicy::Never;
  throw std::invalid_argument{"--pull \"" + text + "\" is not always, missing or never" +
                              (text == "build" ? "; images are not built here" : "")};
}

void UpFlags::add_to(CLI::App& command) {
  command.add_option("SERVICE", services, "Only these, and what they depend on")->type_name("");
  add_repeated(command, "--scale", scale, "Number of containers of a service: SERVICE=NUMBER");
  command.add_flag("--force-recreate", force_recreate, "Also containers of which nothing has changed");
  command.add_flag("--no-recreate", no_recreate, "Keep containers whatever has changed");
  command.add_flag("-V,--renew-anon-volumes", renew_volumes,
                   "New anonymous volumes instead of those of the container before; their data is lost");
  command.add_flag("--remove-orphans", remove_orphans, "Remove containers of services that are no longer in the files");
  command.add_flag("--no-deps", no_dependencies, "Without what they depend on");
  command.add_flag("--always-recreate-deps", always_recreate_dependencies,
                   "Also containers they depend on, of which nothing has changed");
  command.add_option("--pull", pull, "always, missing or never, instead of what the files say")->type_name("POLICY");
  command.add_flag("--build", build, "Refused: images are not built here");
  command.add_flag("--no-build", no_build, "As it is anyway");
  command.add_flag("-y,--yes", yes, "Make volumes anew whose configuration has changed; their data is lost");
  command.add_option("-t,--timeout", seconds, "Seconds before a container that does not stop is killed");
}

dunnage::UpOptions UpFlags::options(const std::filesystem::path& store) const {
  if (build) {
    throw std::invalid_argument{
        "--build: images are not built here; build them with another program, load them with dunnage load, and name "
        "them with image"};
  }
  if (no_recreate && (force_recreate || renew_volumes || always_recreate_dependencies)) {
    throw std::invalid_argument{std::string{"--no-recreate and "} +
                                (force_recreate  ? "--force-recreate"
                                 : renew_volumes ? "--renew-anon-volumes"
                                                 : "--always-recreate-deps") +
                                " are incompatible"};
  }
  dunnage::UpOptions options;
  options.services = services;
  options.pull = parse_pull(pull);
  for (const auto& text : scale) options.scale.insert_or_assign(parse_scale(text).first, parse_scale(text).second);
  options.dependencies = !no_dependencies;
  options.recreate = force_recreate || renew_volumes;
  options.recreate_dependencies = always_recreate_dependencies;
  options.no_recreate = no_recreate;
  options.renew_anonymous_volumes = renew_volumes;
  options.remove_orphans = remove_orphans;
  options.recreate_volumes = yes;
  options.grace = grace_of(seconds);
  options.store = store;
  return options;
}

dunnage::DownOptions DownFlags::options(const std::filesystem::path& store) const {
  dunnage::DownOptions options;
  options.services = services;
  options.volumes = volumes;
  options.remove_orphans = remove_orphans;
  options.grace = grace_of(seconds);
  options.store = store;
  return options;
}

}  // namespace cli
