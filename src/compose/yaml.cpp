// SPDX-License-Identifier: Apache-2.0
#include "compose/yaml.hpp"

#include "compose/encoding.hpp"
#include "error/printable.hpp"
#include "spec/yaml.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dunnage::compose {
namespace {

/// A value in the making. Tags of what is in it are paths from here, so that an alias can repeat them.
struct Part {
  Value value{};
  std::vector<Path> resets{};
  bool reset = false;
};

class Builder : public YAML::EventHandler {
 public:
  Builder(Texts& texts, std::uint32_t file) : texts_{texts}, file_{file} {}

  std::vector<Document> take() { return std::move(documents_); }

  void OnDocumentStart(const YAML::Mark& /*mark*/) override { anchors_.clear(); }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    finish({.value = Value::null(mark_of(mark, 1))}, anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    const Mark where = mark_of(mark, 1);
    if (found == anchors_.end()) {
      refuse(where, "the alias names a value it stands in", "write the value out");
    }
    Part part{.value = copy(found->second.value, texts_, where), .resets = found->second.resets};
    part.reset = found->second.reset;
    texts_.spend_nodes(part.resets.size(), where);
    place(std::move(part));
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    spec::Node node{.kind = spec::Node::Kind::Text, .text = value};
    if (tag == "?" || tag.empty()) {
      spec::resolve_scalar(node);
    }
    const Mark where = mark_of(mark, std::max<std::size_t>(value.size(), 1));
    Part part{.value = value_of(node, tag, where)};
    apply_tag(part, tag);
    finish(std::move(part), anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    open(Value{Value::List{}, mark_of(mark, 1)}, tag, anchor);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    open(Value{Value::Map{}, mark_of(mark, 1)}, tag, anchor);
  }
  void OnMapEnd() override {
    merge();
    close();
  }

 private:
  struct Open {
    Part part;
    std::string tag;
    YAML::anchor_t anchor;
    std::optional<std::string> key{};
    Mark key_mark{};
    std::vector<Part> merged{};  ///< what stands under `<<`
    bool merges = false;
  };

  [[noreturn]] void refuse(Mark mark, std::string cause, std::string remedy) const {
    texts_.refuse(mark, "", std::move(cause), std::move(remedy));
  }

  [[nodiscard]] Mark mark_of(const YAML::Mark& mark, std::size_t length) const {
    const std::size_t size = texts_.text(file_).size();
    const std::size_t offset = std::min(static_cast<std::size_t>(std::max(mark.pos, 0)), size);
    return {file_, static_cast<std::uint32_t>(offset), static_cast<std::uint32_t>(std::min(length, size - offset))};
  }

  static Value value_of(const spec::Node& node, const std::string& tag, Mark where) {
    switch (node.kind) {
      case spec::Node::Kind::Null:
        return Value::null(where);
      case spec::Node::Kind::Bool:
        return {node.boolean, where};
      case spec::Node::Kind::Integer:
        return {node.integer, where};
      case spec::Node::Kind::Float:
        return {node.number, where};
      default:
        return tag == "!reset" && node.text.empty() ? Value::null(where) : Value{node.text, where};
    }
  }

  void apply_tag(Part& part, const std::string& tag) const {
    if (tag == "!reset" || tag == "!override") {
      part.reset = tag == "!reset";
      part.resets = {Path{}};
    }
  }

  void finish(Part part, YAML::anchor_t anchor) {
    texts_.spend_nodes(1, part.value.mark);
    if (anchor != 0) {
      texts_.spend_bytes(part.value.is_text() ? part.value.text().size() : 0, part.value.mark);
      anchors_[anchor] = part;
    }
    place(std::move(part));
  }

  void place(Part part) {
    if (open_.empty()) {
      documents_.push_back({std::move(part.value), std::move(part.resets)});
      return;
    }
    Open& parent = open_.back();
    if (parent.part.value.is_list()) {
      place_item(parent, std::move(part));
    } else if (!parent.key) {
      place_key(parent, part.value);
    } else {
      place_member(parent, std::move(part));
    }
  }

  void place_item(Open& parent, Part part) {
    if (!part.reset) {  // tags in lists have nothing to do: lists have no keys to find what was there before
      parent.part.value.list().push_back(std::move(part.value));
    }
  }

  void place_key(Open& parent, const Value& key) const {
    if (!key.is_text()) {
      refuse(key.mark, fmt::format("a key is {} and no text", key.kind_name()), "put it in quotes");
    }
    std::string name = key.text();
    const auto found = parent.part.value.map().find(name);
    if (found != parent.part.value.map().end() || (name == "<<" && parent.merges)) {
      refuse(key.mark, fmt::format("the key \"{}\" is there already", error::printable(name)),
             found == parent.part.value.map().end() ? "leave one of the two out"
                                                    : fmt::format("leave one of the two out; the first is in line {}",
                                                                  texts_.place(found->second.key).line));
    }
    parent.key = std::move(name);
    parent.key_mark = key.mark;
  }

  void place_member(Open& parent, Part part) {
    std::string name = *std::exchange(parent.key, std::nullopt);
    if (name == "<<") {
      parent.merges = true;
      parent.merged.push_back(std::move(part));
      return;
    }
    for (Path& path : part.resets) {
      path.insert(path.begin(), name);
      parent.part.resets.push_back(std::move(path));
    }
    part.value.key = parent.key_mark;
    if (!part.reset) {
      parent.part.value.map().insert_or_assign(std::move(name), std::move(part.value));
    }
  }

  void open(Value value, const std::string& tag, YAML::anchor_t anchor) {
    if (open_.size() >= Limits::kDeepest) {
      texts_.refuse(value.mark, "", "values are nested more than 64 deep", "make it flatter", errc::limit_exceeded);
    }
    open_.push_back({.part = {.value = std::move(value)}, .tag = tag, .anchor = anchor});
  }

  void close() {
    Open finished = std::move(open_.back());
    open_.pop_back();
    apply_tag(finished.part, finished.tag);
    if (finished.anchor != 0) {
      const Cost cost = cost_of(finished.part.value);
      texts_.spend_nodes(cost.nodes, finished.part.value.mark);
      texts_.spend_bytes(cost.bytes, finished.part.value.mark);
      anchors_[finished.anchor] = finished.part;
    }
    texts_.spend_nodes(1, finished.part.value.mark);
    place(std::move(finished.part));
  }

  /// `<<: *defaults`: keys that are not there are taken from there, from the first of several.
  void merge() {
    Open& mapping = open_.back();
    const auto take = [&](Value& from) {
      if (!from.is_map()) {
        refuse(from.mark, "what is merged is no mapping", "name an anchor of a mapping, or a list of such");
      }
      for (auto& [name, value] : from.map()) {
        mapping.part.value.map().emplace(name, std::move(value));
      }
    };
    for (Part& part : mapping.merged) {
      std::move(part.resets.begin(), part.resets.end(), std::back_inserter(mapping.part.resets));
      if (part.value.is_list()) {
        std::for_each(part.value.list().begin(), part.value.list().end(), take);
      } else {
        take(part.value);
      }
    }
  }

  Texts& texts_;
  std::uint32_t file_;
  std::vector<Open> open_{};
  std::map<YAML::anchor_t, Part> anchors_{};
  std::vector<Document> documents_{};
};

}  // namespace

namespace {

/// The parser reads a collection in braces that begins a line to its end before it tells of it, at some hundred bytes a
/// sign. Each sign makes a value, and a project may not have that many.
void check_signs(const Texts& texts, std::uint32_t file) {
  const std::string& text = texts.text(file);
  constexpr std::size_t kMost = 2 * Limits::kNodes;
  std::size_t count = 0;
  for (std::size_t at = text.find_first_of("[{,"); at != std::string::npos; at = text.find_first_of("[{,", at + 1)) {
    if (++count > kMost) {
      texts.refuse({file, static_cast<std::uint32_t>(at), 1}, "", "the file has more than 200,000 commas and brackets",
                   "make it smaller, or have it repeat less", errc::limit_exceeded);
    }
  }
}

bool is_indented_by_tab(std::string_view text, std::size_t offset) {
  const std::size_t end = text.rfind('\n', offset == 0 ? 0 : offset - 1);
  const std::size_t begin = end == std::string_view::npos ? 0 : end + 1;
  const std::size_t word = text.find_first_not_of(" \t", begin);
  return text.substr(begin, word - begin).find('\t') != std::string_view::npos;
}

}  // namespace

std::vector<Document> parse_yaml(Texts& texts, std::uint32_t file) {
  const std::string& text = texts.text(file);
  check_encoding(texts, file);
  check_signs(texts, file);
  std::istringstream stream{text};
  Builder builder{texts, file};
  try {
    YAML::Parser parser{stream};
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& error) {
    const auto offset = std::min(static_cast<std::size_t>(std::max(error.mark.pos, 0)), text.size());
    texts.refuse({file, static_cast<std::uint32_t>(offset), 1}, "", "this is not YAML: " + error.msg,
                 is_indented_by_tab(text, offset) ? "indent with blanks, not with a tab"
                                                  : "mind the indentation and the quotes");
  }
  return builder.take();
}

}  // namespace dunnage::compose
