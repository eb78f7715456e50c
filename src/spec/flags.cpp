// SPDX-License-Identifier: Apache-2.0
#include "spec/flag.hpp"
#include "spec/text.hpp"

#include <dunnage/spec.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dunnage {
namespace spec {
namespace {

/// One flag, understood or refused.
struct Parsed {
  const std::string* text;
  std::string_view noun;
  SpecMount mount{};
  std::optional<SpecError> error{};
};

using Reader = SpecMount (*)(const Input&, const Rules&);

std::vector<Parsed> parse_all(const std::vector<std::string>& texts, std::string_view noun, const Rules& rules,
                              Reader read) {
  std::vector<Parsed> all;
  for (const std::string& text : texts) {
    Parsed parsed{.text = &text, .noun = noun};
    try {
      parsed.mount = read(Input{noun, text}, rules);
    } catch (const SpecError& error) {
      parsed.error = error;
    }
    all.push_back(std::move(parsed));
  }
  return all;
}

template <typename Condition>
void throw_first(const std::vector<Parsed>& all, Condition condition) {
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Parsed& one) { return one.error && condition(*one.error); });
  if (found != all.end()) {
    throw SpecError{*found->error};
  }
}

[[noreturn]] void refuse_duplicate(const Parsed& parsed, std::string words, SpecStage stage) {
  const Input input{parsed.noun, *parsed.text};
  input.refuse(at_least_one(input.all()), {SpecCode::DuplicateTarget, stage, std::move(words)},
               fmt::format("\"{}\" is the target of another mount", shown(parsed.mount.target)),
               "choose another target or leave one of the two out", errc::duplicate_target);
}

/// The target of a `--mount` as it was typed.
std::string typed_target(const std::string& text) {
  const Input input{kMountNoun, text};
  CsvReader reader{input, input.all()};
  std::string target;
  for (Field field; reader.next(field);) {
    const Option* const option = find_option_in_any_case(Flag::DockerMount, false, trim_space(field.key.text));
    if (option != nullptr && option->word == Word::Target) {
      target = field.value.text;
    }
  }
  return target;
}

void sort_by_target(std::vector<SpecMount>& mounts) {
  std::stable_sort(mounts.begin(), mounts.end(),
                   [](const SpecMount& left, const SpecMount& right) { return left.target < right.target; });
}

/// Each text once, in the order of their first appearance.
std::vector<std::string> without_repeats(const std::vector<std::string>& texts) {
  std::set<std::string_view> seen;
  std::vector<std::string> result;
  for (const std::string& text : texts) {
    if (seen.insert(text).second) {
      result.push_back(text);
    }
  }
  return result;
}

/// Registration, as Docker's engine does it when a container is created.
class DockerFlags {
 public:
  DockerFlags(const SpecFlags& flags, const Rules& rules)
      : volume_texts_{without_repeats(flags.volumes)},
        volumes_{parse_all(volume_texts_, kVolumeNoun, rules, docker_volume)},
        mounts_{parse_all(flags.mounts, kMountNoun, rules, docker_mount)},
        tmpfs_{parse_all(flags.tmpfs, kTmpfsNoun, rules, docker_tmpfs)} {}

  std::vector<SpecMount> read() {
    throw_in_order();
    for (const Parsed& one : tmpfs_) {
      by_tmpfs_target_[one.text->substr(0, one.text->find(':'))] = &one;  // the last one counts
    }
    register_volumes();
    register_mounts();
    throw_first(tmpfs_, [](const SpecError&) { return true; });
    return result();
  }

 private:
  static bool is_of_command_line(const SpecError& error) {
    const SpecCode code = error.spec_code();
    return code == SpecCode::EmptySpec || code == SpecCode::EmptySection || code == SpecCode::TooManyColons ||
           code == SpecCode::TooLong;
  }

  /// Made with the volume, which comes after everything has been checked.
  static bool is_of_volume(const SpecError& error) {
    const SpecCode code = error.spec_code();
    return code == SpecCode::NameInvalid || code == SpecCode::NameTooShort || code == SpecCode::MissingOption ||
           code == SpecCode::NoQuota || code == SpecCode::CifsPort || code == SpecCode::BadUrl ||
           (code == SpecCode::UnknownOption && error.spec_stage() == SpecStage::Create) ||
           (code == SpecCode::BadSize && error.spec_stage() == SpecStage::Create);
  }

  void throw_in_order() const {
    throw_first(mounts_, [](const SpecError& error) { return error.spec_stage() == SpecStage::Parse; });
    throw_first(volumes_, is_of_command_line);
    throw_first(mounts_, [](const SpecError& error) { return !is_of_volume(error); });
    throw_first(tmpfs_, [](const SpecError& error) { return error.spec_stage() == SpecStage::Create; });
  }

