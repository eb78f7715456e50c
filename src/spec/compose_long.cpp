// SPDX-License-Identifier: Apache-2.0
#include "spec/compose_long.hpp"

#include "error/nearest.hpp"
#include "spec/flag.hpp"
#include "spec/text.hpp"
#include "spec/value.hpp"
#include "spec/words.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace dunnage::spec {
namespace {

using Kind = Node::Kind;
using Words = std::span<const std::string_view>;

constexpr std::array<std::string_view, 9> kMountMembers{"type", "source", "target", "read_only", "consistency",
                                                        "bind", "volume", "tmpfs",  "image"};
constexpr std::array<std::string_view, 4> kBindMembers{"propagation", "create_host_path", "recursive", "selinux"};
constexpr std::array<std::string_view, 3> kVolumeMembers{"labels", "nocopy", "subpath"};
constexpr std::array<std::string_view, 2> kTmpfsMembers{"size", "mode"};
constexpr std::array<std::string_view, 1> kImageMembers{"subpath"};
constexpr std::array<std::string_view, 6> kMountTypes{"bind", "volume", "tmpfs", "cluster", "npipe", "image"};
constexpr std::array<std::string_view, 4> kRecursions{"enabled", "disabled", "writable", "readonly"};
constexpr std::array<std::string_view, 2> kLabels{"z", "Z"};

/// One entry while the schema is applied.
class LongForm {
 public:
  LongForm(const Input& input, const Tree& tree, const Node& mapping) : input_{input}, tree_{tree}, mapping_{mapping} {}

  SpecMount read();

 private:
  const Node* text(const Node& mapping, std::string_view key) const;
  const Node* word(const Node& mapping, std::string_view key, Words words, SpecCode code) const;
  const Node* boolean(const Node& mapping, std::string_view key) const;
  const Node* block(std::string_view key, Words members) const;

  void read_type();
  void read_bind(const Node& block);
  void read_volume(const Node& block);
  void check_tmpfs(const Node& block) const;

