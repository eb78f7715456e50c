// SPDX-License-Identifier: Apache-2.0
#include "fuzz/spec_input.hpp"

#include <dunnage/error.hpp>
#include <dunnage/spec.hpp>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage::test {
namespace {

void require(bool condition, const char* what) {
  if (!condition) {
    std::cerr << "spec input: " << what << '\n';
    std::abort();
  }
}

/// Nothing of the host that fuzzes.
SpecContext machine() {
  SpecContext context;
  context.working_directory = "/srv/app";
  context.home = "/home/dev";
  context.project_name = "shop";
  context.environment = {{"NAME", "value"}, {"COLON", "a:b"}, {"EMPTY", ""}};
  context.volumes = ComposeVolumes{{"ledger", {.name = "shop_ledger"}}};
  context.exists = [](const std::string& path) { return path.find("missing") == std::string::npos; };
  return context;
}

void use(const SpecMount& mount) {
  require(!to_json(mount).empty(), "a mount prints nothing");
  try {
    (void)to_mount(mount);
  } catch (const SpecError&) {
    return;  // this library has nothing like it
  }
}

void use(const Mount& mount) {
  require(parse_mount_flag(to_string(mount)) == mount, "the words of a mount mean another one");
  if (const auto text = to_volume_flag(mount)) {
    require(parse_volume_flag(*text) == mount, "the -v words of a mount mean another one");
  }
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    lines.emplace_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

void use_flags(std::string_view text, Engine engine, const SpecContext& context) {
  for (const SpecMount& mount :
       read_flags({.volumes = lines_of(text), .mounts = {}, .tmpfs = {"/run"}}, engine, context)) {
    use(mount);
  }
}

void read(unsigned language, std::string_view text, const SpecContext& context) {
  switch (language % 20) {
    case 0:
      return use(read_docker_volume(text, context));
    case 1:
      return use(read_docker_mount(text, context));
    case 2:
      return use(read_podman_volume(text, context));
    case 3:
      return use(read_podman_mount(text, context));
    case 4:
      return use(read_tmpfs(text, Engine::Docker, context));
    case 5:
      return use(read_tmpfs(text, Engine::Podman, context));
    case 6:
      return use(read_compose_short(text, context));
    case 7:
      return use(read_compose_long(text, context));
    case 8:
      return (void)read_compose_volumes(text, {}, context);
    case 9:
      return (void)read_compose_tmpfs(text, {}, context);
    case 10:
      return (void)to_json(read_compose_top_level(text, context));
    case 11:
      return (void)to_json(read_volumes_from(text, static_cast<Engine>(text.size() % 3)));
    case 12:
      return (void)read_volume_name(text, static_cast<Engine>(text.size() % 3));
    case 13:
      return (void)to_json(read_volume_create("local", lines_of(text), Engine::Docker, context));
    case 14:
      return (void)to_json(read_volume_create("local", lines_of(text), Engine::Podman, context));
    case 15:
      return use(parse_volume_flag(text));
    case 16:
      return use(parse_mount_flag(text));
    case 17:
      return use(parse_tmpfs_flag(text));
    case 18:
      return use(parse_mount_flag(text, Engine::Podman));
    default:
      return use_flags(text, Engine::Podman, context);
  }
}

}  // namespace

void read_spec_input(std::string_view bytes) {
  if (bytes.empty()) {
    return;
  }
  static const SpecContext kMachine = machine();
  try {
    read(static_cast<unsigned char>(bytes.front()), bytes.substr(1), kMachine);
  } catch (const SpecError& error) {
    require(error.line() >= 1 && error.column() >= 1 && error.length() >= 1, "a refusal has no place");
    require(std::string_view{error.what()}.find('^') != std::string_view::npos, "a refusal has no caret");
  }
}

}  // namespace dunnage::test
