// SPDX-License-Identifier: Apache-2.0
#include "spec/compose.hpp"
#include "spec/compose_long.hpp"
#include "spec/flag.hpp"

#include <dunnage/spec.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dunnage {
namespace spec {
namespace {

using Kind = Node::Kind;

/// YAML of one list of a service, interpolated.
struct Document {
  Document(std::string_view yaml, const Host& host) : input{kComposeNoun, yaml}, tree{input} {
    interpolate_tree(input, tree, host);
  }

  Input input;
  Tree tree;
};

std::size_t begin_of_text(const Input& input, const Node& node) {
  const std::size_t column = node.span.column;
  const char first = column < input.text().size() ? input.text()[column] : '\0';
  return column + (first == '"' || first == '\'' ? 1 : 0);
}

/// Later ones replace earlier ones with the same key, in their place.
template <typename Item, typename Key>
void keep_last(std::vector<Item>& items, Key key) {
  std::vector<Item> kept;
  std::map<std::string, std::size_t> places;
  for (Item& item : items) {
    const auto [place, added] = places.emplace(key(item), kept.size());
    if (added) {
      kept.push_back(std::move(item));
    } else {
      kept[place->second] = std::move(item);
    }
  }
  items = std::move(kept);
}

struct Item {
  const Node* node;
  ComposeEntry entry;
};

class ServiceVolumes {
 public:
  ServiceVolumes(const Document& document, const Rules& rules)
      : input_{document.input}, tree_{document.tree}, rules_{rules} {}

  std::vector<ComposeEntry> read() {
    collect();
    keep_last(items_, [](const Item& item) { return item.entry.first_key; });
    for (Item& item : items_) {
      if (item.node->is(Kind::Mapping)) {
        item.entry = read_long_entry(input_, tree_, *item.node);
      }
    }
    keep_last(items_, [](const Item& item) { return item.entry.second_key; });
    std::vector<ComposeEntry> entries;
    for (Item& item : items_) {
      resolve(item);
      entries.push_back(std::move(item.entry));
    }
    for (ComposeEntry& entry : entries) {
      finish_compose(input_, entry.span, entry.mount, rules_);
    }
    return entries;
  }

 private:
  void collect() {
    const Node& root = tree_.root();
    if (root.is(Kind::Null)) {
      return;
    }
    if (!root.is(Kind::Sequence)) {
      refuse_type(input_, root, "volumes", "a list");
    }
    for (const std::size_t place : root.items) {
      const Node& node = tree_.at(place);
      if (node.is(Kind::Mapping)) {
        check_casts(input_, tree_, node);
      }
    }
    for (const std::size_t place : root.items) {
      items_.push_back({&tree_.at(place), first(tree_.at(place))});
    }
  }

  ComposeEntry first(const Node& node) const {
    if (node.is(Kind::Mapping)) {
      return {.first_key = long_target(input_, tree_, node)};
    }
    if (!node.is(Kind::Text)) {
      refuse_type(input_, node, "an entry of volumes", "a text or a mapping");
    }
    ComposeEntry entry = read_short_entry(Input{input_, node.text, begin_of_text(input_, node)}, rules_);
    entry.span = node.span;
    return entry;
  }

  void resolve(Item& item) const {
    if (item.node->is(Kind::Mapping)) {
      resolve_long_entry(input_, tree_, *item.node, item.entry, rules_);
    } else if (item.entry.mount.type == SpecType::Bind) {
      item.entry.mount.source = compose_path(item.entry.mount.source, rules_.host, rules_.own);
    }
  }

