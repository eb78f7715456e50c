// SPDX-License-Identifier: Apache-2.0
#include "spec/compose.hpp"
#include "spec/flag.hpp"

#include <dunnage/spec.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dunnage {
namespace spec {
namespace {

using Kind = Node::Kind;

constexpr std::array<std::string_view, 5> kTopLevelMembers{"name", "driver", "driver_opts", "external", "labels"};
constexpr std::array<std::string_view, 1> kExternalMembers{"name"};

/// One volume of the top level.
class TopLevelVolume {
 public:
  TopLevelVolume(const Input& input, const Tree& tree, const std::string& key, const Node& node, const Host& host)
      : input_{input}, tree_{tree}, key_{key}, node_{node}, host_{host} {}

  /// Before everything else: texts that mean booleans. Throws: SpecError(BadBool).
  void check_cast() const {
    const Node* const external = tree_.find(node_, "external");
    if (external != nullptr && external->is(Kind::Text) && !compose_bool(*external)) {
      refuse_bool(input_, *external, SpecStage::Interpolate);
    }
  }

  void apply_schema();
  ComposeVolume finish();

 private:
  const Node* text(const Node& mapping, std::string_view key) const {
    const Node* const node = tree_.find(mapping, key);
    if (node != nullptr && !node->is(Kind::Text)) {
      refuse_type(input_, *node, key, "a text");
    }
    return node;
  }

  void read_driver_options(const Node& options);
  void read_external(const Node& external);
  void check_external() const;
  void make_device_absolute();

  const Input& input_;
  const Tree& tree_;
  const std::string& key_;
  const Node& node_;
  const Host& host_;
  ComposeVolume volume_{};
  std::optional<std::string> name_{};
  const Node* external_name_ = nullptr;
};

void TopLevelVolume::read_driver_options(const Node& options) {
  if (!options.is(Kind::Mapping)) {
    refuse_type(input_, options, "driver_opts", "a mapping");
  }
  for (const auto& [key, value] : options.pairs) {
    const Node& node = tree_.at(value);
    if (!node.is(Kind::Text) && !node.is_number()) {
      refuse_type(input_, node, tree_.at(key).text, "a text or a number");
    }
    volume_.driver_options.insert_or_assign(tree_.at(key).text, scalar_text(node));
  }
}

void TopLevelVolume::read_external(const Node& external) {
  if (external.is(Kind::Mapping)) {
    check_members(input_, tree_, external, kExternalMembers);
    external_name_ = text(external, "name");
    volume_.external = true;
    return;
  }
  const auto value = compose_bool(external);
  if (!value) {
    refuse_type(input_, external, "external", "a boolean");
  }
  volume_.external = *value;
}

void TopLevelVolume::apply_schema() {
  if (node_.is(Kind::Null)) {
    return;
  }
  if (!node_.is(Kind::Mapping)) {
    refuse_type(input_, node_, key_, "a mapping");
  }
  check_members(input_, tree_, node_, kTopLevelMembers);
  if (const Node* const name = text(node_, "name")) {
    name_ = name->text;
  }
  if (const Node* const driver = text(node_, "driver")) {
    volume_.driver = driver->text;
  }
  if (const Node* const options = tree_.find(node_, "driver_opts")) {
    read_driver_options(*options);
  }
  if (const Node* const external = tree_.find(node_, "external")) {
    read_external(*external);
  }
  if (const Node* const labels = tree_.find(node_, "labels")) {
    volume_.labels = read_labels(input_, tree_, *labels);
  }
}

void TopLevelVolume::check_external() const {
  if (!volume_.external) {
    return;
  }
  constexpr std::array<std::string_view, 3> kConflicting{"driver", "driver_opts", "labels"};
  for (const std::string_view member : kConflicting) {
    Span span;
    if (tree_.find(node_, member, &span) != nullptr) {
      input_.refuse(
          span,
          {SpecCode::ExternalConflict, SpecStage::Validate,
           fmt::format("volumes.{}: conflicting parameters \"external\" and \"{}\" specified", shown(key_), member)},
          fmt::format("an external volume is made by someone else, with its \"{}\"", member),
          "leave one of the two out");
    }
  }
}

void TopLevelVolume::make_device_absolute() {
  const auto option = [&](const char* key) -> std::string* {
    const auto found = volume_.driver_options.find(key);
    return found == volume_.driver_options.end() ? nullptr : &found->second;
  };
  std::string* const device = option("device");
  const std::string* const words = option("o");
  if (device != nullptr && words != nullptr && volume_.driver == "local" && *words == "bind") {
    *device = compose_path(*device, host_, false);
  }
}

ComposeVolume TopLevelVolume::finish() {
  if (external_name_ != nullptr) {
    if (name_ && *name_ != external_name_->text) {
      input_.refuse(external_name_->span,
                    {SpecCode::NameConflict, SpecStage::Canonical,
                     fmt::format("volumes.{}: name and external.name conflict; only use name", shown(key_))},
                    "the volume has two names", "keep \"name\", and write \"external: true\"");
    }
    name_ = external_name_->text;
  }
  check_external();
  make_device_absolute();
  volume_.name = name_ ? *std::move(name_) : volume_.external ? key_ : host_.project_name() + "_" + key_;
  return std::move(volume_);
}

void check_key(const Input& input, const Node& key) {
  const bool plain = !key.text.empty() && std::all_of(key.text.begin(), key.text.end(), [](char byte) {
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
           byte == '.' || byte == '_' || byte == '-';
  });
  if (!plain) {
    input.refuse(
        key.span,
        {SpecCode::BadKey, SpecStage::Schema, fmt::format("additional properties '{}' not allowed", shown(key.text))},
        fmt::format("\"{}\" cannot be the key of a volume", shown(key.text)),
        "use letters, digits, \".\", \"_\" and \"-\"");
  }
}

ComposeVolumes read_volumes(const Input& input, const Tree& tree, const Node& mapping, const Host& host) {
  std::vector<std::pair<std::string, TopLevelVolume>> volumes;
  volumes.reserve(mapping.pairs.size());
  for (const auto& [key, value] : mapping.pairs) {
    volumes.emplace_back(tree.at(key).text, TopLevelVolume{input, tree, tree.at(key).text, tree.at(value), host});
    volumes.back().second.check_cast();
  }
  for (std::size_t index = 0; index < volumes.size(); ++index) {
    check_key(input, tree.at(mapping.pairs[index].first));
    volumes[index].second.apply_schema();
  }
  ComposeVolumes result;
  for (auto& [key, volume] : volumes) {
    result.insert_or_assign(key, volume.finish());
  }
  return result;
}

}  // namespace
}  // namespace spec

ComposeVolumes read_compose_top_level(std::string_view yaml, const SpecContext& context) {
  const spec::Host host{context};
  const spec::Input input{spec::kComposeNoun, yaml};
  spec::Tree tree{input};
  spec::interpolate_tree(input, tree, host);
  const spec::Node* const volumes = tree.find(tree.root(), "volumes");
  if (volumes == nullptr) {
    spec::refuse_type(input, tree.root(), "the document", "a mapping with \"volumes\"");
  }
  if (!volumes->is(spec::Node::Kind::Mapping)) {
    spec::refuse_type(input, *volumes, "volumes", "a mapping");
  }
  return spec::read_volumes(input, tree, *volumes, host);
}

}  // namespace dunnage