  const Input& input_;
  const Tree& tree_;
  const Node& mapping_;
  SpecMount mount_{.engine = Engine::Compose};
};

const Node* LongForm::text(const Node& mapping, std::string_view key) const {
  const Node* const node = tree_.find(mapping, key);
  if (node != nullptr && !node->is(Kind::Text)) {
    refuse_type(input_, *node, key, "a text");
  }
  return node;
}

const Node* LongForm::word(const Node& mapping, std::string_view key, Words words, SpecCode code) const {
  const Node* const node = text(mapping, key);
  if (node != nullptr && std::find(words.begin(), words.end(), node->text) == words.end()) {
    const auto near = error::nearest(node->text, words);
    input_.refuse(node->span,
                  {code, SpecStage::Schema, fmt::format("value must be one of '{}'", fmt::join(words, "', '"))},
                  fmt::format("\"{}\" is not a value of \"{}\"", shown(node->text), key),
                  near ? fmt::format("did you mean \"{}\"?", *near)
                       : fmt::format("write one of \"{}\"", fmt::join(words, "\", \"")));
  }
  return node;
}

const Node* LongForm::boolean(const Node& mapping, std::string_view key) const {
  const Node* const node = tree_.find(mapping, key);
  if (node != nullptr && !node->is(Kind::Bool) && !node->is(Kind::Text)) {
    refuse_type(input_, *node, key, "a boolean");
  }
  return node;
}

const Node* LongForm::block(std::string_view key, Words members) const {
  const Node* const node = tree_.find(mapping_, key);
  if (node == nullptr) {
    return nullptr;
  }
  if (!node->is(Kind::Mapping)) {
    refuse_type(input_, *node, key, "a mapping");
  }
  check_members(input_, tree_, *node, members);
  return node;
}

void LongForm::read_type() {
  const Node* const type = word(mapping_, "type", kMountTypes, SpecCode::UnknownType);
  if (type == nullptr) {
    input_.refuse(mapping_.span, {SpecCode::MissingType, SpecStage::Schema, "missing property 'type'"}, "no type",
                  "add \"type: bind\", \"type: volume\" or \"type: tmpfs\"");
  }
  mount_.type = type_named(type->text).value_or(SpecType::Volume);
}

void LongForm::read_bind(const Node& block) {
  if (const Node* const node = text(block, "propagation")) {
    mount_.propagation = node->text;
  }
  if (const Node* const node = boolean(block, "create_host_path")) {
    const auto value = compose_bool(*node);
    if (!value) {
      refuse_bool(input_, *node, SpecStage::Decode);
    }
    mount_.create_host_path = *value;
  }
  if (const Node* const node = word(block, "recursive", kRecursions, SpecCode::BadEnum)) {
    mount_.recursive = node->text;
  }
  if (const Node* const node = word(block, "selinux", kLabels, SpecCode::BadEnum)) {
    mount_.selinux = node->text;
  }
}

void LongForm::read_volume(const Node& block) {
  if (const Node* const node = tree_.find(block, "labels")) {
    mount_.labels = read_labels(input_, tree_, *node);
  }
  if (const Node* const node = boolean(block, "nocopy")) {
    mount_.no_copy = compose_bool(*node).value_or(false);
  }
  if (const Node* const node = text(block, "subpath")) {
    mount_.subpath = node->text;
  }
}

void LongForm::check_tmpfs(const Node& block) const {
  if (const Node* const size = tree_.find(block, "size")) {
    constexpr double kGreatest = 9e18;
    const bool whole =
        size->is_number() && std::floor(size->number) == size->number && std::abs(size->number) < kGreatest;
    if (!whole && !size->is(Kind::Text)) {
      refuse_type(input_, *size, "size", "a whole number or a text");
    }
    if (whole && size->number < 0) {
      input_.refuse(size->span, {SpecCode::BadSize, SpecStage::Schema, "must be greater than or equal to 0"},
                    "a size cannot be negative", "write bytes, or a text like \"64m\"");
    }
  }
  if (const Node* const mode = tree_.find(block, "mode");
      mode != nullptr && !mode->is_number() && !mode->is(Kind::Text)) {
    refuse_type(input_, *mode, "mode", "a number");
  }
}

SpecMount LongForm::read() {
  check_members(input_, tree_, mapping_, kMountMembers);
  read_type();
  if (const Node* const source = text(mapping_, "source")) {
    mount_.source = source->text;
  }
  mount_.target = long_target(input_, tree_, mapping_);
  if (const Node* const node = boolean(mapping_, "read_only")) {
    mount_.read_only = compose_bool(*node).value_or(false);
  }
  if (const Node* const node = text(mapping_, "consistency")) {
    mount_.consistency = node->text;
  }
  const Node* const bind = block("bind", kBindMembers);
  if (bind != nullptr) {
    read_bind(*bind);
  }
  if (mount_.type == SpecType::Bind) {
    mount_.create_host_path = mount_.create_host_path.value_or(true);
  } else {
    mount_.create_host_path.reset();
  }
  if (const Node* const volume = block("volume", kVolumeMembers)) {
    read_volume(*volume);
  }
  if (const Node* const tmpfs = block("tmpfs", kTmpfsMembers)) {
    check_tmpfs(*tmpfs);
  }
  if (const Node* const image = block("image", kImageMembers)) {
    if (const Node* const node = text(*image, "subpath"); node != nullptr && mount_.type == SpecType::Image) {
      mount_.subpath = node->text;
    }
  }
  mount_.anonymous = mount_.type == SpecType::Volume && mount_.source.empty();
  return std::move(mount_);
}

/// A plain number is taken as it is, negative ones too.
std::optional<std::int64_t> parse_unit_bytes(std::string_view text) {
  std::int64_t number = 0;
  const char* const stop = text.data() + text.size();
  const auto [end, fault] = std::from_chars(text.data(), stop, number);
  if (!text.empty() && fault == std::errc{} && end == stop) {
    return number;
  }
  const auto size = parse_size(text);
  constexpr auto kGreatest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  return size && *size <= kGreatest ? std::optional{static_cast<std::int64_t>(*size)} : std::nullopt;
}

void decode_size(const Input& input, const Node& node, SpecMount& mount) {
  mount.tmpfs_size = node.is(Kind::Text) ? parse_unit_bytes(node.text) : static_cast<std::int64_t>(node.number);
  if (!mount.tmpfs_size) {
    input.refuse(node.span, {SpecCode::BadSize, SpecStage::Decode, fmt::format("invalid size: '{}'", shown(node.text))},
                 fmt::format("\"{}\" is not a size", shown(node.text)),
                 "write bytes, or a number with k, m, g or t, like \"64m\"");
  }
}

void decode_mode(const Input& input, const Node& node, SpecMount& mount) {
  constexpr double kGreatest = std::numeric_limits<std::uint32_t>::max();
  if (!node.is_number()) {
    input.refuse(
        node.span,
        {SpecCode::BadType, SpecStage::Decode, "'mode' expected type 'uint32', got unconvertible type 'string'"},
        "a mode in quotes is a text", "write it without quotes, like 0755");
  }
  if (node.number < 0 || node.number > kGreatest) {
    input.refuse(node.span, {SpecCode::BadFileMode, SpecStage::Decode, "cannot parse 'mode', overflows uint"},
                 fmt::format("\"{}\" is not a mode", shown(node.text)), "write permission bits in octal, like 0755");
  }
  mount.tmpfs_mode = static_cast<std::uint32_t>(node.number);
}

}  // namespace

