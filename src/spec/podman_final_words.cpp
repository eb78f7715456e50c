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
enum class Kind { Access, Propagation, Copy, Exec, Suid, Dev, Size, Mode, CopyUp, Bind, Label, Owner, Swap, Other };

struct Known {
  std::string_view word;
  Kind kind;
  bool on_tmpfs;
  bool elsewhere;
};

constexpr std::array kKnown{
    Known{"rw", Kind::Access, true, true},
    Known{"ro", Kind::Access, true, true},
    Known{"private", Kind::Propagation, true, true},
    Known{"rprivate", Kind::Propagation, true, true},
    Known{"slave", Kind::Propagation, true, true},
    Known{"rslave", Kind::Propagation, true, true},
    Known{"shared", Kind::Propagation, true, true},
    Known{"rshared", Kind::Propagation, true, true},
    Known{"unbindable", Kind::Propagation, true, true},
    Known{"runbindable", Kind::Propagation, true, true},
    Known{"copy", Kind::Copy, true, true},
    Known{"nocopy", Kind::Copy, true, true},
    Known{"exec", Kind::Exec, true, true},
    Known{"noexec", Kind::Exec, true, true},
    Known{"suid", Kind::Suid, true, true},
    Known{"nosuid", Kind::Suid, true, true},
    Known{"dev", Kind::Dev, true, true},
    Known{"nodev", Kind::Dev, true, true},
    Known{"size", Kind::Size, true, false},
    Known{"mode", Kind::Mode, true, false},
    Known{"tmpcopyup", Kind::CopyUp, true, false},
    Known{"notmpcopyup", Kind::CopyUp, true, false},
    Known{"bind", Kind::Bind, false, true},
    Known{"rbind", Kind::Bind, false, true},
    Known{"z", Kind::Label, false, true},
    Known{"Z", Kind::Label, false, true},
    Known{"U", Kind::Owner, true, true},
    Known{"noswap", Kind::Swap, true, false},
    Known{"noatime", Kind::Other, true, false},
    Known{"O", Kind::Other, true, true},
    Known{"no-dereference", Kind::Other, true, true},
    Known{"volume-opt", Kind::Other, true, true},
    Known{"consistency", Kind::Other, true, true},
    Known{"nocreate", Kind::Other, false, true},
};

class SecondCheck {
 public:
  SecondCheck(const Input& input, bool tmpfs, const Rules& rules) : input_{input}, tmpfs_{tmpfs}, rules_{rules} {}

  std::vector<std::string> complete(const std::vector<std::string>& words) {
    for (const std::string& word : words) {
      take(word);
    }
    add_default(Kind::Propagation, has_word(words, "bind") ? "private" : "rprivate");
    add_default(Kind::Suid, "nosuid");
    add_default(Kind::Dev, "nodev");
    if (tmpfs_) {
      add_default(Kind::CopyUp, "tmpcopyup");
    } else {
      add_default(Kind::Bind, "rbind");
    }
    return std::move(result_);
  }

 private:
  [[noreturn]] void refuse(std::string_view word, SpecCode code, std::string words, std::string cause,
                           std::string remedy) const {
    input_.refuse(find_span(input_, word), {code, SpecStage::Create, std::move(words)}, std::move(cause),
                  std::move(remedy));
  }

  bool& seen(Kind kind) { return seen_.at(static_cast<std::size_t>(kind)); }

  void add_default(Kind kind, std::string_view word) {
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
    if (known.kind != Kind::Other && std::exchange(seen(known.kind), true)) {
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
  std::array<bool, static_cast<std::size_t>(Kind::Other) + 1> seen_{};
  bool overlay_ = false;
  bool idmap_ = false;
};

}  // namespace

std::vector<std::string> complete_podman_words(const Input& input, const std::vector<std::string>& words, bool tmpfs,
                                               const Rules& rules) {
  return SecondCheck{input, tmpfs, rules}.complete(words);
}

}  // namespace dunnage::spec
