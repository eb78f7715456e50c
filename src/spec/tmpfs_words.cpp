// SPDX-License-Identifier: Apache-2.0
#include "spec/flag.hpp"

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

/// Words of one kernel flag, of which the last one counts. The first name is the key.
struct FlagWords {
  std::array<std::string_view, 10> words;
};

constexpr std::array<FlagWords, 13> kFlags{{
    {{"ro", "rw"}},
    {{"noexec", "exec"}},
    {{"nosuid", "suid"}},
    {{"nodev", "dev"}},
    {{"noatime", "atime"}},
    {{"nodiratime", "diratime"}},
    {{"relatime", "norelatime"}},
    {{"strictatime", "nostrictatime"}},
    {{"sync", "async"}},
    {{"dirsync"}},
    {{"mand", "nomand"}},
    {{"remount"}},
    {{"private", "rprivate", "shared", "rshared", "slave", "rslave", "unbindable", "runbindable", "bind", "rbind"}},
}};
constexpr std::array<std::string_view, 8> kTmpfsKeys{"size",      "mode",      "uid",  "gid",
                                                     "nr_inodes", "nr_blocks", "mpol", ""};
constexpr std::array<std::string_view, 4> kDefaults{"noexec", "nosuid", "nodev", "rprivate"};

std::size_t flag_of(std::string_view word) noexcept {
  const auto* const found = std::find_if(kFlags.begin(), kFlags.end(), [&](const FlagWords& flag) {
    return !word.empty() && std::find(flag.words.begin(), flag.words.end(), word) != flag.words.end();
  });
  return static_cast<std::size_t>(found - kFlags.begin());
}

std::size_t key_of(std::string_view key) noexcept {
  return static_cast<std::size_t>(std::find(kTmpfsKeys.begin(), kTmpfsKeys.end(), key) - kTmpfsKeys.begin());
}

/// Which kinds of words have been kept so far.
class Kept {
 public:
  /// Returns whether this is the first of its kind. Throws: SpecError for a word a tmpfs does not know.
  bool keep(const Input& input, const Piece& word) {
    if (const std::size_t flag = flag_of(word.text); flag < kFlags.size()) {
      return !std::exchange(flags_.at(flag), true);
    }
    const std::size_t equals = word.text.find('=');
    const std::string_view key = word.text.substr(0, equals);
    const std::size_t place = key_of(key);
    if (equals == std::string_view::npos || place == kTmpfsKeys.size()) {
      input.refuse(at_least_one(word.span),
                   {SpecCode::BadTmpfsOption, SpecStage::Start, fmt::format("invalid tmpfs option \"{}\"", shown(key))},
                   fmt::format("a tmpfs knows no \"{}\"", shown(word.text)),
                   "use size=, mode=, uid=, gid=, nr_inodes=, nr_blocks=, mpol=, or a flag like exec");
    }
    return !std::exchange(keys_.at(place), true);
  }

 private:
  std::array<bool, kFlags.size()> flags_{};
  std::array<bool, kTmpfsKeys.size()> keys_{};
};

}  // namespace

std::vector<std::string> merge_tmpfs_words(const Input& input, const std::vector<Piece>& words) {
  std::vector<std::string> result;
  Kept kept;
  const auto add = [&](const Piece& word) {
    if (word.text != "defaults" && kept.keep(input, word)) {
      result.emplace_back(word.text);
    }
  };
  std::for_each(words.rbegin(), words.rend(), add);
  std::for_each(kDefaults.rbegin(), kDefaults.rend(), [&](std::string_view word) { add({word, {}}); });
  std::reverse(result.begin(), result.end());
  return result;
}

}  // namespace dunnage::spec
