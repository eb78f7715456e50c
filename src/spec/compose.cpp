// SPDX-License-Identifier: Apache-2.0
#include "spec/compose.hpp"

#include "error/nearest.hpp"
#include "spec/flag.hpp"
#include "spec/interpolate.hpp"
#include "spec/lower.hpp"
#include "spec/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dunnage::spec {
namespace {

std::string engine_error_of(const SpecMount& mount) {
  const bool bind = mount.type == SpecType::Bind;
  const bool volume = mount.type == SpecType::Volume;
  if (!bind && !volume && mount.type != SpecType::Tmpfs) {
    return {};
  }
  if (bind && mount.no_copy) {
    return "field VolumeOptions must not be specified";
  }
  if (volume && !mount.anonymous && !mount.propagation.empty()) {
    return "field BindOptions must not be specified";
  }
  if (is_root(mount.target)) {
    return "invalid specification: destination can't be '/'";
  }
  if (!is_absolute(mount.target)) {
    return fmt::format("invalid mount path: '{}' mount path must be absolute", mount.target);
  }
  return mount.type == SpecType::Tmpfs && !mount.source.empty() ? "field Source must not be specified" : "";
}

bool stays_as_it_is(std::string_view path) noexcept { return path.starts_with('/') || is_windows_path(path); }

}  // namespace

std::string compose_path(std::string_view path, const Host& host, bool own) {
  std::string result{path};
  if (path.starts_with('~')) {
    if (const std::string home = host.home(); !home.empty()) {
      result = absolute(home, path.substr(1).starts_with('/') ? path.substr(2) : path.substr(1));
    }
  }
  if (stays_as_it_is(result)) {
    return result;
  }
  return own && !host.context().project_directory ? result : absolute(host.project_directory(), result);
}

void finish_compose(const Input& input, Span span, SpecMount& mount, const Rules& rules) {
  const auto& declared = rules.host.context().volumes;
  if (mount.type == SpecType::Volume && !mount.source.empty() && declared) {
    const auto found = declared->find(mount.source);
    if (found == declared->end()) {
      std::vector<std::string_view> names;
      std::transform(declared->begin(), declared->end(), std::back_inserter(names),
                     [](const auto& entry) { return std::string_view{entry.first}; });
      const auto near = error::nearest(mount.source, std::span<const std::string_view>{names});
      input.refuse(at_least_one(span),
                   {SpecCode::UndefinedVolume, SpecStage::Load,
                    fmt::format("refers to undefined volume {}: invalid compose project", shown(mount.source))},
                   fmt::format("there is no volume \"{}\" at the top level", shown(mount.source)),
                   near ? fmt::format("did you mean \"{}\"?", *near)
                   : mount.source.find('/') != std::string::npos
                       ? fmt::format("write \"./{}\" for a directory, or declare the volume", shown(mount.source))
                       : "declare it under \"volumes:\"");
    }
    mount.engine_name = found->second.name;
  }
  mount.engine_error = engine_error_of(mount);
}

void interpolate_tree(const Input& input, Tree& tree, const Host& host) {
  tree.change_texts([&](Node& node) {
    const std::size_t column = node.span.column;
    const char first = column < input.text().size() ? input.text()[column] : '\0';
    const std::size_t begin = column + (first == '"' || first == '\'' ? 1 : 0);
    node.text = interpolate(input, node.text, begin, host, SpecStage::Interpolate);
  });
}

std::optional<bool> compose_bool(const Node& node) {
  constexpr std::array<std::string_view, 4> kTrue{"true", "y", "yes", "on"};
  constexpr std::array<std::string_view, 4> kFalse{"false", "n", "no", "off"};
  if (node.is(Node::Kind::Bool)) {
    return node.boolean;
  }
  const std::string word = lower(node.text);
  if (node.is(Node::Kind::Text) && std::find(kTrue.begin(), kTrue.end(), word) != kTrue.end()) {
    return true;
  }
  if (node.is(Node::Kind::Text) && std::find(kFalse.begin(), kFalse.end(), word) != kFalse.end()) {
    return false;
  }
  return std::nullopt;
}

void refuse_bool(const Input& input, const Node& node, SpecStage stage) {
  input.refuse(node.span, {SpecCode::BadBool, stage, fmt::format("invalid boolean: {}", shown(node.text))},
               fmt::format("\"{}\" is not a boolean", shown(node.text)), "write true or false");
}

void refuse_type(const Input& input, const Node& node, std::string_view what, std::string_view wanted) {
  input.refuse(node.span, {SpecCode::BadType, SpecStage::Schema, fmt::format("{} must be {}", what, wanted)},
               fmt::format("\"{}\" is not {}", what, wanted), fmt::format("give {}", wanted));
}

void check_members(const Input& input, const Tree& tree, const Node& mapping, std::span<const std::string_view> known) {
  for (const auto& [key, value] : mapping.pairs) {
    const Node& name = tree.at(key);
    if (name.text.starts_with("x-") || std::find(known.begin(), known.end(), name.text) != known.end()) {
      continue;
    }
    const auto near = error::nearest(name.text, known);
    input.refuse(name.span,
                 {SpecCode::UnknownField, SpecStage::Schema,
                  fmt::format("additional properties '{}' not allowed", shown(name.text))},
                 fmt::format("unknown member \"{}\"", shown(name.text)),
                 near ? fmt::format("did you mean \"{}\"?", *near) : "leave it out, or begin its name with \"x-\"");
  }
}

std::string scalar_text(const Node& node) {
  switch (node.kind) {
    case Node::Kind::Bool:
      return node.boolean ? "true" : "false";
    case Node::Kind::Integer:
      return fmt::to_string(node.integer);
    case Node::Kind::Float:
      return fmt::format("{}", node.number);
    case Node::Kind::Text:
      return node.text;
    default:
      return {};
  }
}

Labels read_labels(const Input& input, const Tree& tree, const Node& node) {
  Labels labels;
  if (node.is(Node::Kind::Mapping)) {
    for (const auto& [key, value] : node.pairs) {
      const Node& text = tree.at(value);
      if (text.is(Node::Kind::Mapping) || text.is(Node::Kind::Sequence)) {
        refuse_type(input, text, "labels", "a mapping of texts, or a list of \"KEY=VALUE\"");
      }
      labels.insert_or_assign(tree.at(key).text, scalar_text(text));
    }
    return labels;
  }
  if (!node.is(Node::Kind::Sequence)) {
    refuse_type(input, node, "labels", "a mapping of texts, or a list of \"KEY=VALUE\"");
  }
  for (const std::size_t item : node.items) {
    const Node& text = tree.at(item);
    if (!text.is(Node::Kind::Text)) {
      refuse_type(input, text, "labels", "a list of texts");
    }
    const std::size_t equals = text.text.find('=');
    labels.insert_or_assign(text.text.substr(0, equals),
                            equals == std::string::npos ? "" : text.text.substr(equals + 1));
  }
  return labels;
}

}  // namespace dunnage::spec