  const Input& input_;
  const Tree& tree_;
  const Rules& rules_;
  std::vector<Item> items_{};
};

struct TmpfsEntry {
  std::string text;
  Span span;
};

std::vector<TmpfsEntry> read_tmpfs_entries(const Document& document) {
  const Node& root = document.tree.root();
  std::vector<TmpfsEntry> entries;
  if (root.is(Kind::Text)) {
    entries.push_back({root.text, root.span});
    return entries;
  }
  if (!root.is(Kind::Sequence) && !root.is(Kind::Null)) {
    refuse_type(document.input, root, "tmpfs", "a text or a list of texts");
  }
  for (const std::size_t place : root.items) {
    const Node& node = document.tree.at(place);
    if (!node.is(Kind::Text)) {
      refuse_type(document.input, node, "an entry of tmpfs", "a text");
    }
    entries.push_back({node.text, node.span});
  }
  keep_last(entries, [](const TmpfsEntry& entry) { return entry.text.substr(0, entry.text.find('=')); });
  return entries;
}

/// Targets of a service, of both lists.
class Targets {
 public:
  void add(const Input& input, Span span, const std::string& target, std::string name, SpecStage stage) {
    const auto [place, added] = names_.emplace(target, name);
    if (!added) {
      input.refuse(at_least_one(span),
                   {SpecCode::DuplicateTarget, stage,
                    fmt::format("{}: target {} already mounted as {}", name, shown(target), place->second)},
                   fmt::format("\"{}\" is the target of {} already", shown(target), place->second),
                   "choose another target or leave one of the two out");
    }
  }

 private:
  std::map<std::string, std::string> names_{};
};

struct Service {
  std::vector<ComposeEntry> volumes;
  std::vector<TmpfsEntry> tmpfs;
};

/// Both lists, and the check that no target is in them twice. \param stage of that check
Service read_service(std::string_view volumes, std::string_view tmpfs, const SpecContext& context, SpecStage stage) {
  const Host host{context};
  const Rules rules{.engine = Engine::Compose, .own = false, .host = host};
  const Document volume_list{volumes, host};
  const Document tmpfs_list{tmpfs, host};
  Service service{ServiceVolumes{volume_list, rules}.read(), read_tmpfs_entries(tmpfs_list)};
  Targets targets;
  for (std::size_t index = 0; index < service.volumes.size(); ++index) {
    const ComposeEntry& entry = service.volumes[index];
    targets.add(volume_list.input, entry.span, entry.mount.target, fmt::format("volumes[{}]", index), stage);
  }
  for (std::size_t index = 0; index < service.tmpfs.size(); ++index) {
    const auto& [text, span] = service.tmpfs[index];
    targets.add(tmpfs_list.input, span, text.substr(0, text.find(':')), fmt::format("tmpfs[{}]", index), stage);
  }
  return service;
}

}  // namespace
}  // namespace spec

SpecMount read_compose_long(std::string_view yaml, const SpecContext& context) {
  const spec::Host host{context};
  const spec::Rules rules{.engine = Engine::Compose, .own = false, .host = host};
  const spec::Document document{yaml, host};
  const spec::Node& root = document.tree.root();
  if (!root.is(spec::Node::Kind::Mapping)) {
    spec::refuse_type(document.input, root, "a volume in long form", "a mapping");
  }
  spec::check_casts(document.input, document.tree, root);
  (void)spec::long_target(document.input, document.tree, root);
  spec::ComposeEntry entry = spec::read_long_entry(document.input, document.tree, root);
  spec::resolve_long_entry(document.input, document.tree, root, entry, rules);
  spec::finish_compose(document.input, entry.span, entry.mount, rules);
  return std::move(entry.mount);
}

std::vector<SpecMount> read_compose_volumes(std::string_view yaml, std::string_view tmpfs, const SpecContext& context) {
  spec::Service service = spec::read_service(yaml, tmpfs, context, SpecStage::Load);
  std::vector<SpecMount> mounts;
  for (spec::ComposeEntry& entry : service.volumes) {
    mounts.push_back(std::move(entry.mount));
  }
  std::stable_sort(mounts.begin(), mounts.end(),
                   [](const SpecMount& left, const SpecMount& right) { return left.target < right.target; });
  return mounts;
}

std::vector<std::string> read_compose_tmpfs(std::string_view yaml, std::string_view volumes,
                                            const SpecContext& context) {
  spec::Service service = spec::read_service(volumes, yaml, context, SpecStage::Parse);
  std::vector<std::string> texts;
  for (spec::TmpfsEntry& entry : service.tmpfs) {
    texts.push_back(std::move(entry.text));
  }
  return texts;
}

}  // namespace dunnage
