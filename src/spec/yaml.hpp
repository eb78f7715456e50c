// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// YAML, and JSON with it, as a tree whose nodes know where they stand in the text.

#include "spec/input.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dunnage::spec {

struct Node {
  enum class Kind { Null, Bool, Integer, Float, Text, Sequence, Mapping };

  Kind kind = Kind::Null;
  std::string text{};  ///< of a scalar, as it is written
  bool boolean = false;
  std::int64_t integer = 0;
  double number = 0;
  Span span{};
  std::vector<std::size_t> items{};                          ///< of a sequence: places in the tree
  std::vector<std::pair<std::size_t, std::size_t>> pairs{};  ///< of a mapping: key and value

  [[nodiscard]] bool is(Kind one) const noexcept { return kind == one; }
  [[nodiscard]] bool is_number() const noexcept { return kind == Kind::Integer || kind == Kind::Float; }
};

/// One document. An alias is the node it names, so that a tree is never larger than its text.
class Tree {
 public:
  /// Throws: SpecError(BadYaml), with the place; TooLong for more than 20,000 nodes or 64 levels.
  explicit Tree(const Input& input);

  [[nodiscard]] const Node& root() const { return nodes_.at(root_); }
  [[nodiscard]] const Node& at(std::size_t place) const { return nodes_.at(place); }
  /// The value for the key, or null. \param key_span where the key stands, if wanted
  [[nodiscard]] const Node* find(const Node& mapping, std::string_view key, Span* key_span = nullptr) const;
  /// Calls `change` once for each value that is a text, keys left out.
  void change_texts(const std::function<void(Node&)>& change);

 private:
  friend class TreeBuilder;
  std::vector<Node> nodes_{};
  std::size_t root_ = 0;
};

/// What a plain scalar means by YAML's core rules as Go's library has them: `0755` and `0o755` are octal.
void resolve_scalar(Node& node);

}  // namespace dunnage::spec
