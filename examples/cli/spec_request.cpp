// SPDX-License-Identifier: Apache-2.0
#include "spec_request.hpp"

#include "spec_context.hpp"

#include <dunnage/spec.hpp>

#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace cli {
namespace {

using dunnage::Engine;

struct Request {
  const Json& input;
  Engine engine;
  const RequestContext& context;
};

const std::string& text_of(const Json& input) {
  if (!input.is_string()) throw std::invalid_argument{"input is not a text"};
  return input.get_ref<const std::string&>();
}

std::vector<std::string> texts_of(const Json& list) {
  std::vector<std::string> texts;
  for (const Json& text : list) texts.push_back(text_of(text));
  return texts;
}

/// YAML: a text is YAML as it stands, anything else is JSON, which is YAML, too.
std::string yaml_of(const Json& input) { return input.is_string() ? input.get<std::string>() : one_line(input); }

Json mounts_of(const std::vector<dunnage::SpecMount>& mounts) {
  Json list = Json::array();
  for (const auto& mount : mounts) list.push_back(Json::parse(to_json(mount)));
  return {{"ok", true}, {"mounts", list}};
}

/// Several flags at once: `{"-v": [...], "--mount": [...], "--tmpfs": [...]}`.
Json answer_flags(const Request& request) {
  dunnage::SpecFlags flags;
  for (const auto& [name, list] : request.input.items()) {
    auto* const texts = name == "-v"        ? &flags.volumes
                        : name == "--mount" ? &flags.mounts
                        : name == "--tmpfs" ? &flags.tmpfs
                                            : nullptr;
    if (texts == nullptr) throw std::invalid_argument{"input has the unknown flag \"" + name + '"'};
    *texts = texts_of(list);
  }
  return mounts_of(read_flags(flags, request.engine, request.context.spec));
}

using Read = dunnage::SpecMount (*)(std::string_view, const dunnage::SpecContext&);

template <Read kRead>
Json answer_flag(const Request& request) {
  if (request.input.is_object()) return answer_flags(request);
  return Json::parse(to_json(kRead(text_of(request.input), request.context.spec)));
}

Json answer_tmpfs(const Request& request) {
  if (request.engine == Engine::Compose) {
    const auto entries =
        dunnage::read_compose_tmpfs(one_line(request.input), request.context.service_volumes, request.context.spec);
    return {{"ok", true}, {"tmpfs", entries}};
  }
  if (request.input.is_object()) return answer_flags(request);
  if (request.input.is_array()) {
    return mounts_of(read_flags({.tmpfs = texts_of(request.input)}, request.engine, request.context.spec));
  }
  return Json::parse(to_json(dunnage::read_tmpfs(text_of(request.input), request.engine, request.context.spec)));
}

Json answer_volumes_from(const Request& request) {
  return Json::parse(to_json(dunnage::read_volumes_from(text_of(request.input), request.engine)));
}

Json answer_volume_name(const Request& request) {
  const std::string name = dunnage::read_volume_name(text_of(request.input), request.engine);
  Json options = Json::object();
  if (name.empty()) options["anonymous"] = true;
  return {{"ok", true}, {"type", "volume"}, {"source", name}, {"options", options}};
}

Json answer_volume_create(const Request& request) {
  if (!request.input.is_object()) throw std::invalid_argument{"input is no object with driver and opts"};
  const std::string driver = request.input.value("driver", "");
  const auto options = texts_of(request.input.value("opts", Json::array()));
  return Json::parse(to_json(dunnage::read_volume_create(driver, options, request.engine, request.context.spec)));
}

Json answer_compose_short(const Request& request) {
  if (request.input.is_array()) {
    return mounts_of(
        dunnage::read_compose_volumes(one_line(request.input), request.context.service_tmpfs, request.context.spec));
  }
  return Json::parse(to_json(dunnage::read_compose_short(text_of(request.input), request.context.spec)));
}

Json answer_compose_long(const Request& request) {
  if (request.input.is_array()) return answer_compose_short(request);
  return Json::parse(to_json(dunnage::read_compose_long(yaml_of(request.input), request.context.spec)));
}

Json answer_compose_top_level(const Request& request) {
  return Json::parse(to_json(dunnage::read_compose_top_level(yaml_of(request.input), request.context.spec)));
}

struct Surface {
  Engine engine;  ///< if the request names none
  std::function<Json(const Request&)> answer;
};

const std::map<std::string, Surface>& surfaces() {
  static const std::map<std::string, Surface> kSurfaces{
      {"docker -v", {Engine::Docker, answer_flag<dunnage::read_docker_volume>}},
      {"docker --mount", {Engine::Docker, answer_flag<dunnage::read_docker_mount>}},
      {"podman -v", {Engine::Podman, answer_flag<dunnage::read_podman_volume>}},
      {"podman --mount", {Engine::Podman, answer_flag<dunnage::read_podman_mount>}},
      {"--tmpfs", {Engine::Docker, answer_tmpfs}},
      {"volumes-from", {Engine::Docker, answer_volumes_from}},
      {"volume-name", {Engine::Docker, answer_volume_name}},
      {"volume-create-opts", {Engine::Docker, answer_volume_create}},
      {"compose-short", {Engine::Compose, answer_compose_short}},
      {"compose-long", {Engine::Compose, answer_compose_long}},
      {"compose-toplevel", {Engine::Compose, answer_compose_top_level}},
  };
  return kSurfaces;
}

Engine engine_of(const Json& request, const Surface& surface) {
  if (!request.contains("engine")) return surface.engine;
  const std::string name = text_of(request.at("engine"));
  const auto engine = dunnage::engine_named(name);
  if (!engine) throw std::invalid_argument{"unknown engine \"" + name + "\"; use docker, podman or compose"};
  return *engine;
}

/// Answers are printed level by level, so that a line of brackets alone must not get that far.
bool is_too_deep(const std::string& text) {
  constexpr int kDeepest = 64;
  int depth = 0;
  bool quoted = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char letter = text[at];
    if (quoted) {
      at += letter == '\\' ? 1 : 0;
      quoted = letter != '"';
    } else if (letter == '"') {
      quoted = true;
    } else if (letter == '[' || letter == '{') {
      if (++depth > kDeepest) return true;
    } else if (letter == ']' || letter == '}') {
      --depth;
    }
  }
  return false;
}

