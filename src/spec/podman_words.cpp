// SPDX-License-Identifier: Apache-2.0
#include "spec/podman_words.hpp"

#include "model/target.hpp"
#include "spec/flag.hpp"
#include "spec/text.hpp"
#include "spec/words.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dunnage::spec {
namespace {

constexpr std::array<std::string_view, kGroups> kOnlyOne{
    "",
    "'rw' or 'ro' option",
    "'z', 'Z', or 'O' option",
    "'[r]shared', '[r]private', '[r]slave' or '[r]unbindable' option",
    "'copy' or 'nocopy' option",
    "",
    "'noexec' or 'exec' option",
    "'nosuid' or 'suid' option",
    "'nodev' or 'dev' option",
    "'U' option",
    "'[r]bind' option",
    "'no-dereference' option",
};

std::string joined(const std::vector<Piece>& words) {
  std::string text;
  for (const Piece& word : words) {
    text += fmt::format("{}{}", text.empty() ? "" : ", ", word.text);
  }
  return shown(text);
}

class FirstCheck {
 public:
  FirstCheck(const Input& input, const std::vector<Piece>& words, SpecType type, bool own)
      : input_{input}, words_{words}, type_{type}, own_{own} {}

  std::vector<std::string> check() {
    for (const Piece& word : words_) {
      if (keep(word)) {
        kept_.emplace_back(word.text);
      }
    }
    return std::move(kept_);
  }

 private:
  [[noreturn]] void refuse_second(const Piece& word, std::string_view earlier, std::string_view what) const {
    refuse_contradiction(input_, field_of(word), earlier,
                         {SpecCode::DuplicateOption, SpecStage::Parse,
                          fmt::format("invalid options \"{}\", can only specify 1 {}", joined(words_), what)});
  }

  void keep_directory(const Piece& word, std::string_view name, bool& found) {
    if (std::exchange(found, true)) {
      refuse_second(word, name, fmt::format("{} per overlay", name));
    }
  }

  bool keep(const Piece& word) {
    if (word.text.find("upperdir") != std::string_view::npos) {
      keep_directory(word, "upperdir", upper_);
      return true;
    }
    if (word.text.find("workdir") != std::string_view::npos) {
      keep_directory(word, "workdir", work_);
      return true;
    }
    if (word.text.starts_with("idmap")) {
      return true;
    }
    const Option* const option = find_option(Flag::PodmanVolume, own_, word.text);
    if (option == nullptr) {
      refuse_word(
          input_, Flag::PodmanVolume, own_, type_, field_of(word),
          {SpecCode::UnknownOption, SpecStage::Parse, fmt::format("invalid option type \"{}\"", shown(word.text))});
    }
    if (option->group == Group::Consistency) {
      return false;
    }
    if (const auto earlier = enter(seen_, option->group, word.text); earlier.data() != nullptr) {
      refuse_second(word, earlier, kOnlyOne.at(static_cast<std::size_t>(option->group)));
    }
    return true;
  }

  const Input& input_;
  const std::vector<Piece>& words_;
  SpecType type_;
  bool own_;
  std::vector<std::string> kept_{};
  Seen seen_{};
  bool upper_ = false;
  bool work_ = false;
};

}  // namespace

bool has_word(const std::vector<std::string>& words, std::string_view word) noexcept {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::vector<std::string> check_podman_words(const Input& input, const std::vector<Piece>& words, SpecType type,
                                            bool own) {
  return FirstCheck{input, words, type, own}.check();
}

void read_podman_words(SpecMount& mount) {
  constexpr std::array<std::string_view, 8> kPropagations{"private", "rprivate", "shared",     "rshared",
                                                          "slave",   "rslave",   "unbindable", "runbindable"};
  const std::vector<std::string>& words = *mount.flags;
  mount.read_only = has_word(words, "ro");
  mount.no_copy = has_word(words, "nocopy");
  mount.no_create = has_word(words, "nocreate");
  mount.propagation = has_word(words, "bind") ? "private" : "rprivate";
  for (const std::string& word : words) {
    if (std::find(kPropagations.begin(), kPropagations.end(), word) != kPropagations.end()) {
      mount.propagation = word;
    }
  }
}

void check_podman_target(const Input& input, std::string_view text, Span span, const Rules& rules) {
  if (text.empty()) {
    input.refuse(at_least_one(span), {SpecCode::MissingTarget, SpecStage::Parse, "container directory cannot be empty"},
                 "the target is empty", "give an absolute path in the container");
  }
  if (!text.starts_with('/')) {
    input.refuse(span,
                 {SpecCode::TargetNotAbsolute, SpecStage::Parse,
                  fmt::format("invalid container path \"{}\", must be an absolute path", shown(text))},
                 "the target is not an absolute path", "begin it with \"/\"");
  }
  if (!rules.own) {
    return;
  }
  if (const auto fault = model::fault_of_target(text)) {
    input.refuse(span, {.code = is_root(text) ? SpecCode::TargetIsRoot : SpecCode::InvalidSpec},
                 std::string{fault->cause}, std::string{fault->remedy});
  }
}

std::string podman_host_path(const Input& input, const Piece& source, const Rules& rules) {
  if (rules.own) {
    if (source.text.find('\0') != std::string_view::npos) {
      input.refuse(source.span, {.code = SpecCode::InvalidSpec}, "the source holds a NUL",
                   "give a path without control characters");
    }
    return std::string{source.text};
  }
  std::string path = rules.host.absolute(source.text);
  if (!rules.host.exists(path)) {
    input.refuse(at_least_one(source.span),
                 {SpecCode::SourceNotFound, source.text.starts_with("./") ? SpecStage::Parse : SpecStage::Create,
                  fmt::format("statfs {}: no such file or directory", shown(path))},
                 fmt::format("there is no \"{}\" on the host", shown(path)), "make it before");
  }
  return path;
}

}  // namespace dunnage::spec
