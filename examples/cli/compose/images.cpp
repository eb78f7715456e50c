// SPDX-License-Identifier: Apache-2.0

// compose images and compose pull: the images of the services.

#include "compose.hpp"
#include "containers.hpp"
#include "human_size.hpp"
#include "image_name.hpp"
#include "json.hpp"
#include "moment.hpp"
#include "progress_line.hpp"
#include "table.hpp"

#include <dunnage/error.hpp>

#include <iostream>
#include <set>

namespace cli {
namespace {

struct ImagesFlags {
  std::vector<std::string> services{};
  bool quiet = false;
  bool json = false;
};

struct ComposePullFlags {
  std::vector<std::string> services{};
  std::string policy = "always";
  bool dependencies = false;
  bool quiet = false;
  bool go_on = false;
};

/// As written in the file, where "latest" may be left out.
ImageName shown_name(const std::string& written) {
  ImageName name = image_name(written);
  if (written.find_first_of(":@", written.rfind('/') + 1) == std::string::npos) name.tag = "latest";
  return name;
}

int images(const ImagesFlags& flags, const ProjectFlags& source, const Session& session) {
  Table table{{"CONTAINER", "REPOSITORY", "TAG", "IMAGE ID", "SIZE", "CREATED"}};
  Json rows = Json::array();
  std::set<std::string> seen;
  const auto store = session.images();
  for (const auto& info : containers_of(session, source, flags.services)) {
    if (info.image_id.empty()) continue;  // it runs on the host's programs, or on a directory
    const auto image = store.find(info.image_id);
    const std::string id = image_id(info.image_id, false);
    const ImageName name = shown_name(info.image);
    if (flags.quiet) {
      if (seen.insert(id).second) std::cout << info.image_id << '\n';
    } else if (flags.json) {
      rows.push_back({{"ID", info.image_id},
                      {"ContainerName", info.name},
                      {"Repository", name.repository},
                      {"Tag", name.tag},
                      {"Size", image ? image->info().size : 0}});
    } else {
      table.add({info.name, name.repository, name.tag, id, image ? human_size(image->info().size) : "",
                 image ? age(image->info().created_at) : ""});
    }
  }
  if (flags.json && !flags.quiet) std::cout << one_line(rows) << '\n';
  if (!flags.quiet && !flags.json) std::cout << table;
  return 0;
}

/// The services that are meant, with what they depend on if that is asked for.
std::set<std::string> services_of(const dunnage::Project& project, const ComposePullFlags& flags) {
  std::set<std::string> names;
  std::vector<std::string> waiting = flags.services;
  for (const auto& entry : project.services()) {
    if (flags.services.empty()) waiting.push_back(entry.first);
  }
  while (!waiting.empty()) {
    const std::string name = std::move(waiting.back());
    waiting.pop_back();
    if (!names.insert(name).second) continue;
    for (const auto& [other, dependency] : project.service(name).depends_on) {
      if (flags.dependencies && project.services().contains(other)) waiting.push_back(other);
    }
  }
  return names;
}

int pull(const ComposePullFlags& flags, const ProjectFlags& source, const Session& session) {
  const dunnage::Project project = source.load(flags.services);
  auto store = session.images();
  std::set<std::string> done;
  int failures = 0;
  for (const auto& name : services_of(project, flags)) {
    const dunnage::Service& service = project.service(name);
    if (service.image.empty() || service.rootfs || !done.insert(service.image).second) continue;
    if (service.pull == dunnage::PullPolicy::Never || (flags.policy == "missing" && store.find(service.image))) {
      if (!flags.quiet) std::cerr << " Image " << service.image << "  Skipped\n";
      continue;
    }
    try {
      ProgressLine progress{flags.quiet};
      (void)store.pull(service.image, {.watch = progress.watch()});
      progress.clear();
      if (!flags.quiet) std::cerr << " Image " << service.image << "  Pulled\n";
    } catch (const dunnage::Error& error) {
      if (!flags.go_on) throw;
      complain(std::string{"warning: "} + error.what());
      ++failures;
    }
  }
  if (failures > 0) complain(std::to_string(failures) + " of the images could not be pulled");
  return 0;
}

}  // namespace

void add_compose_images(const Compose& compose) {
  CLI::App& command = compose.verb("images", "List the images of the project's containers");
  auto flags = std::make_shared<ImagesFlags>();
  command.add_option("SERVICE", flags->services, "Only of these")->type_name("");
  command.add_flag("-q,--quiet", flags->quiet, "Ids only");
  add_format(command, flags->json);
  compose.on_chosen(command, flags, images);
}

void add_compose_pull(const Compose& compose) {
  CLI::App& command = compose.verb("pull", "Fetch the images of the services from their registries");
  auto flags = std::make_shared<ComposePullFlags>();
  command.add_option("SERVICE", flags->services, "Only of these")->type_name("");
  command.add_flag("--include-deps", flags->dependencies, "Of what they depend on, too");
  command.add_flag("-q,--quiet", flags->quiet, "Without progress");
  command.add_flag("--ignore-pull-failures", flags->go_on, "Go on with the others");
  command.add_option("--policy", flags->policy, "missing or always (default: always)")
      ->check(CLI::IsMember({"missing", "always"}));
  compose.on_chosen(command, flags, pull);
}

}  // namespace cli