const std::string& long_target(const Input& input, const Tree& tree, const Node& mapping) {
  const Node* const target = tree.find(mapping, "target");
  if (target == nullptr || !target->is(Kind::Text)) {
    input.refuse(target == nullptr ? mapping.span : target->span,
                 {SpecCode::MissingTarget, SpecStage::Merge, "service volume is missing a mount target"}, "no target",
                 "add \"target: /path/in/container\"");
  }
  return target->text;
}

void check_casts(const Input& input, const Tree& tree, const Node& mapping) {
  const auto check = [&](const Node* node) {
    if (node != nullptr && node->is(Kind::Text) && !compose_bool(*node)) {
      refuse_bool(input, *node, SpecStage::Interpolate);
    }
  };
  check(tree.find(mapping, "read_only"));
  if (const Node* const volume = tree.find(mapping, "volume")) {
    check(tree.find(*volume, "nocopy"));
  }
}

ComposeEntry read_long_entry(const Input& input, const Tree& tree, const Node& mapping) {
  ComposeEntry entry{.mount = LongForm{input, tree, mapping}.read()};
  entry.first_key = entry.mount.target;
  entry.second_key = entry.mount.target;
  const Node* const source = tree.find(mapping, "source");
  entry.span = source == nullptr ? mapping.span : source->span;
  return entry;
}

void resolve_long_entry(const Input& input, const Tree& tree, const Node& mapping, ComposeEntry& entry,
                        const Rules& rules) {
  SpecMount& mount = entry.mount;
  if (mount.type == SpecType::Bind) {
    if (tree.find(mapping, "source") == nullptr) {
      input.refuse(mapping.span,
                   {SpecCode::MissingSource, SpecStage::Paths,
                    "invalid mount config for type \"bind\": field Source must not be empty"},
                   "no source", "add \"source: ./path\"");
    }
    mount.source = compose_path(mount.source, rules.host, rules.own);
  }
  mount.target = clean(mount.target);
  const Node* const tmpfs = tree.find(mapping, "tmpfs");
  if (tmpfs == nullptr) {
    return;
  }
  if (const Node* const size = tree.find(*tmpfs, "size")) {
    decode_size(input, *size, mount);
  }
  if (const Node* const mode = tree.find(*tmpfs, "mode")) {
    decode_mode(input, *mode, mount);
  }
  if (mount.type != SpecType::Tmpfs) {  // accepted, and left to a warning of Compose
    mount.tmpfs_size.reset();
    mount.tmpfs_mode.reset();
  }
}

}  // namespace dunnage::spec
