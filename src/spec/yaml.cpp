// SPDX-License-Identifier: Apache-2.0
#include "spec/yaml.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dunnage::spec {

/// Puts the tree together from the parser's events.
class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(const Input& input, Tree& tree) : input_{input}, tree_{tree} {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (std::exchange(started_, true)) {
      refuse(mark, SpecCode::BadYaml, "there is a second document", "give one");
    }
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { add(make(mark, Node::Kind::Null), anchor); }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) {
      refuse(mark, SpecCode::BadYaml, "the alias names a node it stands in", "write the value out");
    }
    place(found->second);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    Node node = make(mark, Node::Kind::Text);
    node.text = value;
    node.span.length = std::max<std::size_t>(std::min(value.size(), input_.text().size() - node.span.column), 1);
    if (tag == "?" || tag.empty()) {
      resolve_scalar(node);
    }
    add(std::move(node), anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    open(make(mark, Node::Kind::Sequence), anchor);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    open(make(mark, Node::Kind::Mapping), anchor);
  }

  void OnMapEnd() override {
    const std::size_t mapping = open_.back().place;
    close();
    merge(mapping);
  }

 private:
  static constexpr std::size_t kMostNodes = 20'000;
  static constexpr std::size_t kDeepest = 64;
  static constexpr std::size_t kMostMerged = 2'000;

  struct Open {
    std::size_t place;
    YAML::anchor_t anchor;
    std::optional<std::size_t> key;
  };

  [[noreturn]] void refuse(const YAML::Mark& mark, SpecCode code, std::string cause, std::string remedy) const {
    input_.refuse({offset_of(mark), 1}, {code, SpecStage::Parse, ""}, std::move(cause), std::move(remedy));
  }

  [[nodiscard]] std::size_t offset_of(const YAML::Mark& mark) const {
    return std::min(static_cast<std::size_t>(std::max(mark.pos, 0)), input_.text().size());
  }

  [[nodiscard]] Node make(const YAML::Mark& mark, Node::Kind kind) const {
    if (tree_.nodes_.size() >= kMostNodes) {
      refuse(mark, SpecCode::TooLong, "there are more than 20,000 values", "shorten it");
    }
    Node node;
    node.kind = kind;
    node.span = {offset_of(mark), 1};
    return node;
  }

  std::size_t store(Node&& node) {
    tree_.nodes_.push_back(std::move(node));
    return tree_.nodes_.size() - 1;
  }

  void remember(YAML::anchor_t anchor, std::size_t place) {
    if (anchor != 0) {
      anchors_[anchor] = place;
    }
  }

  void add(Node&& node, YAML::anchor_t anchor) {
    const std::size_t place_of_node = store(std::move(node));
    remember(anchor, place_of_node);
    place(place_of_node);
  }

  /// Puts a finished node where it belongs.
  void place(std::size_t node) {
    if (open_.empty()) {
      tree_.root_ = node;
      return;
    }
    Open& parent = open_.back();
    Node& container = tree_.nodes_[parent.place];
    if (container.is(Node::Kind::Sequence)) {
      container.items.push_back(node);
    } else if (!parent.key) {
      check_new_key(container, node);
      parent.key = node;
    } else {
      container.pairs.emplace_back(*std::exchange(parent.key, std::nullopt), node);
    }
  }

  void check_new_key(const Node& mapping, std::size_t key) {
    const Node& node = tree_.nodes_[key];
    if (node.is(Node::Kind::Sequence) || node.is(Node::Kind::Mapping)) {
      input_.refuse(node.span, {SpecCode::BadYaml, SpecStage::Parse, ""}, "a key is no text", "write a plain word");
    }
    if (mapping.pairs.size() < kFewKeys ? tree_.find(mapping, node.text) != nullptr
                                        : !keys_.insert({open_.back().place, node.text}).second) {
      input_.refuse(
          node.span,
          {SpecCode::BadYaml, SpecStage::Parse, fmt::format("mapping key \"{}\" already defined", shown(node.text))},
          fmt::format("the key \"{}\" is there already", shown(node.text)), "leave one of the two out");
    }
    if (mapping.pairs.size() + 1 == kFewKeys) {  // from here on a look through all would take too long
      for (const auto& [other, value] : mapping.pairs) {
        keys_.insert({open_.back().place, tree_.nodes_[other].text});
      }
      keys_.insert({open_.back().place, node.text});
    }
  }

  void open(Node&& node, YAML::anchor_t anchor) {
    if (open_.size() >= kDeepest) {
      input_.refuse(node.span, {SpecCode::TooLong, SpecStage::Parse, ""}, "values are nested more than 64 deep",
                    "shorten it");
    }
    open_.push_back({store(std::move(node)), anchor, std::nullopt});
  }

  void close() {
    const Open finished = open_.back();
    open_.pop_back();
    remember(finished.anchor, finished.place);
    place(finished.place);
  }

  /// `<<: *defaults`: keys that are not there are taken from there.
  void merge(std::size_t mapping) {
    const Node* const from = tree_.find(tree_.nodes_[mapping], "<<");
    if (from == nullptr) {
      return;
    }
    std::vector<std::pair<std::size_t, std::size_t>> taken;
    const auto take = [&](const Node& other) {
      if ((merged_ += other.pairs.size()) > kMostMerged) {
        input_.refuse(other.span, {SpecCode::TooLong, SpecStage::Parse, ""}, "more than 2,000 keys are merged",
                      "write them out, or merge less");
      }
      taken.insert(taken.end(), other.pairs.begin(), other.pairs.end());
    };
    if (from->is(Node::Kind::Sequence)) {
      for (const std::size_t item : from->items) {
        take(tree_.nodes_[item]);
      }
    } else {
      take(*from);
    }
    Node& node = tree_.nodes_[mapping];
    std::erase_if(node.pairs, [&](const auto& pair) { return tree_.nodes_[pair.first].text == "<<"; });
    for (const auto& pair : taken) {
      if (tree_.find(node, tree_.nodes_[pair.first].text) == nullptr) {
        node.pairs.push_back(pair);
      }
    }
  }

  static constexpr std::size_t kFewKeys = 16;

  const Input& input_;
  Tree& tree_;
  bool started_ = false;
  std::size_t merged_ = 0;
  std::vector<Open> open_{};
  std::map<YAML::anchor_t, std::size_t> anchors_{};
  std::set<std::pair<std::size_t, std::string>> keys_{};
};

