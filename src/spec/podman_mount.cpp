// SPDX-License-Identifier: Apache-2.0
#include "spec/flag.hpp"
#include "spec/lower.hpp"
#include "spec/overlay.hpp"
#include "spec/podman_mount_reader.hpp"
#include "spec/podman_words.hpp"
#include "spec/text.hpp"
#include "spec/words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dunnage::spec {
namespace {

constexpr std::array kPodmanTypes{SpecType::Bind,   SpecType::Volume, SpecType::Tmpfs, SpecType::Ramfs,
                                  SpecType::Devpts, SpecType::Image,  SpecType::Glob,  SpecType::Artifact};

/// The first field that is `type=WORD` and nothing else names the type; later ones are options.
bool names_type(const Field& field) noexcept {
  return field.has_value && field.key.text == "type" && field.value.text.find('=') == std::string_view::npos;
}

}  // namespace

void PodmanMountReader::take_image_field(const Field& field) {
  const std::string_view key = field.key.text;
  if (key == "src" || key == "source") {
    need_value(field);
    if (field.value.text.empty()) {
      refuse(field.whole.span, SpecCode::MissingSource, "host directory cannot be empty", "the source is empty",
             "name an image");
    }
    draft_.source = field.value;
  } else if (key == "target" || key == "dst" || key == "dest" || key == "destination") {
    need_value(field);
    check_podman_target(input_, field.value.text, field.value.span, rules_);
    draft_.target = field.value;
  } else if (key == "rw" || key == "readwrite") {
    if (field.value.text != "true" && field.value.text != "false") {
      refuse(field.whole.span, SpecCode::BadBool, fmt::format("invalid rw value \"{}\"", shown(field.value.text)),
             fmt::format("\"{}\" is not a boolean", shown(field.value.text)), "write \"true\" or \"false\"");
    }
    mount_.read_only = field.value.text == "false";
  } else if (key == "subpath") {
    need_value(field);
    if (!field.value.text.starts_with('/')) {
      refuse(field.value.span, SpecCode::BadSubpath,
             fmt::format("volume subpath \"{}\" must be an absolute path", shown(field.value.text)),
             "the path within the image is not absolute", "begin it with \"/\"");
    }
    mount_.subpath = field.value.text;
  } else if (key != "consistency" && !take_own_field(field)) {
    refuse_option(field);
  }
}

void PodmanMountReader::take_devpts_field(const Field& field) {
  constexpr std::array<std::string_view, 6> kKeys{"uid", "gid", "mode", "ptmxmode", "newinstance", "max"};
  const Option* const option = find_option(Flag::PodmanMount, false, field.key.text);
  if (std::find(kKeys.begin(), kKeys.end(), field.key.text) != kKeys.end()) {
    add(std::string{field.whole.text}, field);
  } else if (option != nullptr && option->word == Word::Target) {
    take_target(field);
  } else {
    refuse_option(field);
  }
}

void PodmanMountReader::take_artifact_field(const Field& field) {
  constexpr std::array<std::string_view, 3> kKeys{"title", "digest", "name"};
  const Option* const option = find_option(Flag::PodmanMount, false, field.key.text);
  if (std::find(kKeys.begin(), kKeys.end(), field.key.text) != kKeys.end()) {
    need_value(field);
    add(std::string{field.whole.text}, field);
  } else if (option != nullptr && option->word == Word::Target) {
    take_target(field);
  } else if (option != nullptr && option->word == Word::Source) {
    take_source(field);
  } else {
    refuse_option(field);
  }
}

void PodmanMountReader::take_field(const Field& field) {
  switch (mount_.type) {
    case SpecType::Image:
      return take_image_field(field);
    case SpecType::Devpts:
      return take_devpts_field(field);
    case SpecType::Artifact:
      return take_artifact_field(field);
    default:
      return take_common_field(field);
  }
}

void PodmanMountReader::find_type() {
  constexpr std::string_view kWords = "incorrect mount format: should be --mount type=<bind|glob|tmpfs|volume>,...";
  for (Field field; csv_.next(field);) {
    fields_.push_back(field);
  }
  if (csv_.empty() || csv_.rest() < input_.text().size()) {
    refuse({csv_.empty() ? 0 : csv_.end_of_record(), 1}, SpecCode::InvalidSpec, std::string{kWords},
           csv_.empty() ? "the text is empty" : "there is more than one line",
           csv_.empty() ? "write \"type=bind,source=/on/host,target=/in/container\""
                        : "give each mount a text of its own");
  }
  const auto found = std::find_if(fields_.begin(), fields_.end(), names_type);
  Span span = input_.all();
  if (found != fields_.end()) {
    type_text_ = found->value.text;
    span = found->value.span;
    fields_.erase(found);
  }
  const auto type = type_named(type_text_);
  if (!type || std::find(kPodmanTypes.begin(), kPodmanTypes.end(), *type) == kPodmanTypes.end()) {
    refuse(span, SpecCode::UnknownType, fmt::format("invalid filesystem type \"{}\"", shown(type_text_)),
           fmt::format("unknown mount type \"{}\"", shown(type_text_)),
           "use \"bind\", \"volume\", \"tmpfs\" or \"image\"");
  }
  mount_.type = *type;
}

