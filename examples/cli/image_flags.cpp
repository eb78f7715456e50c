// SPDX-License-Identifier: Apache-2.0
#include "image_flags.hpp"

#include "human_size.hpp"
#include "progress_line.hpp"

#include <stdexcept>

namespace cli {
namespace {

dunnage::PullPolicy policy_of(const std::string& text) {
  if (text == "always") return dunnage::PullPolicy::Always;
  return text == "never" ? dunnage::PullPolicy::Never : dunnage::PullPolicy::Missing;
}

dunnage::ImageVolumes volumes_of(const std::string& text) {
  if (text == "tmpfs") return dunnage::ImageVolumes::Tmpfs;
  return text == "ignore" ? dunnage::ImageVolumes::Ignore : dunnage::ImageVolumes::Anonymous;
}

/// "disk", "memory", "memory:64m"
dunnage::RootChanges changes_of(const std::string& text) {
  dunnage::RootChanges changes;
  const auto colon = text.find(':');
  const std::string kind = text.substr(0, colon);
  if (kind == "memory") {
    changes.kind = dunnage::RootChanges::Kind::Memory;
    if (colon != std::string::npos) changes.size = parse_size(text.substr(colon + 1), "--root-changes");
  } else if (text != "disk") {
    throw std::invalid_argument{"--root-changes \"" + text + "\" makes no sense; write disk, memory or memory:SIZE"};
  }
  return changes;
}

}  // namespace

void ImageFlags::add_to(CLI::App& command) {
  command.add_option("--pull", policy, "missing (the default), always or never")
      ->check(CLI::IsMember({"missing", "always", "never"}))
      ->type_name("POLICY");
  from.add_to(command);
  command.add_option("--entrypoint", entrypoint, "Program in place of the image's; \"\": none")->type_name("PROGRAM");
  command.add_option("--image-volume", volumes, "Volumes of the image: anonymous (the default), tmpfs or ignore")
      ->check(CLI::IsMember({"anonymous", "tmpfs", "ignore"}))
      ->type_name("KIND");
  command
      .add_option("--root-changes", changes,
                  "Where what is written to the image's root goes: disk (the default), or memory[:SIZE]")
      ->type_name("KIND");
  command
      .add_option("--storage-opt", storage_options,
                  "size=BYTES: at most that much is written to the image's root, on disk; as root")
      ->type_name("NAME=VALUE");
}

void ImageFlags::apply(dunnage::LaunchSpec& spec) const {
  if (entrypoint) {
    spec.entrypoint = entrypoint->empty() ? std::vector<std::string>{} : std::vector<std::string>{*entrypoint};
  }
  spec.image_volumes = volumes_of(volumes);
  spec.root_changes = changes_of(changes);
  for (const std::string& option : storage_options) {
    spec.root_changes.limit = dunnage::RootChanges::parse_storage_option(option).limit;
  }
  spec.pull = dunnage::PullPolicy::Never;  // fetch() has done it
}

void ImageFlags::fetch(const std::string& name, const Session& session) const {
  auto images = session.images();
  ProgressLine progress;
  dunnage::PullOptions options = from.options();
  options.policy = policy_of(policy);
  options.watch = progress.watch();
  images.pull(name, options);
  images.unpack(name, {}, progress.watch());
}

}  // namespace cli
