// SPDX-License-Identifier: Apache-2.0
#include "spec/flag.hpp"
#include "spec/podman_words.hpp"
#include "spec/words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dunnage::spec {
namespace {

/// Kinds of words in the second check; one word of each.
enum class WordKind { Access, Propagation, Copy, Exec, Suid, Dev, Size, Mode, CopyUp, Bind, Label, Owner, Swap, Other };

struct Known {
  std::string_view word;
  WordKind kind;
  bool on_tmpfs;
  bool elsewhere;
};

constexpr std::array kKnown{
    Known{"rw", WordKind::Access, true, true},
    Known{"ro", WordKind::Access, true, true},
    Known{"private", WordKind::Propagation, true, true},
    Known{"rprivate", WordKind::Propagation, true, true},
    Known{"slave", WordKind::Propagation, true, true},
    Known{"rslave", WordKind::Propagation, true, true},
    Known{"shared", WordKind::Propagation, true, true},
    Known{"rshared", WordKind::Propagation, true, true},
    Known{"unbindable", WordKind::Propagation, true, true},
    Known{"runbindable", WordKind::Propagation, true, true},
    Known{"copy", WordKind::Copy, true, true},
    Known{"nocopy", WordKind::Copy, true, true},
    Known{"exec", WordKind::Exec, true, true},
    Known{"noexec", WordKind::Exec, true, true},
    Known{"suid", WordKind::Suid, true, true},
    Known{"nosuid", WordKind::Suid, true, true},
    Known{"dev", WordKind::Dev, true, true},
    Known{"nodev", WordKind::Dev, true, true},
    Known{"size", WordKind::Size, true, false},
    Known{"mode", WordKind::Mode, true, false},
    Known{"tmpcopyup", WordKind::CopyUp, true, false},
    Known{"notmpcopyup", WordKind::CopyUp, true, false},
    Known{"bind", WordKind::Bind, false, true},
    Known{"rbind", WordKind::Bind, false, true},
    Known{"z", WordKind::Label, false, true},
    Known{"Z", WordKind::Label, false, true},
    Known{"U", WordKind::Owner, true, true},
    Known{"noswap", WordKind::Swap, true, false},
    Known{"noatime", WordKind::Other, true, false},
    Known{"O", WordKind::Other, true, true},
    Known{"no-dereference", WordKind::Other, true, true},
    Known{"volume-opt", WordKind::Other, true, true},
    Known{"consistency", WordKind::Other, true, true},
    Known{"nocreate", WordKind::Other, false, true},
};

class SecondCheck {
 public:
  SecondCheck(const Input& input, bool tmpfs, const Rules& rules) : input_{input}, tmpfs_{tmpfs}, rules_{rules} {}

  std::vector<std::string> complete(const std::vector<std::string>& words) {
    for (const std::string& word : words) {
      take(word);
    }
    add_default(WordKind::Propagation, has_word(words, "bind") ? "private" : "rprivate");
    add_default(WordKind::Suid, "nosuid");
    add_default(WordKind::Dev, "nodev");
    if (tmpfs_) {
      add_default(WordKind::CopyUp, "tmpcopyup");
    } else {
      add_default(WordKind::Bind, "rbind");
    }
    return std::move(result_);
  }

 private:
  [[noreturn]] void refuse(std::string_view word, SpecCode code, std::string words, std::string cause,
                           std::string remedy) const {
    input_.refuse(find_span(input_, word), {code, SpecStage::Create, std::move(words)}, std::move(cause),
                  std::move(remedy));
  }

  bool& seen(WordKind kind) { return seen_.at(static_cast<std::size_t>(kind)); }

  void add_default(WordKind kind, std::string_view word) {
    if (!seen(kind)) {
      result_.emplace_back(word);
    }
  }

  [[noreturn]] void refuse_here(const Known& known, const std::string& word) const {
    refuse(word, SpecCode::UnknownOption,
           tmpfs_ ? fmt::format("the '{}' option is not allowed with tmpfs mounts: invalid mount option", known.word)
                  : fmt::format("the '{}' option is only allowed with tmpfs mounts: invalid mount option", known.word),
           fmt::format("\"{}\" is {} a tmpfs", shown(word), tmpfs_ ? "not for" : "only for"), "leave it out");
  }

  void take_twice_checked(const Known& known, const std::string& word) {
    if (known.kind != WordKind::Other && std::exchange(seen(known.kind), true)) {
      refuse(word, SpecCode::DuplicateOption, fmt::format("{}: duplicate mount option passed", shown(word)),
             fmt::format("\"{}\" contradicts an earlier word, or repeats it", shown(word)), "leave one of the two out");
    }
    if (known.word == "noswap" && rules_.host.context().rootless) {
      refuse(word, SpecCode::UnknownOption, "the 'noswap' option is only allowed with rootful tmpfs mounts",
             "\"noswap\" needs Podman to run as root", "leave it out");
    }
    if (known.word != "nocreate" && known.word != "notmpcopyup" && known.word != "consistency") {
      result_.push_back(word);
    }
  }

  void take(const std::string& word) {
    const bool directory =
        overlay_ && (word.find("upperdir") != std::string::npos || word.find("workdir") != std::string::npos);
    if (directory || word.starts_with("subpath")) {
      result_.push_back(word);
      return;
    }
    if (word.starts_with("idmap")) {
      if (std::exchange(idmap_, true)) {
        refuse(word, SpecCode::DuplicateOption,
               "the 'idmap' option can only be set once: duplicate mount option passed", "\"idmap\" is given twice",
               "leave one of the two out");
      }
      result_.push_back(word);
      return;
    }
    const std::string_view key = std::string_view{word}.substr(0, word.find('='));
    const auto* const known =
        std::find_if(kKnown.begin(), kKnown.end(), [&](const Known& entry) { return entry.word == key; });
    if (known == kKnown.end() && rules_.own && find_option(Flag::PodmanTmpfs, true, key) != nullptr && tmpfs_) {
      result_.push_back(word);
      return;
    }
    if (known == kKnown.end()) {
      refuse(word, SpecCode::UnknownOption,
             fmt::format("unknown mount option \"{}\": invalid mount option", shown(word)),
             fmt::format("\"{}\" is not an option of {}", shown(word), tmpfs_ ? "a tmpfs" : "volumes"),
             remedy_for_word(tmpfs_ ? Flag::PodmanTmpfs : Flag::PodmanVolume, rules_.own,
                             tmpfs_ ? SpecType::Tmpfs : SpecType::Volume, key));
    }
    overlay_ = overlay_ || known->word == "O";
    if (!(tmpfs_ ? known->on_tmpfs : known->elsewhere)) {
      refuse_here(*known, word);
    }
    take_twice_checked(*known, word);
  }

  const Input& input_;
  bool tmpfs_;
  const Rules& rules_;
  std::vector<std::string> result_{};
  std::array<bool, static_cast<std::size_t>(WordKind::Other) + 1> seen_{};
  bool overlay_ = false;
  bool idmap_ = false;
};

}  // namespace

std::vector<std::string> complete_podman_words(const Input& input, const std::vector<std::string>& words, bool tmpfs,
                                               const Rules& rules) {
  return SecondCheck{input, tmpfs, rules}.complete(words);
}

}  // namespace dunnage::spec