void PodmanMountReader::finish_bind() {
  // Given again, now as `-v` would have it: contradictions are found here.
  for (std::size_t index = 0; index < words_.size(); ++index) {
    words_[index].text = flags_[index];
  }
  mount_.flags = check_podman_words(input_, words_, SpecType::Bind, rules_.own);
  (void)complete_podman_words(input_, *mount_.flags, false, rules_);
  read_podman_words(mount_);
  const Piece source = draft_.source.value_or(draft_.target.value_or(Piece{}));
  mount_.source =
      mount_.type == SpecType::Bind ? podman_host_path(input_, source, rules_) : rules_.host.absolute(source.text);
}

void PodmanMountReader::finish_memory() {
  mount_.flags = std::move(flags_);
  if (mount_.type == SpecType::Tmpfs) {
    mount_.words = complete_podman_words(input_, *mount_.flags, true, rules_);
  }
  read_podman_words(mount_);
  mount_.propagation.clear();
  mount_.source = mount_.type == SpecType::Devpts ? "devpts" : "";
  mount_.no_copy = false;
}

void PodmanMountReader::finish_volume() {
  mount_.flags = std::move(flags_);
  mount_.source = draft_.source ? draft_.source->text : std::string_view{};
  mount_.anonymous = mount_.source.empty();
  for (const std::string& word : *mount_.flags) {
    constexpr std::string_view kOption = "volume-opt=";
    const std::size_t equals = word.starts_with(kOption) ? word.find('=', kOption.size()) : 0;
    if (equals == std::string::npos || word == "volume-opt") {
      refuse(find_span(input_, word), SpecCode::BadDriverOption, "cannot parse driver opts",
             "the driver option has no value", "write \"volume-opt=KEY=VALUE\"", SpecStage::Create);
    }
    if (equals != 0) {
      mount_.driver_options.insert_or_assign(word.substr(kOption.size(), equals - kOption.size()),
                                             word.substr(equals + 1));
    }
  }
  (void)complete_podman_words(input_, *mount_.flags, false, rules_);
  const bool no_copy = mount_.no_copy;
  read_podman_words(mount_);
  mount_.no_copy = mount_.no_copy || no_copy;
  if (!mount_.anonymous) {
    check_volume_name(input_, *draft_.source, rules_, SpecStage::Create);
  }
}

void PodmanMountReader::finish_image() {
  if (!draft_.source || !draft_.target) {
    refuse(input_.end(), SpecCode::MissingField, "must set source and destination for image volume",
           draft_.source ? "no target" : "no source", "give both \"source=IMAGE\" and \"target=PATH\"");
  }
  mount_.source = draft_.source->text;
}

SpecMount PodmanMountReader::finish() {
  if (mount_.type == SpecType::Image) {
    finish_image();
  } else if (!draft_.target && mount_.type != SpecType::Glob) {
    refuse(input_.end(), SpecCode::MissingTarget, "must set volume destination", "no target",
           "add \"target=/path/in/container\"");
  }
  if (draft_.target) {
    mount_.target = clean(draft_.target->text);
  }
  switch (mount_.type) {
    case SpecType::Bind:
    case SpecType::Glob:
      finish_bind();
      break;
    case SpecType::Volume:
      finish_volume();
      break;
    case SpecType::Tmpfs:
    case SpecType::Ramfs:
    case SpecType::Devpts:
      finish_memory();
      break;
    case SpecType::Artifact:
      mount_.flags = std::move(flags_);
      mount_.source = draft_.source ? draft_.source->text : std::string_view{};
      mount_.read_only = true;
      break;
    default:
      break;
  }
  if (rules_.own) {
    take_overlay(input_, draft_);
  }
  return std::move(mount_);
}

SpecMount PodmanMountReader::read() {
  find_type();
  mount_.engine = Engine::Podman;
  mount_.read_only = mount_.type == SpecType::Image;
  for (const Field& field : fields_) {
    take_field(field);
  }
  return finish();
}

SpecMount podman_mount(const Input& input, const Rules& rules) { return PodmanMountReader{input, rules}.read(); }

}  // namespace dunnage::spec