Json refused_request(const std::string& message) {
  return {{"ok", false}, {"code", "BAD_REQUEST"}, {"stage", "request"}, {"message", message}};
}

}  // namespace

Json answer_to(const Json& request) {
  try {
    if (!request.is_object()) throw std::invalid_argument{"the request is no object"};
    const std::string name = text_of(request.value("surface", Json("")));
    const auto surface = surfaces().find(name);
    if (surface == surfaces().end()) throw std::invalid_argument{"unknown surface \"" + name + '"'};
    if (!request.contains("input")) throw std::invalid_argument{"the request has no input"};
    const RequestContext context = request_context(request.value("ctx", Json::object()));
    return surface->second.answer({request.at("input"), engine_of(request, surface->second), context});
  } catch (const dunnage::SpecError& error) {
    return Json::parse(to_json(error));
  } catch (const std::exception& error) {
    return refused_request(error.what());
  }
}

Json parse_bounded(const std::string& text) {
  constexpr std::size_t kLongest = std::size_t{1} << 20U;
  if (text.size() > kLongest || is_too_deep(text)) return Json(Json::value_t::discarded);
  return Json::parse(text, nullptr, false);
}

std::string answer_line(const std::string& line) {
  const Json request = parse_bounded(line);
  return one_line(request.is_discarded()
                      ? refused_request("the line is not JSON, or is longer than a MiB or nested too deep")
                      : answer_to(request));
}

}  // namespace cli