Tree::Tree(const Input& input) {
  std::istringstream text{std::string{input.text()}};
  TreeBuilder builder{input, *this};
  try {
    YAML::Parser parser{text};
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& error) {
    const auto place = static_cast<std::size_t>(std::max(error.mark.pos, 0));
    input.refuse({std::min(place, input.text().size()), 1}, {SpecCode::BadYaml, SpecStage::Parse, error.msg},
                 "this is not YAML: " + error.msg, "see yaml.org, or write JSON");
  }
  if (nodes_.empty()) {
    nodes_.emplace_back();
  }
}

void Tree::change_texts(const std::function<void(Node&)>& change) {
  std::vector<bool> keys(nodes_.size());
  for (const Node& node : nodes_) {
    for (const auto& [key, value] : node.pairs) {
      keys[key] = true;
    }
  }
  for (std::size_t place = 0; place < nodes_.size(); ++place) {
    if (!keys[place] && nodes_[place].is(Node::Kind::Text)) {
      change(nodes_[place]);
    }
  }
}

const Node* Tree::find(const Node& mapping, std::string_view key, Span* key_span) const {
  for (const auto& [name, value] : mapping.pairs) {
    if (nodes_[name].text == key) {
      if (key_span != nullptr) {
        *key_span = nodes_[name].span;
      }
      return &nodes_[value];
    }
  }
  return nullptr;
}

}  // namespace dunnage::spec
