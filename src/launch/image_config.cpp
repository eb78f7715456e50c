// SPDX-License-Identifier: Apache-2.0
#include "launch/image_config.hpp"

#include <dunnage/error.hpp>

#include "model/compose_labels.hpp"

#include <csignal>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dunnage::launch {
namespace {

LaunchError refusal(const LaunchSpec& spec, std::string cause, std::string remedy) {
  return LaunchError{{.stage = Stage::Launch,
                      .operation = "use the image",
                      .subject = spec.rootfs.to_string(),
                      .detail = {},
                      .cause = std::move(cause),
                      .code = errc::invalid_argument,
                      .remedy = std::move(remedy)}};
}

/// Docker's rule: arguments given replace the image's, an entrypoint given makes them forgotten.
void complete_program(LaunchSpec& spec, const ImageConfig& image) {
  std::vector<std::string> argv = spec.entrypoint.value_or(image.entrypoint);
  const std::vector<std::string>& arguments = spec.argv.empty() && !spec.entrypoint ? image.cmd : spec.argv;
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  spec.argv = std::move(argv);
  spec.entrypoint.emplace();
}

std::string directory_of(const LaunchSpec& spec, const ImageConfig& image) {
  if (image.cwd.find('\0') != std::string::npos) {
    throw refusal(spec, "its working directory holds a zero byte", "set cwd");
  }
  return image.cwd.empty() || image.cwd.front() != '/' ? "/" + image.cwd : image.cwd;
}

int signal_of(const LaunchSpec& spec, const ImageConfig& image) {
  if (image.stop_signal.empty()) {
    return SIGTERM;
  }
  try {
    return parse_signal(image.stop_signal);
  } catch (const LaunchError& error) {
    throw refusal(spec, "its stop signal \"" + image.stop_signal + "\" is none", "set stop_signal");
  }
}

/// By these a project knows its own containers. An image that has them, as those that Compose has built do, would make
/// every container of it one of that project, to be stopped and removed with it.
bool is_of_projects(std::string_view label) {
  return label.starts_with(model::kComposeLabels) || label.starts_with("dunnage.");
}

void add_labels(Labels& labels, const ImageConfig& image) {
  for (const auto& [name, value] : image.labels) {
    if (!is_of_projects(name)) {
      labels.emplace(name, value);
    }
  }
}

}  // namespace

void complete(LaunchSpec& spec, const ImageConfig& image) {
  complete_program(spec, image);
  spec.env.insert(image.env.begin(), image.env.end());
  add_labels(spec.labels, image);
  if (spec.user.empty()) {
    spec.user = image.user;
  }
  if (spec.cwd.empty()) {
    spec.cwd = directory_of(spec, image);
  }
  if (spec.stop_signal == 0) {
    spec.stop_signal = signal_of(spec, image);
  }
}

}  // namespace dunnage::launch
