// SPDX-License-Identifier: Apache-2.0
#include "spec/flag.hpp"
#include "spec/podman_words.hpp"
#include "spec/text.hpp"
#include "spec/words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dunnage::spec {
namespace {

std::vector<Piece> split_all(const Input& input, Span part, char separator) {
  std::vector<Piece> pieces;
  PieceReader reader{input, part, separator};
  for (Piece piece; reader.next(piece);) {
    pieces.push_back(piece);
  }
  return pieces;
}

void check_overlay_words(const Input& input, const std::vector<std::string>& words) {
  const auto holds = [&](std::string_view text) {
    return std::any_of(words.begin(), words.end(),
                       [&](const std::string& word) { return word.find(text) != std::string::npos; });
  };
  const bool upper = holds("upperdir");
  if (upper != holds("workdir")) {
    input.refuse(find_span(input, upper ? "upperdir" : "workdir"),
                 {SpecCode::OverlayDirs, SpecStage::Parse, "must set both `upperdir` and `workdir`"},
                 "an overlay needs both of its directories or none", "give the other one, too, or leave this one out");
  }
  const bool alone = words.size() == 1;
  const bool with_owner = words.size() == 2 && holds("U");
  const bool with_directories = words.size() == 3 && upper;
  if (!alone && !with_owner && !with_directories) {
    input.refuse(find_span(input, "O"),
                 {SpecCode::OverlayConflict, SpecStage::Parse, "can't use 'O' with other options"},
                 "\"O\" goes with \"U\", or with \"upperdir\" and \"workdir\", and with nothing else",
                 "leave the other words out");
  }
}

/// Podman resolves it at once, so that it has to be there before anything else is looked at.
void check_dotted_source(const Input& input, const Piece& source, const Rules& rules) {
  if (rules.own || !source.text.starts_with("./") || rules.host.exists(rules.host.absolute(source.text))) {
    return;
  }
  input.refuse(source.span,
               {SpecCode::SourceNotFound, SpecStage::Parse,
                fmt::format("lstat {}: no such file or directory", shown(rules.host.absolute(source.text)))},
               fmt::format("there is no \"{}\" on the host", shown(source.text)), "make it before");
}

SpecMount volume_named(const Input& input, const Piece& source, SpecMount&& mount, const Rules& rules) {
  mount.type = SpecType::Volume;
  mount.source = source.text;
  mount.anonymous = mount.source.empty();
  read_podman_words(mount);
  mount.words = complete_podman_words(input, *mount.flags, false, rules);
  if (!mount.anonymous) {
    check_volume_name(input, source, rules, SpecStage::Create);
  }
  return std::move(mount);
}

SpecMount host_path(const Input& input, const Piece& source, SpecMount&& mount, const Rules& rules) {
  const bool overlay = has_word(*mount.flags, "O");
  mount.type = overlay ? SpecType::Overlay : SpecType::Bind;
  read_podman_words(mount);
  if (overlay) {
    mount.propagation.clear();
  } else {
    (void)complete_podman_words(input, *mount.flags, false, rules);  // depends on the source's file system otherwise
  }
  mount.source = podman_host_path(input, source, rules);
  return std::move(mount);
}

SpecMount anonymous(const Input& input, const Piece& target, SpecMount&& mount, const Rules& rules) {
  std::string path{target.text};
  if (!rules.own && path.starts_with("./")) {
    path = rules.host.absolute(path);  // meant for sources, and done to the only part there is
  }
  check_podman_target(input, path, target.span, rules);
  mount.target = std::move(path);
  return volume_named(input, {}, std::move(mount), rules);
}

}  // namespace

SpecMount podman_volume(const Input& input, const Rules& rules) {
  const std::vector<Piece> parts = split_all(input, input.all(), ':');
  if (parts.size() > 3) {
    input.refuse(
        {parts[3].span.column - 1, parts[3].span.length + 1},
        {SpecCode::InvalidSpec, SpecStage::Parse,
         fmt::format("{}: incorrect volume format, should be [host-dir:]ctr-dir[:option]", shown(input.text()))},
        "too many colons", "write \"SOURCE:TARGET:OPTIONS\"; a path with a colon in it needs \"--mount\"");
  }
  const Piece& source = parts.front();
  check_dotted_source(input, source, rules);
  const bool path = source.text.starts_with('/') || source.text.starts_with('.');
  SpecMount mount{.engine = Engine::Podman, .flags = std::vector<std::string>{}};
  if (parts.size() > 2) {
    mount.flags = check_podman_words(input, split_all(input, parts[2].span, ','),
                                     path ? SpecType::Bind : SpecType::Volume, rules.own);
  }
  if (parts.size() == 1) {
    return anonymous(input, source, std::move(mount), rules);
  }
  if (source.text.empty()) {
    input.refuse({0, 1}, {SpecCode::MissingSource, SpecStage::Parse, "host directory cannot be empty"},
                 "the source is empty", "remove the colon or fill it in");
  }
  if (path && has_word(*mount.flags, "O")) {
    check_overlay_words(input, *mount.flags);
  }
  check_podman_target(input, parts[1].text, parts[1].span, rules);
  mount.target = parts[1].text;
  return path ? host_path(input, source, std::move(mount), rules)
              : volume_named(input, source, std::move(mount), rules);
}

SpecMount podman_tmpfs(const Input& input, const Rules& rules) {
  const std::vector<Piece> parts = split_all(input, input.all(), ':');
  check_podman_target(input, parts[0].text, parts[0].span, rules);
  SpecMount mount{.engine = Engine::Podman, .type = SpecType::Tmpfs, .flags = std::vector<std::string>{}};
  mount.target = clean(parts[0].text);
  if (parts.size() > 1) {
    for (const Piece& word : split_all(input, parts[1].span, ',')) {
      mount.flags->emplace_back(word.text);
    }
  }
  mount.words = complete_podman_words(input, *mount.flags, true, rules);
  read_podman_words(mount);
  mount.propagation.clear();
  mount.no_copy = false;
  return mount;
}

}  // namespace dunnage::spec
