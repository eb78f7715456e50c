// SPDX-License-Identifier: Apache-2.0
#include "spec/flag.hpp"
#include "spec/option.hpp"
#include "spec/words.hpp"

#include <dunnage/spec.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

namespace dunnage {
namespace spec {
namespace {

struct Parts {
  Piece container;
  Piece mode;
  bool has_mode = false;
};

Parts cut(const Input& input) {
  const std::string_view text = input.text();
  const std::size_t colon = std::min(text.find(':'), text.size());
  const std::size_t begin = std::min(colon + 1, text.size());
  return {{text.substr(0, colon), {0, colon}}, {text.substr(begin), {begin, text.size() - begin}}, colon < text.size()};
}

void check_container(const Input& input, const Parts& parts) {
  if (parts.container.text.empty()) {
    input.refuse({0, 1}, {SpecCode::NoSuchContainer, SpecStage::Create, "No such container: "}, "no container is named",
                 "write \"CONTAINER:ro\"");
  }
}

void check_docker_word(const Input& input, const Piece& word, Seen& seen, const std::string& mode) {
  const SpecRefusal refusal{SpecCode::InvalidMode, SpecStage::Parse, fmt::format("invalid mode: {}", shown(mode))};
  const Option* const option = find_option(Flag::DockerVolume, false, word.text);
  if (option == nullptr || option->group == Group::Propagation || option->group == Group::Copy) {
    input.refuse(at_least_one(word.span), refusal,
                 fmt::format("\"{}\" is not a word of --volumes-from", shown(word.text)), "write \"ro\" or \"rw\"");
  }
  if (const auto earlier = enter(seen, option->group, word.text); earlier.data() != nullptr) {
    refuse_contradiction(input, field_of(word), earlier, refusal);
  }
}

SpecVolumesFrom docker(const Input& input) {
  const Parts parts = cut(input);
  if (input.text().empty()) {
    input.refuse({0, 1},
                 {SpecCode::EmptySpec, SpecStage::Parse, "volumes-from specification cannot be an empty string"},
                 "the text is empty", "write the name of a container");
  }
  SpecVolumesFrom value{.container = std::string{parts.container.text}, .read_only = false, .mode = "rw"};
  if (!parts.mode.text.empty()) {
    value.mode = parts.mode.text;
    Seen seen{};
    PieceReader reader{input, parts.mode.span, ','};
    for (Piece word; reader.next(word);) {
      check_docker_word(input, word, seen, value.mode);
      value.read_only = *value.read_only || word.text == "ro";
    }
  }
  check_container(input, parts);
  return value;
}

SpecVolumesFrom podman(const Input& input) {
  const Parts parts = cut(input);
  SpecVolumesFrom value{.engine = Engine::Podman, .container = std::string{parts.container.text}};
  bool access = false;
  bool label = false;
  PieceReader reader{input, parts.mode.span, ','};
  for (Piece word; parts.has_mode && reader.next(word);) {
    if (word.text != "z" && word.text != "ro" && word.text != "rw") {
      input.refuse(at_least_one(word.span),
                   {SpecCode::UnknownOption, SpecStage::Parse,
                    fmt::format("invalid option \"{}\" specified - volumes from another container can only use z,ro,rw "
                                "options",
                                shown(word.text))},
                   fmt::format("\"{}\" is not a word of --volumes-from", shown(word.text)),
                   "write \"ro\", \"rw\" or \"z\"");
    }
    if (std::exchange(word.text == "z" ? label : access, true)) {
      input.refuse(word.span,
                   {SpecCode::DuplicateOption, SpecStage::Parse,
                    word.text == "z" ? "cannot set :z more than once in mount options"
                                     : "cannot set ro or rw options more than once"},
                   fmt::format("\"{}\" repeats an earlier word, or contradicts it", word.text),
                   "leave one of the two out");
    }
    value.flags.emplace_back(word.text);
    value.read_only = value.read_only.value_or(false) || word.text == "ro";
  }
  check_container(input, parts);
  return value;
}

SpecVolumesFrom compose(const Input& input) {
  constexpr std::string_view kContainer = "container:";
  std::string_view text = input.text();
  SpecVolumesFrom value{.engine = Engine::Compose, .read_only = false};
  value.service = !text.starts_with(kContainer);
  if (!value.service) {
    text.remove_prefix(kContainer.size());
  }
  value.container = text.substr(0, text.find(':'));  // Compose drops the mode
  if (value.container.empty()) {
    input.refuse({0, 1}, {SpecCode::EmptySpec, SpecStage::Load, ""}, "no service is named",
                 "write \"SERVICE\" or \"container:NAME\"");
  }
  return value;
}

}  // namespace
}  // namespace spec

SpecVolumesFrom read_volumes_from(std::string_view text, Engine engine) {
  const spec::Input input{spec::kVolumesFromNoun, text};
  return engine == Engine::Podman    ? spec::podman(input)
         : engine == Engine::Compose ? spec::compose(input)
                                     : spec::docker(input);
}

}  // namespace dunnage
