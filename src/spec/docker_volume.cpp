// SPDX-License-Identifier: Apache-2.0
#include "spec/flag.hpp"
#include "spec/overlay.hpp"
#include "spec/sections.hpp"
#include "spec/text.hpp"
#include "spec/words.hpp"

#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace dunnage::spec {
namespace {

constexpr std::string_view kExample = "write \"SOURCE:TARGET\", like \"db-data:/data\"";

/// What lies between plain colons, at most four pieces: how the engine cuts what the command line hands it.
struct Pieces {
  std::array<Piece, 4> parts{};
  std::size_t count = 0;
};

Pieces split_plainly(const Input& input) {
  Pieces pieces;
  PieceReader reader{input, input.all(), ':'};
  for (Piece piece; pieces.count < pieces.parts.size() && reader.next(piece);) {
    pieces.parts.at(pieces.count++) = piece;
  }
  return pieces;
}

/// `C:\data`, `\\server\share`, and `C:/data` where it is followed by a target. `c:/data` alone is a volume named c.
void refuse_windows_paths(const Input& input) {
  const Pieces pieces = split_plainly(input);
  for (std::size_t index = 0; index < pieces.count; ++index) {
    const auto& [text, span] = pieces.parts.at(index);
    const bool after_letter =
        index > 0 && pieces.parts.at(index - 1).text.size() == 1 && is_one_letter(pieces.parts.at(index - 1).text);
    const bool drive =
        after_letter && (text.starts_with('\\') || (index == 1 && pieces.count > 2 && text.starts_with('/') &&
                                                    pieces.parts[2].text.starts_with('/')));
    if (drive || text.starts_with("\\\\")) {
      const std::size_t begin = drive ? pieces.parts.at(index - 1).span.column : span.column;
      input.refuse({begin, span.column + span.length - begin}, {.code = SpecCode::Unsupported},
                   "this is a path of Windows", "give a path of this host, which begins with \"/\"",
                   errc::not_supported);
    }
  }
}

/// Whether the text is a list of words of which each is known and no two are of one group.
bool is_mode(const Input& input, const Piece& piece, bool own) {
  Seen seen{};
  PieceReader reader{input, piece.span, ','};
  for (Piece word; reader.next(word);) {
    const Option* const option = find_option(Flag::DockerVolume, own, word.text);
    if (option == nullptr || enter(seen, option->group, word.text).data() != nullptr) {
      return false;
    }
  }
  return true;
}

class Mode {
 public:
  Mode(const Input& input, const Piece& mode, const Rules& rules, Draft& draft)
      : input_{input}, mode_{mode}, own_{rules.own}, draft_{draft} {}

  void read() {
    PieceReader reader{input_, mode_.span, ','};
    for (Piece word; reader.next(word);) {
      read_word(field_of(word));
    }
    if (stranger_ != nullptr) {
      refuse_for_type(input_, Flag::DockerVolume, stranger_field_.key.text, stranger_field_.key.span, stranger_->types,
                      to_string(draft_.mount.type), foreign_block());
    }
  }

 private:
  [[nodiscard]] SpecRefusal invalid() const {
    return {SpecCode::InvalidMode, SpecStage::Parse, fmt::format("invalid mode: {}", shown(mode_.text))};
  }

  [[nodiscard]] SpecRefusal foreign_block() const {
    return {
        SpecCode::ExtraField, SpecStage::Parse,
        fmt::format("invalid volume specification: '{}': invalid mount config for type \"{}\": field {} must not be "
                    "specified",
                    shown(input_.text()), to_string(draft_.mount.type),
                    stranger_->types == kVolume ? "VolumeOptions" : "BindOptions")};
  }

  void read_word(const Field& field) {
    const Option* const option = find_option(Flag::DockerVolume, own_, field.key.text);
    const SpecType type = draft_.mount.type;
    const bool known = option != nullptr && (own_ || !field.has_value);
    if (!known || (own_ && find_explanation(Flag::DockerVolume, type, field.key.text) != nullptr)) {
      refuse_word(input_, Flag::DockerVolume, own_, type, field, invalid());
    }
    if (const auto earlier = enter(seen_, option->group, field.key.text); earlier.data() != nullptr) {
      refuse_contradiction(input_, field, earlier, invalid());
    }
    if (own_) {
      check_spelling(input_, *option, field);
    }
    if (!option->takes(type) && stranger_ == nullptr) {
      stranger_ = option;
      stranger_field_ = field;
    }
    take(draft_, *option, {.text = field.value});
  }

  const Input& input_;
  const Piece& mode_;
  bool own_;
  Draft& draft_;
  Seen seen_{};
  const Option* stranger_ = nullptr;
  Field stranger_field_{};
};

[[noreturn]] void refuse_spec(const Input& input, Span span, std::string cause, std::string remedy) {
  input.refuse(
      span,
      {SpecCode::InvalidSpec, SpecStage::Parse, fmt::format("invalid volume specification: '{}'", shown(input.text()))},
      std::move(cause), std::move(remedy));
}

SpecMount with_source(const Input& input, const Pieces& pieces, const Rules& rules) {
  constexpr std::size_t kMost = 3;
  Draft draft;
  const Piece& source = pieces.parts[0];
  const bool path = source.text.starts_with('/') || source.text.starts_with('.');
  draft.mount.type = path ? SpecType::Bind : SpecType::Volume;
  draft.source = source;
  draft.target = pieces.parts[1];
  if (pieces.count > kMost) {
    refuse_spec(input, {pieces.parts[kMost].span.column - 1, input.text().size() - pieces.parts[kMost].span.column + 1},
                "too many colons", "write \"SOURCE:TARGET:OPTIONS\"; a path with a colon in it needs \"--mount\"");
  }
  if (pieces.count == 2 && is_mode(input, pieces.parts[1], rules.own)) {
    refuse_spec(input, pieces.parts[1].span,
                fmt::format("\"{}\" is an option and not a target", shown(pieces.parts[1].text)),
                "put the target before it, like \"SOURCE:TARGET:ro\"");
  }
  if (pieces.count == kMost) {
    Mode{input, pieces.parts[2], rules, draft}.read();
  }
  if (rules.own) {
    take_overlay(input, draft);
  }
  return complete_docker(input, std::move(draft), rules, true);
}

SpecMount anonymous(const Input& input, const Rules& rules) {
  Draft draft;
  draft.mount.type = SpecType::Volume;
  draft.target = Piece{input.text(), input.all()};
  if (rules.own) {
    return complete_docker(input, std::move(draft), rules, true);
  }
  draft.mount.anonymous = true;
  draft.mount.target = clean(input.text());
  return std::move(draft.mount);
}

}  // namespace

SpecMount docker_volume(const Input& input, const Rules& rules) {
  const std::string_view text = input.text();
  if (text.empty()) {
    input.refuse({0, 1}, {SpecCode::EmptySpec, SpecStage::Parse, "invalid empty volume spec"}, "the text is empty",
                 std::string{kExample});
  }
  if (rules.own) {
    refuse_windows_paths(input);
  }
  constexpr std::size_t kNeverCut = 2;  // the command line takes one or two bytes for a target as they are
  if (!rules.own && text.size() <= kNeverCut) {
    return anonymous(input, rules);
  }
  if (cut_sections(input, {.drives = !rules.own}).count == 1) {
    return anonymous(input, rules);
  }
  return with_source(input, split_plainly(input), rules);
}

}  // namespace dunnage::spec