  void register_volumes() {
    for (const Parsed& one : volumes_) {
      if (one.error) {
        throw SpecError{*one.error};
      }
      if (one.mount.anonymous) {
        continue;
      }
      if (taken_.contains(one.mount.target) || by_tmpfs_target_.contains(one.mount.target)) {
        refuse_duplicate(one, fmt::format("Duplicate mount point: {}", shown(one.mount.target)), SpecStage::Create);
      }
      taken_[one.mount.target] = &one;
    }
  }

  void register_mounts() {
    for (const Parsed& one : mounts_) {
      if (one.error) {
        throw SpecError{*one.error};
      }
      if (taken_.contains(one.mount.target)) {
        refuse_duplicate(one, fmt::format("Duplicate mount point: {}", shown(typed_target(*one.text))),
                         SpecStage::Create);
      }
      taken_[one.mount.target] = &one;
    }
  }

  std::vector<SpecMount> result() {
    for (const Parsed& one : volumes_) {
      if (one.mount.anonymous && !by_tmpfs_target_.contains(one.mount.target)) {
        taken_.emplace(one.mount.target, &one);
      }
    }
    std::vector<SpecMount> mounts;
    for (const auto& [target, one] : taken_) {
      if (!by_tmpfs_target_.contains(target)) {  // the tmpfs wins at start, without a word
        mounts.push_back(one->mount);
      }
    }
    for (const auto& [target, one] : by_tmpfs_target_) {
      mounts.push_back(one->mount);
    }
    sort_by_target(mounts);
    return mounts;
  }

  std::vector<std::string> volume_texts_;
  std::vector<Parsed> volumes_;
  std::vector<Parsed> mounts_;
  std::vector<Parsed> tmpfs_;
  std::map<std::string, const Parsed*> taken_{};
  std::map<std::string, const Parsed*> by_tmpfs_target_{};
};

class PodmanFlags {
 public:
  PodmanFlags(const SpecFlags& flags, const Rules& rules)
      : mounts_{parse_all(flags.mounts, kMountNoun, rules, podman_mount)},
        volumes_{parse_all(flags.volumes, kVolumeNoun, rules, podman_volume)},
        tmpfs_{parse_all(flags.tmpfs, kTmpfsNoun, rules, podman_tmpfs)} {}

  std::vector<SpecMount> read() {
    for (const auto* const all : {&mounts_, &volumes_, &tmpfs_}) {
      throw_first(*all, [](const SpecError& error) { return error.spec_stage() == SpecStage::Parse; });
    }
    add_all(mounts_, [](const Parsed&, const Parsed&) { return false; });
    add_all(volumes_, is_same);
    add_all(tmpfs_, [](const Parsed& earlier, const Parsed& later) {
      return earlier.mount.type == SpecType::Tmpfs &&
             (earlier.noun == kMountNoun || earlier.mount.flags == later.mount.flags);
    });
    for (const auto* const all : {&mounts_, &volumes_, &tmpfs_}) {
      throw_first(*all, [](const SpecError&) { return true; });
    }
    return result();
  }

 private:
  /// A bind of the same source with the same words, or the same volume, whose second words are ignored.
  static bool is_same(const Parsed& earlier, const Parsed& later) {
    const SpecMount& left = earlier.mount;
    const SpecMount& right = later.mount;
    return left.type == right.type && left.source == right.source &&
           ((left.type == SpecType::Volume && !left.anonymous) || left.flags == right.flags);
  }

  template <typename Allowed>
  void add_all(const std::vector<Parsed>& all, Allowed allowed) {
    for (const Parsed& one : all) {
      if (one.error) {
        continue;
      }
      const auto [place, added] = by_target_.emplace(one.mount.target, &one);
      if (!added && !allowed(*place->second, one)) {
        refuse_duplicate(one, fmt::format("{}: duplicate mount destination", shown(one.mount.target)),
                         SpecStage::Parse);
      }
    }
  }

  std::vector<SpecMount> result() const {
    std::map<std::string, const Parsed*> clean_targets;
    std::vector<SpecMount> mounts;
    for (const auto& [target, one] : by_target_) {
      if (!clean_targets.emplace(clean(target), one).second) {
        refuse_duplicate(*one, fmt::format("{}: duplicate mount destination", shown(clean(target))), SpecStage::Create);
      }
      mounts.push_back(one->mount);
    }
    sort_by_target(mounts);
    return mounts;
  }

  std::vector<Parsed> mounts_;
  std::vector<Parsed> volumes_;
  std::vector<Parsed> tmpfs_;
  std::map<std::string, const Parsed*> by_target_{};
};

}  // namespace
}  // namespace spec

std::vector<SpecMount> read_flags(const SpecFlags& flags, Engine engine, const SpecContext& context) {
  const spec::Rules rules{.engine = engine, .own = false, .host = spec::Host{context}};
  if (engine == Engine::Podman) {
    return spec::PodmanFlags{flags, rules}.read();
  }
  return spec::DockerFlags{flags, rules}.read();
}

}  // namespace dunnage
