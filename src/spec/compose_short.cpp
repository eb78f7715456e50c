// SPDX-License-Identifier: Apache-2.0
#include "spec/compose.hpp"
#include "spec/flag.hpp"
#include "spec/interpolate.hpp"
#include "spec/sections.hpp"
#include "spec/text.hpp"
#include "spec/words.hpp"

#include <dunnage/spec.hpp>

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

namespace dunnage {
namespace spec {
namespace {

/// The engine gets what Compose ignores, so this library's own reading refuses it.
void read_mode(const Input& input, const Piece& mode, SpecMount& mount, bool own) {
  PieceReader reader{input, mode.span, ','};
  for (Piece word; reader.next(word);) {
    const Option* const option = find_option(Flag::ComposeShort, false, word.text);
    if (option == nullptr) {
      if (own) {
        refuse_word(input, Flag::ComposeShort, false, mount.type, field_of(word), {.code = SpecCode::InvalidMode});
      }
      continue;
    }
    Draft draft;
    draft.mount = std::move(mount);
    take(draft, *option, {.text = word});
    mount = std::move(draft.mount);
  }
}

}  // namespace

ComposeEntry read_short_entry(const Input& input, const Rules& rules) {
  const std::string_view text = input.text();
  constexpr std::size_t kNeverCut = 2;
  ComposeEntry entry{.span = input.all()};
  SpecMount& mount = entry.mount;
  mount.engine = Engine::Compose;
  if (text.empty()) {
    input.refuse({0, 1}, {SpecCode::EmptySpec, SpecStage::Parse, "invalid empty volume spec"}, "the text is empty",
                 "write \"SOURCE:TARGET\", like \"db-data:/data\"");
  }
  Sections sections;
  if (text.size() <= kNeverCut) {
    sections.parts[0] = {text, input.all()};
    sections.count = 1;
  } else {
    sections = cut_sections(input, {.drives = true, .variables = true});
  }
  const Piece& target = sections.parts.at(sections.count == 1 ? 0 : 1);
  entry.first_key = target.text;
  mount.target = clean(target.text);
  entry.second_key = mount.target;
  mount.anonymous = sections.count == 1;
  if (!mount.anonymous) {
    mount.source = sections.parts[0].text;
    mount.type = is_file_path(mount.source) ? SpecType::Bind : SpecType::Volume;
  }
  if (mount.type == SpecType::Bind) {
    mount.create_host_path = true;
  }
  if (sections.count == 3) {
    read_mode(input, sections.parts[2], mount, rules.own);
  }
  return entry;
}

SpecMount compose_short(const Input& input, const Rules& rules) {
  ComposeEntry entry = read_short_entry(input, rules);
  if (entry.mount.type == SpecType::Bind) {
    entry.mount.source = compose_path(entry.mount.source, rules.host, rules.own);
  }
  finish_compose(input, entry.span, entry.mount, rules);
  return std::move(entry.mount);
}

}  // namespace spec

SpecMount read_compose_short(std::string_view text, const SpecContext& context) {
  const spec::Host host{context};
  const std::string interpolated = spec::interpolate(spec::Input{spec::kComposeNoun, text}, host, SpecStage::Parse);
  return spec::compose_short(spec::Input{spec::kComposeNoun, interpolated},
                             {.engine = Engine::Compose, .own = false, .host = host});
}

}  // namespace dunnage
